"""The columnstore: old chunks of tables that want it, on the edition that has it.

TimescaleDB's own policy would do it too, but only for owners who may log in, which ours may not;
and it would not tell what packed logs say, which is how words are found in them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg
from psycopg import sql

from functions.shared import db, locks
from functions.shared.exclusive import exclusive

_DAYS = 7  # of raw rows that stay as they are: late events come into them


@dataclass
class Report:
    """How many chunks were packed, and of how many the words were told.

    `left`: how many are due all the same; `busy`: somebody else is at it.
    """

    packed: int = 0
    told: int = 0
    left: int = 0
    busy: bool = False


def run(connection: db.Connection, seconds: float = 240.0) -> Report:
    """Packs what is due, the oldest first, also what was changed since it was packed.

    Does nothing on an edition without columnstore: no table of it can want one.
    """
    deadline = time.monotonic() + seconds
    report = Report()
    with exclusive(locks.COLUMNSTORE) as mine:
        report.busy = not mine
        for chunk in _due(connection) if mine else []:
            if time.monotonic() > deadline or not _pack(connection, chunk):
                report.left += 1
            else:
                report.packed += 1
                _tell_all(connection, deadline, report)
        if mine:
            _tell_all(connection, deadline, report)
    return report


def index_words(connection: db.Connection, seconds: float = 240.0) -> Report:
    """Tells the words of packed chunks of logs that are not told, or not any more."""
    deadline = time.monotonic() + seconds
    report = Report()
    with exclusive(locks.COLUMNSTORE) as mine:
        report.busy = not mine
        if mine:
            _tell_all(connection, deadline, report)
    return report


def _due(connection: db.Connection) -> list[str]:
    """Old chunks that are not packed (status 1), or have rows beside what is (status 8)."""
    rows = connection.execute(
        """
        select format('%%I.%%I', c.chunk_schema, c.chunk_name) as chunk
        from timescaledb_information.hypertables h
        join timescaledb_information.chunks c using (hypertable_schema, hypertable_name)
        where h.compression_enabled
          and c.range_end < now() - make_interval(hours => 24 * %s)
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
        with connection.transaction():
            # Filters of two columns together take a sixteenth of what is packed, and nobody asks.
            connection.execute(
                """
                select set_config(name, 'off', true)
                from pg_settings
                where name = 'timescaledb.enable_composite_bloom_indexes'
                """
            )
            connection.execute("select compress_chunk(%s::regclass)", (chunk,))
            # From here on it holds what nobody has told.
            connection.execute(
                """
                delete from logs.told t
                using timescaledb_information.chunks c
                where format('%%I.%%I', c.chunk_schema, c.chunk_name) = %s
                  and c.hypertable_schema = 'logs'
                  and c.hypertable_name = 'events'
                  and c.range_start = t.chunk
                """,
                (chunk,),
            )
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        return False
    return True


def _tell_all(connection: db.Connection, deadline: float, report: Report) -> None:
    """The newest first, where searches begin; what was told of chunks that are gone goes too."""
    connection.execute(
        """
        delete from logs.told
        where not exists (
          select
          from timescaledb_information.chunks c
          where c.hypertable_schema = 'logs'
            and c.hypertable_name = 'events'
            and c.range_start = told.chunk
            and c.is_compressed
        )
        """
    )
    for chunk in _untold(connection):
        if time.monotonic() > deadline or not _tell(connection, chunk):
            report.left += 1
        else:
            report.told += 1


def _untold(connection: db.Connection) -> list[db.Row]:
    return connection.execute(
        """
        select c.chunk_schema as schema, c.chunk_name as name, c.range_start as since,
          c.range_end as until
        from timescaledb_information.chunks c
        left join logs.told t on t.chunk = c.range_start
        where c.hypertable_schema = 'logs'
          and c.hypertable_name = 'events'
          and c.is_compressed
          and t.is_complete is not true
        order by c.range_start desc
        """
    ).fetchall()


def _tell(connection: db.Connection, chunk: db.Row) -> bool:
    """False if somebody changes the chunk now.

    Who changes it later takes the row of `logs.told` away, and without it nothing is told; who
    began before the row was there is waited for.
    """
    try:
        connection.execute(
            """
            insert into logs.told (chunk, until)
            values (%(since)s, %(until)s)
            on conflict do nothing
            """,
            chunk,
        )
        with connection.transaction():
            name = sql.Identifier(chunk["schema"], chunk["name"])
            connection.execute(sql.SQL("lock table {} in share mode").format(name))
        with connection.transaction():
            connection.execute("select logs.tell(%(since)s, %(until)s)", chunk)
            done = connection.execute(
                "update logs.told set is_complete = true where chunk = %(since)s", chunk
            )
    except (
        psycopg.errors.LockNotAvailable,
        psycopg.errors.DeadlockDetected,
        psycopg.errors.ForeignKeyViolation,
    ):
        return False
    return done.rowcount == 1
