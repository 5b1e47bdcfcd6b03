"""Builds the rollups that a database lacks: materializations, triggers, at last their views."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from schema.engine import comments, dirty_triggers
from schema.engine.rollup import Rollup, RollupError, read_rollups

Connection = psycopg.Connection[tuple[Any, ...]]

_WAIT_TIMEOUT = 60.0  # seconds for transactions that began before a rollup was born


def build_rollups(connection: Connection, folder: Path, community: bool) -> list[str]:
    """Makes the rollups that the database lacks; returns their names. Needs autocommit."""
    known: dict[tuple[str, int], str] = {
        (name, version): checksum
        for name, version, checksum in connection.execute(
            "select name, version, checksum from rollups.catalog"
        )
    }
    wanted = read_rollups(folder)
    for rollup in wanted:
        if known.get((rollup.name, rollup.version), rollup.checksum) != rollup.checksum:
            raise RollupError(
                f"{rollup.file} was edited after it was built: give the SELECT the next version."
            )
        if any(name == rollup.name and version > rollup.version for name, version in known):
            raise RollupError(f"{rollup.file}: the database has a later version of it.")
    names = [rollup.name for rollup in wanted]
    new = [rollup for rollup in wanted if (rollup.name, rollup.version) not in known]
    _mark_existing_rows(connection)  # of the one at which a migration was cut off
    for rollup in new:  # one after the other: one may read the views of those before it
        with _named(rollup), connection.transaction():
            connection.execute("set local lock_timeout = '5s'")
            _create(connection, rollup, community, names)
        _mark_existing_rows(connection)
    for rollup in wanted:
        _replace_view(connection, rollup, names)
    comments.comment_columns(connection, wanted)
    for source, time_column in dict.fromkeys((one.source, one.time_column) for one in wanted):
        dirty_triggers.write_function(connection, source, time_column)
    return [rollup.name for rollup in new]


@contextmanager
def _named(rollup: Rollup) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        if isinstance(error, psycopg.OperationalError):
            raise
        raise RollupError(f"{rollup.file} failed: {error.diag.message_primary}") from error


def _create(connection: Connection, rollup: Rollup, community: bool, names: list[str]) -> None:
    """The empty materialization, the catalog's row, and the trigger that marks."""
    is_aggregate = community and not rollup.read_by and _is_hypertable(connection, rollup.source)
    _create_materialization(connection, rollup, is_aggregate)
    connection.execute(
        "insert into rollups.sources (name, time_column) values (%s, %s) on conflict do nothing",
        (rollup.source, rollup.time_column),
    )
    row = connection.execute(
        """
        insert into rollups.catalog
          (name, version, checksum, comment, source, bucket_column, width, materialization,
           is_aggregate, is_all_time, private_columns, recompute_sql, view_sql)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '')
        returning id
        """,
        (
            rollup.name,
            rollup.version,
            rollup.checksum,
            rollup.comment,
            rollup.source,
            rollup.bucket_column,
            rollup.width,
            rollup.materialization,
            is_aggregate,
            rollup.is_all_time,
            rollup.private or None,
            rollup.recompute_sql("$1", "$2"),
        ),
    ).fetchone()
    assert row
    [number] = row
    connection.execute(
        "update rollups.catalog set view_sql = %s where id = %s",
        (_view_sql(connection, rollup, number, names), number),
    )
    dirty_triggers.write_function(connection, rollup.source, rollup.time_column)
    dirty_triggers.create_triggers(connection, rollup.source)


def _replace_view(connection: Connection, rollup: Rollup, names: list[str]) -> None:
    """Replaces the view where an older engine wrote it differently."""
    row = connection.execute(
        "select id, view_sql from rollups.catalog where name = %s and version = %s and is_current",
        (rollup.name, rollup.version),
    ).fetchone()
    if row is None:
        return
    number, known = row
    view_sql = _view_sql(connection, rollup, number, names)
    if view_sql != known:
        with connection.transaction():
            connection.execute("set local lock_timeout = '5s'")
            connection.execute(
                "update rollups.catalog set view_sql = %s where id = %s", (view_sql, number)
            )
            connection.execute(
                sql.SQL("create or replace view {} as {}").format(
                    sql.Identifier(*rollup.name.split(".")), sql.SQL(view_sql)
                )
            )


def _is_hypertable(connection: Connection, table: str) -> bool:
    found = connection.execute(
        """
        select
        from timescaledb_information.hypertables
        where format('%%s.%%s', hypertable_schema, hypertable_name) = %s
        """,
        (table,),
    ).fetchone()
    return found is not None


def _create_materialization(connection: Connection, rollup: Rollup, is_aggregate: bool) -> None:
    name = sql.Identifier(*rollup.materialization.split("."))
    bucket = sql.Identifier(rollup.bucket_column)
    if is_aggregate:
        create = sql.SQL(
            "create materialized view {} with (timescaledb.continuous, "
            "timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) "
            "as {} with no data"
        )
    else:
        create = sql.SQL("create table {} as {} with no data")
    connection.execute(create.format(name, sql.SQL(rollup.select)))
    for columns, carried in rollup.indexes:
        index = _columns(columns)
        if carried:
            index += sql.SQL(" include ") + _columns(carried)
        connection.execute(sql.SQL("create index on {} {}").format(name, index))
    if not is_aggregate:
        connection.execute(sql.SQL("create index on {} ({})").format(name, bucket))


def _view_sql(connection: Connection, rollup: Rollup, number: int, names: list[str]) -> str:
    """The SELECT of the view: the columns it has already, in their order, then the new ones."""
    types = _columns_of(connection, rollup.materialization)
    old = _columns_of(connection, rollup.name)
    if gone := [name for name in old if name not in types]:
        raise RollupError(f"{rollup.file}: keep the column {gone[0]}, others may read it.")
    if unknown := [name for name in rollup.private if name not in types and name != "*"]:
        raise RollupError(f"{rollup.file}: it has no column {unknown[0]} that could be private.")
    return rollup.view_sql(number, list(old | types), types, rollup.is_fed(names))


def _columns_of(connection: Connection, table: str) -> dict[str, str]:
    rows = connection.execute(
        """
        select attname, format_type(atttypid, atttypmod)
        from pg_attribute
        where attrelid = to_regclass(%s)
          and attnum > 0
          and not attisdropped
        order by attnum
        """,
        (table,),
    ).fetchall()
    return dict(rows)


def _columns(names: str) -> sql.Composed:
    return sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Identifier, names.split(", "))))


def _mark_existing_rows(connection: Connection) -> None:
    """Marks every bucket that kept raw rows are in, for rollups that were never filled.

    Only after whoever wrote before the trigger knew the rollup has ended, so that all is seen.
    """
    waiting = connection.execute(
        """
        select c.id, c.source, s.time_column, c.width::text
        from rollups.catalog c
        join rollups.sources s on s.name = c.source
        where c.fill_generation is null
        """
    ).fetchall()
    if not waiting:
        return
    _await_generation(connection)
    for number, source, time_column, width in waiting:
        with connection.transaction():
            connection.execute(
                sql.SQL(
                    """
                    insert into rollups.dirty_buckets (rollup, bucket, generation)
                    select distinct {number}::smallint, time_bucket(interval {width}, {time}),
                      last_value
                    from {source}
                    cross join rollups.generation
                    where {time} >= rollups.retained_from({name})
                    on conflict do nothing
                    """
                ).format(
                    number=number,
                    width=width,
                    time=sql.Identifier(time_column),
                    source=sql.Identifier(*source.split(".")),
                    name=source,
                )
            )
            first = connection.execute(
                """
                update rollups.catalog as c
                set fill_generation = (select last_value from rollups.generation)
                where id = %s
                returning not exists (
                  select from rollups.catalog o where o.name = c.name and o.is_current
                )
                """,
                (number,),
            ).fetchone()
            if first == (True,):  # nothing to wait for: all that is there is marked
                connection.execute("select rollups.promote(%s)", (number,))


def _await_generation(connection: Connection) -> None:
    row = connection.execute("select rollups.close_generation()").fetchone()
    assert row
    deadline = time.monotonic() + _WAIT_TIMEOUT
    settled = "select rollups.settled_generation() >= %s"
    while connection.execute(settled, row).fetchone() == (False,):
        if time.monotonic() > deadline:
            raise RollupError(
                f"A transaction has been writing for a minute{_oldest_writer(connection)}: "
                "end it and migrate again."
            )
        time.sleep(0.02)


def _oldest_writer(connection: Connection) -> str:
    """Where to look for it, in another database too, if this login may know."""
    connection.execute("reset role")
    row = connection.execute(
        """
        select pid, datname
        from pg_stat_activity
        where backend_xid is not null
          and pid <> pg_backend_pid()
        order by age(backend_xid) desc
        limit 1
        """
    ).fetchone()
    return f" (process {row[0]} in database {row[1]})" if row else ""
