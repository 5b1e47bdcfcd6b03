"""Rounds as stored: whole, once, the same in whatever order they come, whoever dies meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest

from functions.shared import db, locks
from functions.shared.errors import Conflict
from functions.shared.exclusive import exclusive
from functions.ttt import round_report, rounds
from infra.demo.season import Season
from tests.support.client import Client
from tests.support.queues import Mapping, Queues
from tests.support.rollups import connect
from tests.support.ttt.example import FIRST, SECOND

START = datetime(2026, 1, 10, tzinfo=UTC)
TABLES = ("rounds", "players", "kills", "buys")


def read(body: dict[str, Any]) -> round_report.RoundReport:
    return round_report.parse_body(json.dumps(body))


def counts() -> list[int]:
    return [db.query(f"select count(*) from ttt.{name}")[0]["count"] for name in TABLES]  # type: ignore[arg-type]


def fingerprint() -> tuple[str, ...]:
    """A hash of each table's rows, without when they were received."""
    [row] = db.query(
        """
        select
          (select md5(string_agg((to_jsonb(r) - 'received_at')::text, e'\\n' order by id))
           from ttt.rounds r) as rounds,
          (select md5(string_agg(p::text, e'\\n' order by occurred_at, round_id, steam_id))
           from ttt.players p) as players,
          (select md5(string_agg(k::text, e'\\n' order by occurred_at, round_id, ordinal))
           from ttt.kills k) as kills,
          (select md5(string_agg(b::text, e'\\n' order by occurred_at, round_id, ordinal))
           from ttt.buys b) as buys
        """
    )
    return tuple(row.values())


@pytest.fixture
def apart(store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Gives each thread a connection of its own, as containers have."""
    own, opened = threading.local(), list[db.Connection]()

    def run(statement: Any, values: Any = ()) -> list[db.Row]:
        if not hasattr(own, "connection"):
            own.connection = connect(store)
            opened.append(own.connection)
        cursor = own.connection.execute(statement, values, binary=True)
        return cursor.fetchall() if cursor.description else []

    with monkeypatch.context() as patch:
        patch.setattr(db, "query", run)
        yield
    for connection in opened:
        connection.close()


def test_a_season_is_stored_the_same_in_any_order_and_however_often_it_is_sent(store: str) -> None:
    played = list(Season(5, players=60, servers=2).rounds(2000, START, START + timedelta(days=60)))
    sent = [(read(one.body), str(one.server)) for one in played]
    with db.connection().transaction(force_rollback=True):
        assert {rounds.record(*one) for one in sent} == {"new"}
        once, rows = fingerprint(), counts()
    assert (rows[0], counts()[0]) == (2000, 0)
    Random(1).shuffle(sent)
    assert {rounds.record(*one) for one in sent} == {"new"}
    assert {rounds.record(*one) for one in sent[::-1]} == {"known"}
    assert (fingerprint(), counts()) == (once, rows)


@pytest.mark.commits
def test_of_fifty_equal_rounds_at_once_one_is_new(store: str, apart: None) -> None:
    sent, start = read(SECOND), threading.Barrier(50)

    def one(number: int) -> str:
        start.wait()
        return rounds.record(sent, f"server {number % 2}")

    with ThreadPoolExecutor(50) as pool:
        done = sorted(pool.map(one, range(50)))
    assert done == ["known"] * 49 + ["new"]
    assert counts() == [1, 4, 3, 2]


@pytest.mark.commits
def test_of_two_servers_with_one_round_id_the_first_is_stored_whole(
    store: str, apart: None
) -> None:
    """Each sends it twenty times at once; whoever loses is told in what it differs."""
    bodies = {"red": read(FIRST), "blue": read({**SECOND, "round_id": FIRST["round_id"]})}
    start = threading.Barrier(40)

    def one(number: int) -> tuple[str, str]:
        server = ("red", "blue")[number % 2]
        start.wait()
        try:
            return server, rounds.record(bodies[server], server)
        except Conflict as conflict:
            return server, " ".join(conflict.extra["differences"])

    with ThreadPoolExecutor(40) as pool:
        done = list(pool.map(one, range(40)))
    [winner] = [server for server, what in done if what == "new"]
    other = "map_name winner duration ended_at players kills buys"
    assert sorted(set(done)) == sorted(
        {(winner, "new"), (winner, "known"), ("blue" if winner == "red" else "red", other)}
    )
    assert db.query("select server from ttt.rounds") == [{"server": winner}]
    assert counts() == ([1, 5, 4, 3] if winner == "red" else [1, 4, 3, 2])


@pytest.mark.commits
def test_a_round_does_not_wait_for_the_packing_of_logs(client: Client) -> None:
    """Regression: both took the same advisory lock, and the round was answered 202."""
    with exclusive(locks.COLUMNSTORE) as mine:
        assert mine
        assert client.post("/api/collect", FIRST).status == 201


@pytest.mark.commits
def test_a_connection_killed_in_the_middle_leaves_nothing_and_the_round_is_sent_again(
    store: str, migrated: tuple[object, str, str]
) -> None:
    """The statement is stopped at a purchase: by then the round itself was written."""
    db.query("select 1")
    victim, done = db.connection().info.backend_pid, list[str]()
    blocker = connect(store)
    watcher = psycopg.connect(migrated[1], autocommit=True)
    try:
        blocker.execute("begin")
        blocker.execute(
            "insert into ttt.buys (occurred_at, round_id, ordinal, steam_id, item)"
            " values (%s, %s, 0, '', '')",
            (SECOND["ended_at"], SECOND["round_id"]),
        )
        thread = threading.Thread(target=lambda: done.append(rounds.record(read(SECOND))))
        thread.start()
        assert _waits(watcher, victim)
        watcher.execute("select pg_terminate_backend(%s, 5000)", (victim,))
        for name in TABLES:
            found = watcher.execute(f"select count(*) from ttt.{name}").fetchone()  # type: ignore[arg-type]
            assert found == (0,), name
        blocker.execute("rollback")
        thread.join()
    finally:
        blocker.close()
        watcher.close()
    assert done == ["new"]
    assert counts() == [1, 4, 3, 2]


def _waits(watcher: psycopg.Connection[Any], pid: int) -> bool:
    asked = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if watcher.execute(asked, (pid,)).fetchone() == (True,):
            return True
        time.sleep(0.01)
    return False


def test_a_round_that_cannot_be_stored_whole_is_not_stored(store: str) -> None:
    row = (FIRST["ended_at"], FIRST["round_id"])
    db.query(
        "insert into ttt.kills (occurred_at, round_id, ordinal, victim_steamid, headshot)"
        " values (%s, %s, 0, 'in the way', false)",
        row,
    )
    with pytest.raises(psycopg.errors.UniqueViolation), db.connection().transaction():
        rounds.record(read(FIRST))
    assert counts() == [0, 0, 1, 0]


@pytest.mark.parametrize("body", [FIRST, SECOND])
def test_a_round_costs_one_round_trip_new_or_known(
    client: Client, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any]
) -> None:
    calls: list[Any] = []
    real = db.query
    monkeypatch.setattr(db, "query", lambda *sent: calls.append(sent) or real(*sent))  # type: ignore[func-returns-value]
    for status in (201, 200):
        calls.clear()
        assert client.post("/api/collect", body).status == status
        assert len(calls) == 1


def test_ids_of_a_season_are_stable_and_all_differ(store: str) -> None:
    bodies = [one.body for one in Season(6).rounds(40, START, START + timedelta(days=2))]

    def ids() -> list[str]:
        for body in bodies:
            rounds.record(read(body))
        found = [rounds.get_round(body["round_id"]) or {} for body in bodies]
        lists = [one[name] for one in found for name in ("players", "kills", "buys")]
        return [row["id"] for rows in lists for row in rows]

    first = ids()
    assert ids() == first
    assert len(set(first)) == len(first) == sum(counts()[1:])


def test_an_id_carries_the_rounds_time(store: str) -> None:
    rounds.record(read(SECOND))
    found = rounds.get_round(SECOND["round_id"])
    assert found
    at = int(datetime.fromisoformat(SECOND["ended_at"]).timestamp() * 1000)
    assert {int(kill["id"].replace("-", "")[:12], 16) for kill in found["kills"]} == {at}


# Out of the queue


@pytest.fixture
def spooled(client: Client, queues: Queues) -> Callable[[dict[str, Any], int], Mapping]:
    """Delivers a round as if it had been accepted at a Unix ms while the database was away."""

    def deliver(body: dict[str, Any], at: int) -> Mapping:
        mapping = Mapping(queues)
        item = {"server": "red", "round": body}
        mapping.deliver(json.dumps({"kind": "ttt.rounds", "at": at, "items": [item]}))
        return mapping

    return deliver


def test_a_queued_round_keeps_its_server_and_the_time_of_its_receipt(
    spooled: Callable[[dict[str, Any], int], Mapping],
) -> None:
    body = {key: value for key, value in SECOND.items() if key != "ended_at"}
    for _ in range(2):
        assert spooled(body, 1_772_500_000_123).left == [[]]
    [row] = db.query("select server, occurred_at, ended_at, received_at from ttt.rounds")
    received = datetime(2026, 3, 3, 1, 6, 40, 123_000, tzinfo=UTC)
    assert [*row.values()] == ["red", received, None, received]
    assert counts() == [1, 4, 3, 2]


def test_a_queued_round_that_differs_from_the_stored_one_is_buried_not_lost(
    spooled: Callable[[dict[str, Any], int], Mapping], queues: Queues
) -> None:
    spooled(SECOND, 1_772_500_000_123)
    assert spooled({**SECOND, "winner": "4"}, 1_772_500_000_124).left == [[]]
    [letter] = [json.loads(body) for body in queues.bodies(queues.dead_letters)]
    assert letter["items"][0]["round"]["winner"] == "4"
    assert counts() == [1, 4, 3, 2]
