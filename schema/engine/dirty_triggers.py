"""The triggers by which every write marks the buckets dirty that it touched."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from schema.engine.rollup import watermark_sql

Connection = psycopg.Connection[tuple[Any, ...]]


def _function(source: str) -> sql.Identifier:
    return sql.Identifier("rollups", f"mark_{source.replace('.', '_')}")


def write_function(connection: Connection, source: str, time_column: str) -> None:
    """(Re)writes the function that marks the buckets a statement on `source` touched."""
    known = connection.execute(
        "select id, width::text, is_all_time from rollups.catalog where source = %s order by id",
        (source,),
    ).fetchall()
    values = sql.SQL(", ").join(
        sql.SQL("({}::smallint, interval {}, {})").format(*rollup) for rollup in known
    )
    ends = {False: sql.SQL("'infinity'::timestamptz"), True: sql.SQL(watermark_sql(source))}
    widths = sql.SQL(", ").join(
        sql.SQL("(interval {}, {}, {})").format(width, all_time, ends[all_time])
        for width, all_time in dict.fromkeys((w, all_time) for _, w, all_time in known)
    )

    def mark_dirty(rows: str) -> sql.Composed:
        return sql.SQL(_MARK_DIRTY).format(
            rows=sql.Identifier(rows),
            rollups=values,
            widths=widths,
            time=sql.Identifier(time_column),
        )

    connection.execute(
        sql.SQL(_TRIGGER).format(
            name=_function(source), changed=mark_dirty("changed"), became=mark_dirty("became")
        )
    )


def create_triggers(connection: Connection, source: str) -> None:
    """Lets every statement that writes to `source` mark what it touched."""
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
                name=_function(source),
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
# In the order of the key, so that two writers never deadlock. A bucket that is marked already costs
# a look at the index.
_MARK_DIRTY = """
insert into rollups.dirty_buckets (rollup, bucket, generation)
select r.id, b.bucket, g.last_value
from (
  select distinct w.width, w.is_all_time, public.time_bucket(w.width, c.{time}) as bucket
  from {rows} as c
  cross join (values {widths}) as w (width, is_all_time, ending)
  where c.{time} < w.ending
) as b
join (values {rollups}) as r (id, width, is_all_time)
  on r.width = b.width
    and r.is_all_time = b.is_all_time
cross join rollups.generation as g
order by 1, 2
on conflict do nothing
"""
