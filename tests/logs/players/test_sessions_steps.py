"""The three steps from changes to sessions, each called alone: affected spans, derive, diff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.logs import change_queue
from functions.shared import db
from tests.support.logs import stored
from tests.support.logs.oracle import Event

START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
ANA = "STEAM_0:1:1"

pytestmark = pytest.mark.usefixtures("store")


def event(kind: str, minute: int, key: str | None = None) -> Event:
    at = START + timedelta(minutes=minute)
    return Event(stored.event_id(at, minute), at, "a", kind, ANA, key=key)


def find_spans() -> list[tuple[Any, ...]]:
    rows = db.query(
        """
        select server_id, steam_id, since, isfinite(until) as is_finite
        from logs.find_affected_spans(array(select c from logs.change_queue c), null)
        """
    )
    return [tuple(row.values()) for row in rows]


def diff() -> list[tuple[str, int]]:
    """Kind and sign of what differs in all of the time."""
    rows = db.query(
        """
        select kind, sign
        from logs.diff_sessions('a', array[%s], array[%s], array['infinity'::timestamptz], '{}')
        order by kind, sign
        """,
        (ANA, START),
    )
    return [(row["kind"], row["sign"]) for row in rows]


def test_a_span_begins_with_the_first_event_that_changes_a_session() -> None:
    stored.servers({"a": "Sandbox"})
    stored.store([event("CONNECT", 0), event("CHAT", 1)])
    assert find_spans() == [("a", ANA, START, False)]


def test_an_event_in_order_within_an_open_session_affects_no_span() -> None:
    stored.servers({"a": "Sandbox"})
    stored.store([event("CONNECT", 0), event("CHAT", 1)])
    change_queue.fold_all()
    stored.store([event("CHAT", 2)])
    assert find_spans() == []
    stored.store([event("DISCONNECT", 3)])
    assert find_spans() == [("a", ANA, START, False)]


def test_sessions_are_derived_from_raw_rows_alone() -> None:
    stored.servers({"a": "Sandbox"})
    stored.store([event("CONNECT", 0, "s"), event("CHAT", 1, "s"), event("DISCONNECT", 4, "s")])
    db.query("delete from logs.change_queue")
    rows = db.query(
        """
        select kind, sign, session_id, started_at, ended_at, method, reason
        from logs.derive_sessions('a', array[%s], array[%s], array['infinity'::timestamptz], '{}')
        where kind = 'session'
        """,
        (ANA, START),
    )
    end = START + timedelta(minutes=4)
    assert [tuple(row.values()) for row in rows] == [
        ("session", 1, "s", START, end, "exact", "disconnect")
    ]


def test_the_diff_is_what_is_to_be_written_and_nothing_when_it_is() -> None:
    stored.servers({"a": "Sandbox"})
    stored.store([event("CONNECT", 0, "s"), event("DISCONNECT", 4, "s")])
    assert diff() == [("connect", 1), ("session", 1)]
    change_queue.fold_all()
    assert diff() == []
    db.query("update logs.sessions set reason = 'idle'")
    assert diff() == [("session", -1), ("session", 1)]
