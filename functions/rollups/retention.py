"""Retention: drops raw chunks that are older than a source keeps, and never an unfinished rollup.

In this order: `retained_from` moves first, under a lock that whoever is writing must have let go,
so that later writers are refused; the buckets before it are refreshed; and only when every rollup
is clean up to there do chunks go. An event and its parts (`rollups.sources.part_of`) have one
`retained_from`, which moves for all of them at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from functions.domains import load_maintenance
from functions.rollups import refresh
from functions.shared import db, locks, rate_limits
from functions.shared.exclusive import exclusive
from functions.shared.maintenance import Maintenance


@dataclass
class Report:
    """What went: chunks per source, rows of ordinary tables (TTT rounds) whose parts' chunks are
    gone, and events of clocks that were ahead, in chunks that stay.

    `waiting`: sources whose rollups are not clean yet.
    """

    busy: bool = False
    dropped: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    ahead: int = 0
    waiting: list[str] = field(default_factory=list)


def run(connection: db.Connection, seconds: float = 240.0) -> Report:
    """Drops what is due, old rate limits too, on an autocommit connection."""
    report, deadline = Report(), time.monotonic() + seconds
    with exclusive(locks.ROLLUPS) as mine:
        report.busy = not mine
        if mine:
            refresh.prepare(connection)
            for source, group in _limited(connection).items():
                if _move_retained_from(connection, group):
                    refresh.refresh_dirty(connection, deadline)
                    _drop(connection, source, group, deadline, report)
                else:
                    report.waiting.append(source)
            rate_limits.delete_old(connection)
    return report


class RetentionError(Exception):
    """Why a source's retention cannot be set, as a message."""


def set_retention(connection: db.Connection, source: str, days: int | None) -> list[str]:
    """Sets for how many days a source and its parts keep raw rows (None: permanently).

    `source` may also be the table whose chunks are dropped. Returns the names of all that is kept
    so; raises RetentionError for a part, what is no source, and what its domain needs all of.
    """
    sources = connection.execute(
        """
        select s.name, s.part_of, %s in (s.name, s.chunk_table) as is_meant
        from rollups.sources s
        order by s.part_of nulls first, s.name
        """,
        (source,),
    ).fetchall()
    meant = next((row for row in sources if row["is_meant"]), None)
    wholes = [
        row["name"]
        for row in sources
        if row["part_of"] is None and row["name"] not in _domain_of(row["name"]).permanent
    ]
    if meant is None:
        raise RetentionError(
            f"No rollup reads {source}; what can be kept: {', '.join(sorted(wholes))}."
        )
    if meant["part_of"]:
        raise RetentionError(
            f"{source} is a part of {meant['part_of']}, and kept as long: set that."
        )
    if meant["name"] in _domain_of(meant["name"]).permanent and days is not None:
        raise RetentionError(f"{meant['name']} is kept permanently: its domain needs all of it.")
    group = [row["name"] for row in sources if meant["name"] in (row["name"], row["part_of"])]
    connection.execute(
        "update rollups.sources set retention = make_interval(days => %s) where name = any(%s)",
        (days, group),
    )
    return group


def _domain_of(source: str) -> Maintenance:
    return load_maintenance().get(source.partition(".")[0], Maintenance())


def _limited(connection: db.Connection) -> dict[str, list[str]]:
    """The sources that are not kept permanently, and of each its name and those of its parts."""
    rows = connection.execute(
        """
        select s.name, array_agg(p.name order by p.part_of nulls first, p.name) as group
        from rollups.sources s
        join rollups.sources p on s.name in (p.name, p.part_of)
        where s.retention is not null
          and s.part_of is null
        group by s.name
        order by s.name
        """
    ).fetchall()
    return {row["name"]: row["group"] for row in rows}


def _move_retained_from(connection: db.Connection, group: list[str]) -> bool:
    """Moves a group's `retained_from` to where buckets of every rollup begin, never back.

    False: not now. The locks wait for who writes now, whose dirty buckets are then seen, and hold
    up others for at most two seconds. A writer takes its own lock before its snapshot, so it sees
    the new value then. What is wider than a day reads other rollups, whose rows stay: it holds
    nothing up.
    """
    tables = sql.SQL(", ").join(sql.Identifier(*name.split(".")) for name in group)
    try:
        with connection.transaction():
            connection.execute("set local lock_timeout = '2s'")
            connection.execute(sql.SQL("lock table {} in share row exclusive mode").format(tables))
            connection.execute(
                """
                update rollups.sources as s
                set retained_from = greatest(s.retained_from, (
                  select min(time_bucket(
                    least(c.width, interval '1 day'), date_subtract(now(), k.retention, 'UTC')
                  ))
                  from rollups.catalog c
                  join rollups.sources k on k.name = c.source
                  where k.name = any(%(group)s)
                    and not c.is_all_time
                ))
                where s.name = any(%(group)s)
                """,
                {"group": group},
            )
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        return False
    return True


def _drop(
    connection: db.Connection, source: str, group: list[str], deadline: float, report: Report
) -> None:
    """Drops a group's chunks before `retained_from`, unless a rollup still lacks part of them."""
    domain = _domain_of(source)
    limits = connection.execute(
        """
        select s.retained_from, date_subtract(s.retained_from, s.grace, 'UTC') as dropped_until,
          exists (
            select
            from rollups.dirty_buckets d
            join rollups.catalog c on c.id = d.rollup
            join rollups.sources p on p.name = c.source
            where p.name = any(%(group)s)
              and d.bucket < p.retained_from
          ) as is_dirty
        from rollups.sources s
        where s.name = %(source)s
        """,
        {"source": source, "group": group},
    ).fetchone()
    assert limits
    if limits["is_dirty"] or domain.has_pending(connection, limits["retained_from"]):
        report.waiting.append(source)
        return
    for name in group:
        row = connection.execute(
            """
            select count(*) as chunks
            from rollups.sources s
            cross join lateral unnest(
              case
                when s.dependent_tables = '{}' then array[coalesce(s.chunk_table, s.name)]
                else s.dependent_tables
              end
            ) as hypertable
            cross join lateral drop_chunks(
              hypertable::regclass, older_than => date_subtract(s.retained_from, s.grace, 'UTC')
            ) as chunk
            where s.name = %s
            """,
            (name,),
        ).fetchone()
        report.dropped[name] = row["chunks"] if row else 0
        report.rows += _delete_rows(connection, name)
    report.ahead += domain.delete_expired(connection, limits["dropped_until"], deadline)


def _delete_rows(connection: db.Connection, source: str) -> int:
    """Deletes the rows of an ordinary table whose parts' chunks are gone; returns how many.

    They mark no bucket: like a chunk that is dropped, they leave what is kept as it is. For that
    the trigger is off within the transaction, which whoever writes meanwhile waits for.
    """
    found = connection.execute(
        """
        select s.time_column, least(s.retained_from, min(c.range_start)) as before
        from rollups.sources s
        left join timescaledb_information.chunks c
          on format('%%s.%%s', c.hypertable_schema, c.hypertable_name) = any(s.dependent_tables)
        where s.name = %s
          and s.dependent_tables <> '{}'
        group by s.name
        """,
        (source,),
    ).fetchone()
    if found is None:
        return 0
    names = {
        "table": sql.Identifier(*source.split(".")),
        "time": sql.Identifier(found["time_column"]),
    }
    deleted = 0
    try:
        while True:
            with connection.transaction():
                connection.execute("set local lock_timeout = '2s'")
                connection.execute(_OFF.format(**names))
                gone = connection.execute(_DELETE.format(**names), (found["before"], _ROWS))
                connection.execute(_ON.format(**names))
            deleted += gone.rowcount
            if gone.rowcount < _ROWS:
                return deleted
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        return deleted  # the next night is early enough


_ROWS = 5000  # at once
_OFF = sql.SQL("alter table {table} disable trigger rollups_delete")
_ON = sql.SQL("alter table {table} enable trigger rollups_delete")
_DELETE = sql.SQL(
    """
    delete from {table}
    where ctid = any(array(
      select ctid
      from {table}
      where {time} < %s
      limit %s
    ))
    """
)
