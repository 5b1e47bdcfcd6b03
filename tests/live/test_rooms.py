"""Rooms and their events: numbers without a gap, whoever appends at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import psycopg
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


def test_an_event_may_have_happened_before_it_is_appended(store: str) -> None:
    """But for what is appended already: times follow the numbers."""
    append = "select live.append_at('battle:1', 'attack', '{}', %s)"
    for hour, minute in ((9, 0), (9, 30), (8, 0)):
        db.query(append, (datetime(2026, 3, 6, hour, minute, tzinfo=UTC),))
    rooms.append("battle:1", "attack", {})
    rows = db.query("select occurred_at as at from live.events order by seq")
    *past, last = [row["at"] for row in rows]
    assert [(at.hour, at.minute) for at in past] == [(9, 0), (9, 30), (9, 30)]
    assert last > past[-1]


def test_what_is_rolled_back_takes_no_number(store: str) -> None:
    rooms.append("battle:1", "attack", {})
    with db.connection().transaction(force_rollback=True):
        rooms.append("battle:1", "attack", {})
    assert rooms.append("battle:1", "attack", {}) == 2


@pytest.mark.commits
@pytest.mark.parametrize(("end", "seq"), [("commit", 2), ("rollback", 1)])
def test_nobody_reads_a_number_before_the_one_below_it(store: str, end: str, seq: int) -> None:
    """Who appends while another's transaction is open waits for its end and has the next number."""
    append = "select live.append('battle:1', 'attack', '{}')"
    rooms.append("battle:0", "attack", {})  # the first event of a week makes its chunk
    numbers: list[int] = []

    def append_second() -> None:
        with psycopg.connect(store) as second:
            numbers.extend(row[0] for row in second.execute(append))

    with psycopg.connect(store) as first:
        first.execute(append)
        writing = threading.Thread(target=append_second)
        writing.start()
        writing.join(0.5)
        assert writing.is_alive()
        assert rooms.list_events("battle:1", 0, 10) == []
        assert rooms.append("battle:2", "attack", {}) == 1  # other rooms wait for nobody
        getattr(first, end)()
        writing.join()
    assert numbers == [seq]
    assert [one["seq"] for one in rooms.list_events("battle:1", 0, 10)] == list(range(1, seq + 1))


@pytest.mark.commits
def test_thirty_who_append_at_once_get_thirty_numbers(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_connections(store, monkeypatch):
        numbers = in_threads(30, lambda n: rooms.append("battle:1", "attack", {"n": n}))
    assert sorted(numbers) == list(range(1, 31))
    stored = [one["seq"] for one in rooms.list_events("battle:1", 0, 100)]
    assert stored == list(range(1, 31))
