"""A page of a rollup's rows as JSON, with the SQL that makes them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from functions.rollups.exports.catalog import Column, Rollup, Type, list_rollups
from functions.rollups.exports.query import RollupQuery
from functions.rollups.exports.selection import Selection
from functions.shared import cursors, db
from functions.shared.fields import ResponseModel

_SAFE = 2**53 - 1  # the largest whole number that JavaScript reads exactly
_PLAIN_NAME = re.compile(r'"([a-z_][a-z_0-9]*)"')

Cell = str | int | float | None


class ColumnInfo(ResponseModel):
    """A column: its type in files and in the database, its unit, what it holds."""

    name: str
    type: Type
    sql_type: str
    unit: str | None
    comment: str | None


class RollupInfo(ResponseModel):
    """A rollup: what a row is, the column and the length (ISO 8601) of its buckets.

    `dirty_buckets` changed since the last refresh, the oldest of them at `oldest_dirty`.
    """

    name: str
    comment: str
    bucket: str
    width: str
    freshness: str
    dirty_buckets: int
    oldest_dirty: datetime | None
    columns: list[ColumnInfo]


class Rollups(ResponseModel):
    """Every rollup that analysts may read, by name."""

    rollups: list[RollupInfo]


class RollupPage(ResponseModel):
    """Rows in the order of `columns`; times are ISO 8601, by UTC.

    A whole number beyond 2^53 - 1, which JavaScript cannot hold, is text. `sql` gives the rows from
    the first one on. `dirty_buckets` are those of the range, in the rows or left out of them.
    """

    name: str
    columns: list[ColumnInfo]
    rows: list[list[Cell]]
    dirty_buckets: int
    sql: str
    next_cursor: str | None


def list_infos() -> dict[str, Any]:
    """Every rollup with its columns. One round trip."""
    return {"rollups": [_to_info(rollup) for rollup in list_rollups()]}


def get_page(query: RollupQuery) -> dict[str, Any]:
    """A page of rows; raises NotFound, Invalid. Three round trips."""
    place = cursors.Pages(query, query.limit)
    selection = query.select()
    if place.after and len(place.after) != len(selection.rollup.columns):
        place.after = None  # the rollup has a new version since: from the first row on
    found = db.run_composed(selection.build_page(place.after, query.limit + 1))
    shown = found[: query.limit]
    more = place.encode(shown[-1]["position"]) if len(found) > len(shown) else None
    return {
        "name": selection.rollup.name,
        "columns": [vars(column) for column in selection.columns],
        "rows": [[_to_cell(row[column.name]) for column in selection.columns] for row in shown],
        "dirty_buckets": db.run_composed(selection.count_dirty())[0]["count"],
        "sql": show_sql(selection, query.limit),
        "next_cursor": more,
    }


def show_sql(selection: Selection, limit: int) -> str:
    """The statement as an analyst would write it, names without needless quotes."""
    text = selection.build_statement().as_string(None)
    return f"{_PLAIN_NAME.sub(_unquote, text)}\nlimit {limit}"


def _unquote(quoted: re.Match[str]) -> str:
    return quoted[1]


def _to_info(rollup: Rollup) -> dict[str, Any]:
    return {**vars(rollup), "columns": [_to_column(column) for column in rollup.columns]}


def _to_column(column: Column) -> dict[str, Any]:
    return vars(column)


def _to_cell(value: Any) -> Any:
    return str(value) if isinstance(value, int) and abs(value) > _SAFE else value
