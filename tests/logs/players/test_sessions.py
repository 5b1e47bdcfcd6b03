"""Sessions, held against a recount: whatever is stored, in whatever order it came."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.logs import change_queue
from functions.shared import db
from tests.support.logs import evening, stored
from tests.support.logs.oracle import Beat, Event, Oracle, Session
from tests.support.rollups import connect, wrong

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.replace(hour=0, minute=0, second=0)
START = TODAY - timedelta(days=9)
MODES = {"a": "Sandbox", "b": "TTT"}
PEOPLE = ("STEAM_0:1:1", "STEAM_0:1:2", "STEAM_0:0:3", "BOT", None)
TYPES = ("CONNECT", "DISCONNECT", "CHAT", "CHAT", "PROP_SPAWN", "MAP_CHANGE")
MAPS = (None, None, "gm_construct", "gm_flatgrass")
# Gaps just short of a limit, on it and beyond it, and everyday ones.
GAPS = (0, 0, 1, 7, 60, 299, 300, 301, 1799, 1800, 1801, 3600, 7200, 21599, 21600, 21601, 90000)


@st.composite
def things(draw: st.DrawFn) -> list[Event | Beat]:
    """Events and heartbeats of two servers, each a gap after the one before."""
    at, found = START, []
    for number in range(draw(st.integers(1, 24))):
        at += timedelta(seconds=draw(st.sampled_from(GAPS)))
        server = draw(st.sampled_from(("a", "a", "a", "b")))
        if draw(st.integers(0, 3)) == 0:
            if not any(isinstance(b, Beat) and (b.at, b.server) == (at, server) for b in found):
                players = draw(st.sampled_from((None, 0, 1, 5)))
                found.append(Beat(at, server, players, draw(st.sampled_from(MAPS))))
            continue
        key = draw(st.sampled_from((None, None, "s1", "s2")))
        told: dict[str, Any] = {}
        if draw(st.integers(0, 9)) == 0:
            told["ambiguous"] = True
        if key and draw(st.integers(0, 3)) == 0:
            back = draw(st.sampled_from((-600, -5, 0, 30, 4000, 30000, 8 * 86400)))
            told["sessionStart"] = (at - timedelta(seconds=back)).isoformat()
        kind = draw(st.sampled_from(TYPES))
        if kind == "MAP_CHANGE":
            told["eventKind"] = kind
            kind = "GAME_EVENT"
        found.append(
            Event(
                id=stored.event_id(at, number),
                at=at,
                server=server,
                type=kind,
                map=draw(st.sampled_from(MAPS)),
                steam_id=draw(st.sampled_from(PEOPLE)),
                key=key,
                metadata=told,
            )
        )
    return found


def shown() -> tuple[list[Session], list[str]]:
    """Sessions, and CONNECTs that are connections, as readers find them: kept or queued."""
    [row] = db.query(
        """
        with queued as (
          select *
          from logs.diff_queued_sessions(null, null)
        ), session as (
          select started_at, ended_at, server_id, steam_id, session_id, method, reason
          from logs.sessions
          where id not in (select id from queued where kind = 'session' and sign = -1)
          union all
          select started_at, ended_at, server_id, steam_id, session_id, method, reason
          from queued
          where kind = 'session'
            and sign = 1
        ), connect as (
          select id
          from logs.connects
          where is_counted
            and id not in (select id from queued where kind = 'connect' and sign = -1)
          union all
          select id
          from queued
          where is_counted
            and sign = 1
        )
        select (select array_agg(s) from session s) as sessions,
          (select array_agg(id::text) from connect) as connects
        """
    )
    sessions = [
        Session(started, ended, server, steam_id, key or "", method, reason)
        for started, ended, server, steam_id, key, method, reason in row["sessions"] or []
    ]
    return sorted(sessions), sorted(row["connects"] or [])


def recounted(known: list[Event | Beat]) -> tuple[list[Session], list[str]]:
    """What the recount finds; it cannot be silent after the last sign, for whom time stands."""
    oracle = Oracle(
        [one for one in known if isinstance(one, Event)],
        [one for one in known if isinstance(one, Beat)],
        MODES,
        START,
    )
    return oracle.sessions(), sorted(one.id for one in oracle.connects())


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(known=things(), seed=st.integers(0, 2**32), parts=st.integers(1, 4))
def test_sessions_are_those_of_a_recount_in_any_order_of_arrival(
    store: str, known: list[Event | Beat], seed: int, parts: int
) -> None:
    random = Random(seed)
    coming = random.sample(known, len(known))
    with db.connection().transaction(force_rollback=True):
        stored.servers(MODES)
        for part in range(parts):
            stored.store(coming[part::parts])
            so_far = [one for n in range(part + 1) for one in coming[n::parts]]
            assert shown() == recounted(so_far)
            # Whatever part of the queue is folded, nobody sees a difference.
            db.query("select logs.fold(%s)", (random.choice((0, 1, 3, 1000)),))
            assert shown() == recounted(so_far)


@pytest.mark.commits
def test_nothing_is_missed_while_others_write_and_fold(store: str) -> None:
    stored.servers(MODES)
    made = evening.things(9, START, START + timedelta(hours=30), 240)
    coming = [replace(one, server="a") for one in made]
    beats = {one.at: one for one in coming if isinstance(one, Beat)}
    known = [*(one for one in coming if isinstance(one, Event)), *beats.values()]
    Random(9).shuffle(known)
    done = threading.Event()

    def write(part: int) -> None:
        with connect(store) as connection:
            for one in known[part::2]:
                with connection.transaction():
                    connection.execute(*stored.statement(one))
                    time.sleep(0.002)  # written and not committed

    def keep_folding() -> int:
        folded = 0
        with connect(store) as connection:
            while not done.is_set():
                row = connection.execute("select logs.fold(7) as n").fetchone()
                assert row
                folded += max(0, row["n"])
        return folded

    with ThreadPoolExecutor(4) as pool:
        folding = [pool.submit(keep_folding) for _ in range(2)]
        written = [pool.submit(write, part) for part in range(2)]
        for one in written:
            one.result()
        done.set()
        folded = sum(one.result() for one in folding)
    assert folded > 0
    assert shown() == recounted(known)
    change_queue.fold_all()
    assert db.query("select count(*) as n from logs.change_queue")[0]["n"] == 0
    assert shown() == recounted(known)
    with connect(store) as connection:
        assert wrong(connection) == {}
