"""The columnstore: old chunks of events, and the index of words in them (`word_index` reads it)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import psycopg
from psycopg import sql

from functions.shared import db, hypertables, locks
from functions.shared.exclusive import exclusive


@dataclass
class Report:
    """How many chunks were compressed, and of how many the words were indexed.

    `left`: how many are due all the same; `busy`: somebody else is at it.
    """

    compressed: int = 0
    indexed: int = 0
    left: int = 0
    busy: bool = False


def run(connection: db.Connection, deadline: float = math.inf) -> Report:
    """Compresses what is due, the oldest first, also what was changed since it was compressed."""
    report = Report()
    with exclusive(locks.COLUMNSTORE) as mine:
        report.busy = not mine
        for chunk in hypertables.list_chunks_to_compress(connection, "logs") if mine else []:
            if time.monotonic() > deadline or not _compress(connection, chunk):
                report.left += 1
            else:
                report.compressed += 1
                _index_all(connection, deadline, report)
        if mine:
            _index_all(connection, deadline, report)
    return report


def index_words(connection: db.Connection, deadline: float = math.inf) -> Report:
    """Indexes the words of compressed chunks that are not indexed, or not any more."""
    report = Report()
    with exclusive(locks.COLUMNSTORE) as mine:
        report.busy = not mine
        if mine:
            _index_all(connection, deadline, report)
    return report


def _compress(connection: db.Connection, chunk: str) -> bool:
    """False if somebody writes there now: the next night is early enough."""
    try:
        with connection.transaction():
            hypertables.compress_chunk(connection, chunk)
            # From here on it holds what is not indexed.
            connection.execute(
                """
                delete from logs.indexed_chunks i
                using timescaledb_information.chunks c
                where format('%%I.%%I', c.chunk_schema, c.chunk_name) = %s
                  and c.hypertable_schema = 'logs'
                  and c.hypertable_name = 'events'
                  and c.range_start = i.chunk
                """,
                (chunk,),
            )
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        return False
    return True


def _index_all(connection: db.Connection, deadline: float, report: Report) -> None:
    """The newest first, where searches begin; the index of dropped chunks is deleted."""
    connection.execute(
        """
        delete from logs.indexed_chunks
        where not exists (
          select
          from timescaledb_information.chunks c
          where c.hypertable_schema = 'logs'
            and c.hypertable_name = 'events'
            and c.range_start = indexed_chunks.chunk
            and c.is_compressed
        )
        """
    )
    for chunk in _list_unindexed(connection):
        if time.monotonic() > deadline or not _index_chunk(connection, chunk):
            report.left += 1
        else:
            report.indexed += 1


def _list_unindexed(connection: db.Connection) -> list[db.Row]:
    return connection.execute(
        """
        select c.chunk_schema as schema, c.chunk_name as name, c.range_start as since,
          c.range_end as until
        from timescaledb_information.chunks c
        left join logs.indexed_chunks i on i.chunk = c.range_start
        where c.hypertable_schema = 'logs'
          and c.hypertable_name = 'events'
          and c.is_compressed
          and i.is_complete is not true
        order by c.range_start desc
        """
    ).fetchall()


def _index_chunk(connection: db.Connection, chunk: db.Row) -> bool:
    """False if somebody changes the chunk now.

    Who changes it later deletes the row of `logs.indexed_chunks`, and without it nothing is
    indexed; who began before the row was there is waited for.
    """
    try:
        connection.execute(
            """
            insert into logs.indexed_chunks (chunk, until)
            values (%(since)s, %(until)s)
            on conflict do nothing
            """,
            chunk,
        )
        with connection.transaction():
            name = sql.Identifier(chunk["schema"], chunk["name"])
            connection.execute(sql.SQL("lock table {} in share mode").format(name))
        with connection.transaction():
            connection.execute("select logs.index_chunk(%(since)s, %(until)s)", chunk)
            done = connection.execute(
                "update logs.indexed_chunks set is_complete = true where chunk = %(since)s", chunk
            )
    except (
        psycopg.errors.LockNotAvailable,
        psycopg.errors.DeadlockDetected,
        psycopg.errors.ForeignKeyViolation,
    ):
        return False
    return done.rowcount == 1
