"""Builds the rollups that a database lacks: their material, their marks, at last their views."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from schema.rollup import Rollup, RollupError

Connection = psycopg.Connection[tuple[Any, ...]]

_PATIENCE = 60.0  # seconds for transactions that began before a rollup was born


def rollups(connection: Connection, folder: Path, community: bool) -> list[str]:
    """Makes the rollups that the database lacks; returns their names. Needs autocommit."""
    known: dict[tuple[str, int], str] = {
        (name, version): checksum
        for name, version, checksum in connection.execute(
            "select name, version, checksum from rollups.catalog"
        )
    }
    wanted = [Rollup.read(path) for path in sorted(folder.glob("*.sql"))]
    for rollup in wanted:
        if known.get((rollup.name, rollup.version), rollup.checksum) != rollup.checksum:
            raise RollupError(
                f"{rollup.file} was edited after it was built: give the SELECT the next version."
            )
        if any(name == rollup.name and version > rollup.version for name, version in known):
            raise RollupError(f"{rollup.file}: the database has a later version of it.")
    new = [rollup for rollup in wanted if (rollup.name, rollup.version) not in known]
    for rollup in new:  # one after the other: a file may read the views of those before it
        with connection.transaction():
            connection.execute("set local lock_timeout = '5s'")
            _create(connection, rollup, community)
        _mark_what_is_there(connection)
    _mark_what_is_there(connection)  # what a migration that was cut off had left
    return [rollup.name for rollup in new]


def _create(connection: Connection, rollup: Rollup, community: bool) -> None:
    """The empty material, the catalogue's row, and the trigger that marks."""
    is_aggregate = community and not rollup.read_by and _is_hypertable(connection, rollup.source)
    _create_material(connection, rollup, is_aggregate)
    connection.execute(
        "insert into rollups.sources (name, time_column) values (%s, %s) on conflict do nothing",
        (rollup.source, rollup.time_column),
    )
    row = connection.execute(
        """
        insert into rollups.catalog
          (name, version, checksum, source, bucket_column, width, material, is_aggregate,
           live, exact)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, '')
        returning id
        """,
        (
            rollup.name,
            rollup.version,
            rollup.checksum,
            rollup.source,
            rollup.bucket_column,
            rollup.width,
            rollup.material,
            is_aggregate,
            rollup.live("$1", "$2"),
        ),
    ).fetchone()
    assert row
    [number] = row
    connection.execute(
        "update rollups.catalog set exact = %s where id = %s",
        (rollup.exact(number, _columns_of_view(connection, rollup)), number),
    )
    _create_trigger(connection, rollup.source, rollup.time_column)


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


def _create_material(connection: Connection, rollup: Rollup, is_aggregate: bool) -> None:
    name = sql.Identifier(*rollup.material.split("."))
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


def _columns_of_view(connection: Connection, rollup: Rollup) -> list[str]:
    """The view's columns: those it has already, in their order, then the new ones."""
    columns = _columns_of(connection, rollup.material)
    old = _columns_of(connection, rollup.name)
    if gone := [name for name in old if name not in columns]:
        raise RollupError(f"{rollup.file}: keep the column {gone[0]}, others may read it.")
    return old + [name for name in columns if name not in old]


def _columns_of(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        """
        select attname
        from pg_attribute
        where attrelid = to_regclass(%s)
          and attnum > 0
          and not attisdropped
        order by attnum
        """,
        (table,),
    ).fetchall()
    return [name for (name,) in rows]


def _columns(names: str) -> sql.Composed:
    return sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Identifier, names.split(", "))))


def _create_trigger(connection: Connection, source: str, time_column: str) -> None:
    """(Re)writes the trigger that marks the buckets a statement on `source` touched."""
    name = sql.Identifier("rollups", f"mark_{source.replace('.', '_')}")
    known = connection.execute(
        "select id, width::text from rollups.catalog where source = %s order by id", (source,)
    ).fetchall()
    values = sql.SQL(", ").join(
        sql.SQL("({}::smallint, interval {})").format(number, width) for number, width in known
    )

    widths = sql.SQL(", ").join(
        sql.SQL("(interval {})").format(width) for width in dict.fromkeys(w for _, w in known)
    )

    def marks(rows: str) -> sql.Composed:
        return sql.SQL(_MARKS).format(
            rows=sql.Identifier(rows),
            rollups=values,
            widths=widths,
            time=sql.Identifier(time_column),
        )

    connection.execute(
        sql.SQL(_TRIGGER).format(name=name, changed=marks("changed"), became=marks("became"))
    )
    table = sql.Identifier(*source.split("."))
    for verb, tables in _TRIGGERS.items():
        connection.execute(
            sql.SQL(
                "create or replace trigger {trigger} after {verb} on {table} referencing {tables} "
                "for each statement execute function {name}()"
            ).format(
                trigger=sql.Identifier(f"rollups_{verb}"),
                verb=sql.SQL(verb),
                table=table,
                tables=sql.SQL(tables),
                name=name,
            )
        )


_TRIGGERS = {
    "insert": "new table as changed",
    "delete": "old table as changed",
    "update": "old table as changed new table as became",
}
_TRIGGER = """
create or replace function {name}() returns trigger
language plpgsql
as $$
begin
  {changed};
  if tg_op = 'UPDATE' then
    {became};
  end if;
  return null;
end
$$
"""
# In the order of the key, so that two writers never wait for each other crosswise. A mark that is
# there already costs a look at the index.
_MARKS = """
insert into rollups.dirty (rollup, bucket, generation)
select r.id, b.bucket, g.last_value
from (
  select distinct w.width, public.time_bucket(w.width, c.{time}) as bucket
  from {rows} as c
  cross join (values {widths}) as w (width)
) as b
join (values {rollups}) as r (id, width) on r.width = b.width
cross join rollups.generation as g
order by 1, 2
on conflict do nothing
"""


def _mark_what_is_there(connection: Connection) -> None:
    """Marks every bucket that kept raw rows are in, for rollups that were never filled.

    Only after whoever wrote before the trigger knew the rollup has ended, so that all is seen.
    """
    waiting = connection.execute(
        """
        select c.id, c.source, s.time_column, c.width::text
        from rollups.catalog c
        join rollups.sources s on s.name = c.source
        where c.filled_by is null
        """
    ).fetchall()
    if not waiting:
        return
    _settle(connection)
    for number, source, time_column, width in waiting:
        with connection.transaction():
            connection.execute(
                sql.SQL(
                    """
                    insert into rollups.dirty (rollup, bucket, generation)
                    select distinct {number}::smallint, time_bucket(interval {width}, {time}),
                      last_value
                    from {source}
                    cross join rollups.generation
                    where {time} >= rollups.horizon({name})
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
                set filled_by = (select last_value from rollups.generation)
                where id = %s
                returning not exists (
                  select from rollups.catalog o where o.name = c.name and o.is_current
                )
                """,
                (number,),
            ).fetchone()
            if first == (True,):  # nothing to wait for: all that is there is marked
                connection.execute("select rollups.promote(%s)", (number,))


def _settle(connection: Connection) -> None:
    row = connection.execute("select rollups.close_generation()").fetchone()
    assert row
    deadline = time.monotonic() + _PATIENCE
    while connection.execute("select rollups.settled() >= %s", row).fetchone() == (False,):
        if time.monotonic() > deadline:
            raise RollupError(
                "A transaction has been writing for a minute: end it and migrate again."
            )
        time.sleep(0.02)
