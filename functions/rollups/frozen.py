"""Frozen sessions: what a function began before it was frozen is ended: nobody waits for it.

Within a transaction that does nothing the login's own time-out ends it. None of them counts while
PostgreSQL waits for its client inside a statement: for more rows of a COPY, or to send an answer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from functions.shared import db

# Fired every minute, this ends a session at most 85 s after its statement began.
AGE = 20.0  # seconds since the statement began
WATCHED = 5.0  # seconds in which not a byte came or went


@dataclass
class Report:
    """How many sessions were ended."""

    ended: int = 0


def run(connection: db.Connection, seconds: float = 0.0) -> Report:
    """Ends sessions whose statement waits for its client, and got or sent nothing for a while.

    One round trip while there is none, which is nearly always.
    """
    waiting = _look(connection, [])
    if not waiting:
        return Report()
    time.sleep(WATCHED)
    return Report(sum(row["is_ended"] for row in _look(connection, waiting)))


def _look(connection: db.Connection, before: list[db.Row]) -> list[db.Row]:
    """Who waits for its client; those that stand where they stood before are ended."""
    seen: dict[str, Any] = {
        name: [row[name] for row in before] for name in ("pid", "query_start", "bytes")
    }
    return connection.execute(_WAITING, {"age": AGE, **seen}).fetchall()


# Our own by their name, which a pooler passes on: no backup, no psql, no other application. A
# turn (`shared/exclusive.py`) waits between statements, not inside one.
_WAITING = """
    with waiting as materialized (
      select a.pid, a.query_start, coalesce(c.bytes_processed, 0) as bytes
      from pg_stat_activity a
      left join pg_stat_progress_copy c on c.pid = a.pid
      where a.datname = current_database()
        and a.application_name = 'tiltyard'
        and a.pid <> pg_backend_pid()
        and a.state = 'active'
        and a.wait_event_type = 'Client'
        and a.wait_event in ('ClientRead', 'ClientWrite')
        and a.query_start < clock_timestamp() - make_interval(secs => %(age)s)
        and pg_has_role(a.usesysid, 'usage')
    )
    select w.pid, w.query_start, w.bytes,
      s.pid is not null and pg_terminate_backend(w.pid) as is_ended
    from waiting w
    left join unnest(%(pid)s::integer[], %(query_start)s::timestamptz[], %(bytes)s::bigint[])
      as s (pid, query_start, bytes)
      on s = (w.pid, w.query_start, w.bytes)
"""
