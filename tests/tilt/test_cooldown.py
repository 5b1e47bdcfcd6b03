"""The cooldown rule, clause by clause."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from functions.tilt import cooldown, events


def record(hours_ago: float, score: float = 2) -> None:
    # Of this moment, however long the tests before this one took.
    at = int((datetime.now(UTC) - timedelta(hours=hours_ago)).timestamp() * 1000)
    sent = {"userId": "u", "timestamp": at, "signals": [], "tiltScore": score}
    events.record(events.NewEvent.model_validate(sent), f"sender {random.random()}")


def baseline(events_before: int = 30, score: float = 2) -> None:
    for index in range(events_before):
        record(26 + index * 20, score)


def advice() -> tuple[bool, int, list[str]]:
    given = cooldown.recommend("u")
    return given["recommended"], given["minutes"], given["reasons"]


def test_nobody_needs_a_break_from_nothing(store: str) -> None:
    assert advice() == (False, 0, [])


def test_a_usual_day_is_no_reason(store: str) -> None:
    baseline()
    record(2)
    record(3)
    assert advice() == (False, 0, [])


def test_three_events_on_a_one_event_a_day_baseline_are_more_often(store: str) -> None:
    baseline()
    for hours in (2, 3, 4):
        record(hours)
    assert advice() == (True, 30, ["more-often"])


def test_two_events_never_are(store: str) -> None:
    baseline(3)
    record(2)
    record(3)
    assert advice() == (False, 0, [])


def test_a_quarter_above_the_own_average_is_worse(store: str) -> None:
    baseline()
    record(2, 2.5)
    record(3, 2.5)
    assert advice() == (False, 0, [])  # exactly 25 % is not above it
    record(4, 2.6)
    assert "worse" in advice()[2]


def test_just_now_lengthens_a_break_but_calls_for_none(store: str) -> None:
    baseline()
    record(0.1)
    assert advice() == (False, 0, [])
    record(2)
    record(3)
    assert advice() == (True, 45, ["more-often", "just-now"])


def test_without_a_baseline_five_events_call_for_a_break(store: str) -> None:
    for hours in (2, 3, 4, 5):
        record(hours)
    assert advice() == (False, 0, [])
    record(6)
    assert advice() == (True, 30, ["more-often"])


def test_the_baseline_ends_after_31_days(store: str) -> None:
    for days in (32, 33, 34, 35):
        record(days * 24)
    record(1, 90)
    record(2, 90)
    assert advice() == (False, 0, [])
