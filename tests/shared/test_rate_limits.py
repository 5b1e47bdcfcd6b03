"""Rate limits: counted exactly, also by many at once, and anew in each window."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import psycopg
import pytest

from functions.shared import db, ids, rate_limits
from functions.shared.errors import TooManyRequests
from functions.tilt import events

NOW = int(time.time() * 1000)
NUMBERS = count()
Spend = Callable[[str], rate_limits.RateLimit]


def event() -> events.NewEvent:
    sent = {"userId": "u", "timestamp": NOW - next(NUMBERS), "signals": [], "tiltScore": 1}
    return events.NewEvent.model_validate(sent)


@pytest.fixture
def spend(store: str, monkeypatch: pytest.MonkeyPatch) -> Spend:
    """Spends one of three requests a minute."""
    monkeypatch.setattr(events, "PER_MINUTE", 3)
    if time.time() % 60 > 57:
        time.sleep(3)  # so that no minute ends within the test

    def one(who: str) -> rate_limits.RateLimit:
        budget = events.record(event(), who).budget
        assert budget
        return budget

    return one


def test_each_spends_its_own_budget(spend: Spend) -> None:
    assert [spend("a").remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(TooManyRequests):
        spend("a")
    assert spend("b").remaining == 2


def test_a_new_window_starts_anew(spend: Spend) -> None:
    spend("a")
    db.query("update shared.rate_limits set window_start = window_start - 60, count = 99")
    assert spend("a").remaining == 2


def test_the_window_ends_at_a_multiple_of_its_length(spend: Spend) -> None:
    budget = spend("a")
    assert budget.reset % 60 == 0
    assert 0 < budget.reset - time.time() <= 60


def test_one_too_many_is_told_when_to_return() -> None:
    budget = rate_limits.RateLimit(3, -1, int(time.time()) + 30)
    with pytest.raises(TooManyRequests) as raised:
        budget.check()
    assert 29 <= int(raised.value.headers["Retry-After"]) <= 30
    assert raised.value.headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.commits
def test_many_at_once_are_all_counted(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    real = db.query
    monkeypatch.setattr(db, "query", lambda *said: sent.append(said) or real(*said))  # type: ignore[func-returns-value]
    events.record(event(), "a")
    [(statement, values)] = sent

    def one(number: int) -> int:
        changed = {"window": 3600, "who": "hour", "id": ids.make_event_id(NOW, number)}
        with psycopg.connect(store, autocommit=True) as connection:
            row = connection.execute(statement, {**values, **changed}).fetchone()
            assert row
            return int(row[0])

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(40))) == list(range(60, 100))
