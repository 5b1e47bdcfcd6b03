"""Rooms and their events: numbers without a gap, whoever appends at once."""

from __future__ import annotations

import pytest

from functions.live import rooms
from functions.shared import db
from tests.support.connections import own_connections
from tests.support.game import in_threads


def test_events_are_numbered_from_1_in_each_room(store: str) -> None:
    assert [rooms.append("battle:1", "attack", {"damage": n}) for n in range(3)] == [1, 2, 3]
    assert rooms.append("tavern", "message", {}) == 1
    assert rooms.list_events("battle:1", 1, 10) == [
        {"seq": 2, "type": "attack", "payload": {"damage": 1}},
        {"seq": 3, "type": "attack", "payload": {"damage": 2}},
    ]
    assert rooms.list_events("battle:1", 0, 1)[0]["seq"] == 1


def test_a_room_has_a_head_and_an_epoch_from_its_first_event_on(store: str) -> None:
    assert rooms.get_head("battle:1") is None
    rooms.append("battle:1", "attack", {})
    first = rooms.get_head("battle:1")
    rooms.append("battle:1", "attack", {})
    second = rooms.get_head("battle:1")
    assert first
    assert second
    assert (first["seq"], second["seq"]) == (1, 2)
    assert first["epoch"] == second["epoch"]
    rooms.append("battle:2", "attack", {})
    other = rooms.get_head("battle:2")
    assert other
    assert other["epoch"] != first["epoch"]


def test_times_never_go_back_though_the_clock_does(store: str) -> None:
    rooms.append("battle:1", "attack", {})
    db.query("update live.rooms set last_event_at = last_event_at + interval '1 hour'")
    rooms.append("battle:1", "attack", {})
    rooms.append("battle:1", "attack", {})
    times = db.query("select occurred_at from live.events order by seq")
    assert times[0]["occurred_at"] < times[1]["occurred_at"] <= times[2]["occurred_at"]


def test_what_is_rolled_back_takes_no_number(store: str) -> None:
    rooms.append("battle:1", "attack", {})
    with db.connection().transaction(force_rollback=True):
        rooms.append("battle:1", "attack", {})
    assert rooms.append("battle:1", "attack", {}) == 2


@pytest.mark.commits
def test_thirty_who_append_at_once_get_thirty_numbers(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_connections(store, monkeypatch):
        numbers = in_threads(30, lambda n: rooms.append("battle:1", "attack", {"n": n}))
    assert sorted(numbers) == list(range(1, 31))
    stored = [one["seq"] for one in rooms.list_events("battle:1", 0, 100)]
    assert stored == list(range(1, 31))
