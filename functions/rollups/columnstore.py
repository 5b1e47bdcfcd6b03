"""The columnstore: old chunks of tables that want it, on the edition that has it.

TimescaleDB's own policy would do it too, but only for owners who may log in, which ours may not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg

from functions.shared import db

_DAYS = 7  # of raw rows that stay as they are: late events come into them


@dataclass
class Report:
    """How many chunks were packed; `left`: how many are due all the same."""

    packed: int = 0
    left: int = 0


def run(connection: db.Connection, seconds: float = 240.0) -> Report:
    """Packs what is due, the oldest first, also what was changed since it was packed.

    Does nothing on an edition without columnstore: no table of it can want one.
    """
    deadline = time.monotonic() + seconds
    report = Report()
    for chunk in _due(connection):
        if time.monotonic() > deadline or not _pack(connection, chunk):
            report.left += 1
        else:
            report.packed += 1
    return report


def _due(connection: db.Connection) -> list[str]:
    """Old chunks that are not packed (status 1), or have rows beside what is (status 8)."""
    rows = connection.execute(
        """
        select format('%%I.%%I', c.chunk_schema, c.chunk_name) as chunk
        from timescaledb_information.hypertables h
        join timescaledb_information.chunks c using (hypertable_schema, hypertable_name)
        where h.compression_enabled
          and c.range_end < now() - make_interval(days => %s)
          and _timescaledb_functions.chunk_status(
            format('%%I.%%I', c.chunk_schema, c.chunk_name)::regclass
          ) & 9 <> 1
        order by c.range_end, chunk
        """,
        (_DAYS,),
    ).fetchall()
    return [row["chunk"] for row in rows]


def _pack(connection: db.Connection, chunk: str) -> bool:
    """False if somebody writes there now: the next night is early enough."""
    try:
        connection.execute("select compress_chunk(%s::regclass)", (chunk,))
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        return False
    return True
