"""Comments of rollups' columns: from their files into the database, at every migrate.

A materialization has them first, so that a version which is still being filled brings its own along
when it takes the view over (`rollups.promote`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import psycopg

from schema.engine.rollup import Rollup, RollupError

Connection = psycopg.Connection[tuple[Any, ...]]


def comment_columns(connection: Connection, rollups: Iterable[Rollup]) -> None:
    """Comments the columns of these rollups, each of which comes after those that it reads."""
    known: dict[str, dict[str, str]] = {}
    for rollup in rollups:
        known[rollup.name] = comments = _list_comments(connection, rollup, known)
        with connection.transaction():
            connection.execute("set local lock_timeout = '5s'")
            connection.execute(
                """
                select rollups.comment_columns(c.materialization, %s),
                  case when c.is_current then rollups.copy_comments(c.materialization, c.name) end
                from rollups.catalog c
                where c.name = %s
                  and c.version = %s
                """,
                (json.dumps(comments), rollup.name, rollup.version),
            )


def _list_comments(
    connection: Connection, rollup: Rollup, known: dict[str, dict[str, str]]
) -> dict[str, str]:
    """What each column holds: as its file says, or else as what it reads says."""
    for name in rollup.reads:
        if name not in known:
            known[name] = _read_view(connection, name)
    comments = {rollup.bucket_column: describe_bucket(rollup)}
    for name in reversed(rollup.reads):
        comments = known[name] | comments
    names = _list_columns(connection, rollup.materialization)
    if unknown := [name for name in rollup.columns if name not in names]:
        raise RollupError(f"{rollup.file}: it has no column {unknown[0]} that could be described.")
    return {name: text for name, text in (comments | rollup.columns).items() if name in names}


def describe_bucket(rollup: Rollup) -> str:
    """What the column of its buckets holds."""
    if rollup.is_all_time:
        return "The same in every row: all time is one bucket"
    return f"Start of the bucket of {rollup.width}, by UTC"


def _list_columns(connection: Connection, table: str) -> set[str]:
    rows = connection.execute(
        """
        select attname
        from pg_attribute
        where attrelid = %s::regclass
          and attnum > 0
          and not attisdropped
        """,
        (table,),
    ).fetchall()
    return {name for (name,) in rows}


def _read_view(connection: Connection, name: str) -> dict[str, str]:
    """The comments of a view's columns. Of a table none: those speak of its own rows."""
    rows = connection.execute(
        """
        select a.attname, col_description(c.oid, a.attnum)
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.oid = %s::regclass
          and c.relkind = 'v'
          and col_description(c.oid, a.attnum) is not null
        """,
        (name,),
    ).fetchall()
    return dict(rows)
