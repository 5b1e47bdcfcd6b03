"""Overdue turns: whenever the sweep comes, and however often, they end when their time was over."""

from __future__ import annotations

import json
import random
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from functions.live import kinds, later, opening, overdue, sweep
from functions.shared import db
from tests.support.accounts import make_user
from tests.support.connections import own_connections
from tests.support.game import in_threads
from tests.support.live import rooms, turns
from tests.support.live.gateway import Gateway
from tests.support.live.lossy import Died
from tests.support.live.turns import START, Table, read_turns

ROOM = "room:1"
SECOND = timedelta(seconds=1)


@pytest.fixture
def table(store: str, monkeypatch: pytest.MonkeyPatch) -> Table:
    made = Table()
    for module in (kinds, opening, overdue):
        monkeypatch.setattr(module, "load_kinds", lambda: {"room": made.kind})
    return made


def end(seconds: float = 20) -> int:
    return overdue.end_overdue(time.monotonic() + seconds)


def players(room: str = ROOM) -> list[tuple[int, float]]:
    """Whose turns there were, and how many seconds after the start each began."""
    return [(t["player"], (t["occurred_at"] - START) / SECOND) for t in read_turns(room)]


def test_a_turn_ends_when_its_time_is_over_though_it_is_noticed_later(table: Table) -> None:
    table.begin(ROOM)
    table.now += 29.9 * SECOND
    assert end() == 0
    table.now += 20 * SECOND
    assert end() == 1
    assert players() == [(1, 0), (2, 30)]
    assert read_turns(ROOM)[1]["started_at"] == (START + 30 * SECOND).isoformat()
    assert end() == 0
    assert players() == [(1, 0), (2, 30)]


def test_a_sweep_that_is_hours_late_ends_each_turn_at_its_own_time(table: Table) -> None:
    table.begin(ROOM)
    table.now += timedelta(hours=5)
    assert end() == 1
    assert players() == [(1, 0), (2, 30), (1, 60)]
    assert read_turns(ROOM)[-1]["due_at"] is None
    assert end() == 0


@pytest.mark.parametrize("seed", range(5))
def test_when_and_how_often_it_is_swept_changes_nothing(table: Table, seed: int) -> None:
    chosen = random.Random(seed)
    begun = [f"room:{n}" for n in range(4)]
    for room in begun:
        table.now = START + chosen.uniform(0, 20) * SECOND
        table.begin(room)
    before = {room: read_turns(room)[0]["occurred_at"] for room in begun}
    for moment in sorted(chosen.uniform(20, 100) for _ in range(6)):
        table.now = START + moment * SECOND
        for _ in range(chosen.randrange(3)):
            end()
    table.now = START + 100 * SECOND
    end()
    for room in begun:
        times = [turn["occurred_at"] - before[room] for turn in read_turns(room)]
        assert times == [n * turns.LIMIT for n in range(3)]


@pytest.mark.commits
def test_those_who_sweep_at_once_end_a_turn_once(
    store: str, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        table.begin(f"room:{n}")
    table.now += 45 * SECOND
    with own_connections(store, monkeypatch):
        in_threads(6, lambda _: end())
    assert [players(f"room:{n}") for n in range(20)] == [[(1, 0), (2, 30)]] * 20


@pytest.mark.commits
def test_one_that_is_interrupted_ends_nothing_and_the_next_all(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.begin(ROOM)
    table.now += 100 * SECOND
    append, done = table._append, list[str]()

    def die(room: str, *rest: Any) -> dict[str, Any]:
        if done:
            raise Died
        done.append(room)
        return append(room, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(table, "_append", die)
        with pytest.raises(Died):
            end()
    assert (done, players()) == ([ROOM], [(1, 0)])
    assert end() == 1
    assert players() == [(1, 0), (2, 30), (1, 60)]


def test_a_room_that_fails_stops_no_other(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(5):
        table.begin(f"room:{n}")
    table.now += 45 * SECOND
    monkeypatch.setattr(overdue, "_PAGE", 2)
    end_one = table.end_overdue

    def fail(room: str) -> bool:
        assert end_one(room)
        if room == "room:2":
            db.query("select 1 / 0")
        return True

    table.kind = table.kind._replace(turns=kinds.Turns(table.list_overdue, fail))
    assert end() == 4
    assert [len(players(f"room:{n}")) for n in range(5)] == [2, 2, 1, 2, 2]
    [line] = [
        json.loads(line) for line in capsys.readouterr().out.splitlines() if "failure" in line
    ]
    assert (line["room"], line["sqlstate"]) == ("room:2", "22012")


def test_the_oldest_come_first_and_only_while_there_is_time(table: Table) -> None:
    for n in (2, 0, 1):
        table.begin(f"room:{n}")
        table.now += SECOND
    table.now += 45 * SECOND
    assert end(seconds=0) == 0
    seen: list[str] = []

    def slow(room: str) -> bool:
        seen.append(room)
        time.sleep(0.3)
        return True

    table.kind = table.kind._replace(turns=kinds.Turns(table.list_overdue, slow))
    assert end(seconds=0.2) == 1
    assert seen == ["room:2"]


@pytest.mark.commits
def test_a_room_that_somebody_writes_to_is_left_to_them(table: Table, store: str) -> None:
    for n in range(2):
        table.begin(f"room:{n}")
    table.now += 45 * SECOND
    with psycopg.connect(store) as other:
        other.execute("select from live.rooms where room = 'room:0' for update")
        assert end() == 1
        assert [len(players(f"room:{n}")) for n in range(2)] == [1, 2]
    assert end() == 1


def test_without_a_database_it_is_left_to_the_next_sweep(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.begin(ROOM)
    table.now += 45 * SECOND

    def fail(_: str) -> bool:
        raise db.DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(
            table, "kind", table.kind._replace(turns=kinds.Turns(table.list_overdue, fail))
        )
        with pytest.raises(db.DatabaseUnavailable):
            end()
    assert end() == 1


@pytest.mark.commits
def test_the_sweep_has_it_posted_once_it_is_committed(
    table: Table, store: str, cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    table.begin(ROOM)
    for n in range(2):
        rooms.open_socket(cloud, f"s{n}", make_user(f"user {n}")["id"])
    table.now += 45 * SECOND
    stored: list[Any] = []

    def invoke(work: str, **fields: Any) -> bool:
        with psycopg.connect(store) as other:
            stored.extend(other.execute("select seq from live.events order by seq"))
        return False  # nobody takes it: it is posted here

    monkeypatch.setattr(later, "invoke", invoke)
    report = sweep.sweep(20)
    assert (report.overdue, report.unsent) == (1, 1)
    assert stored == [(1,), (2,)]
    for n in range(2):
        [frame] = [f for f in cloud.frames[f"s{n}"] if f["type"] == "turn"]
        assert (frame["seq"], frame["player"]) == (2, 2)
        assert frame["started_at"] == (START + 30 * SECOND).isoformat()
    report = sweep.sweep(20)
    assert (report.overdue, report.unsent) == (0, 0)
