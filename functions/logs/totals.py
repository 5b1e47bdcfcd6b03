"""Totals: held against the rollups, and sessions against raw rows; repaired if they differ.

In one transaction of one snapshot, in which all that is queued is folded first. Whoever reads or
writes meanwhile waits for nothing; what comes in is queued.
"""

from __future__ import annotations

import time
from typing import LiteralString

from functions.shared import db, locks
from functions.shared.exclusive import exclusive

_BATCH_SIZE = 2000  # queued changes that are folded together
_PATIENCE = 30.0  # seconds for who is folding


def audit(connection: db.Connection, people: int) -> dict[str, int]:
    """How many rows were wrong, by table; sessions are those of so many random persons."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with exclusive(locks.LOGS_FOLD) as mine:
            if mine:
                return _audit(connection, people)
        time.sleep(0.02)
    return {}


def _audit(connection: db.Connection, people: int) -> dict[str, int]:
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        folded = _BATCH_SIZE
        while folded == _BATCH_SIZE:
            folded = db.fetch_value(
                "select logs.fold_batch(%s, true)", (_BATCH_SIZE,), on=connection
            )
        wrong: dict[str, int] = {
            row["name"]: row["differences"]
            for row in connection.execute("select * from logs.total_differences()").fetchall()
        }
        if wrong:
            connection.execute("select logs.rebuild_totals()")
        if diffs := db.fetch_value(_SESSIONS, (people,), on=connection):
            wrong["logs.sessions"] = diffs
    return wrong


_SESSIONS: LiteralString = """
    with wrong as materialized (
      select array_agg(d) as diffs
      from logs.session_differences(%s) as d
    ), applied as materialized (
      select logs.apply_session_diff(diffs) as nothing
      from wrong
      where diffs is not null
    )
    select coalesce(cardinality(diffs), 0) + 0 * (select count(nothing) from applied) as n
    from wrong
"""
