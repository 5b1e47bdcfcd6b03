"""The rollups that may be exported: those that analysts read, none of which names a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from functions.shared import db, stores
from functions.shared.errors import NotFound

Type = Literal["timestamp", "bigint", "double", "text"]
# In the lake exact numbers stay exact, so that sums of raw rows are those of rollups bit by bit.
StoredType = Type | Literal["decimal"]
# What files hold of each type of PostgreSQL; of any other one its text.
_TYPES: dict[str, Type] = {
    "timestamp with time zone": "timestamp",
    "boolean": "bigint",  # 0 or 1, which can be added up
    "smallint": "bigint",
    "integer": "bigint",
    "bigint": "bigint",
    "real": "double",
    "double precision": "double",
    "numeric": "double",
}


@dataclass(frozen=True)
class Column:
    """A column of a rollup: its type in files, and as the database calls it."""

    name: str
    type: StoredType
    sql_type: str
    unit: str | None
    comment: str | None


@dataclass(frozen=True)
class Rollup:
    """A rollup as analysts read it; `bucket` is the column that holds the start of a bucket."""

    name: str
    comment: str
    bucket: str
    width: str  # of a bucket, an ISO 8601 duration
    freshness: str
    columns: tuple[Column, ...]
    dirty_buckets: int
    oldest_dirty: datetime | None


_UNKNOWN = "There is no such rollup; GET /api/rollups lists them."


def list_rollups() -> list[Rollup]:
    """All rollups that may be exported, by name. One round trip a store."""
    found: list[Rollup] = []
    for store in stores.list_stores():
        with stores.on(store):
            found += list_rollups_here()
    return sorted(found, key=lambda rollup: rollup.name)


def list_rollups_here() -> list[Rollup]:
    """Those whose domains live in the store that is worked on, by name. One round trip."""
    return [
        _to_rollup(row)
        for row in db.query(
            """
            select name, comment, bucket, width, freshness, columns, dirty_buckets, oldest_dirty
            from analysts.list_rollups()
            """
        )
        if stores.is_here(row["name"].partition(".")[0])
    ]


def get_rollup(name: str) -> Rollup:
    """The rollup of that name; raises NotFound. One round trip."""
    if "\0" in name:  # which no text of PostgreSQL holds
        raise NotFound(_UNKNOWN)
    row = db.fetch_one(
        """
        select name, comment, bucket, width, freshness, columns, dirty_buckets, oldest_dirty
        from analysts.list_rollups()
        where name = %s
        """,
        (name,),
    )
    if row is None:
        raise NotFound(_UNKNOWN)
    return _to_rollup(row)


def make_column(name: str, sql_type: str, unit: str | None, comment: str | None) -> Column:
    """A column, with what files hold of a type of PostgreSQL."""
    return Column(name, _TYPES.get(sql_type, "text"), sql_type, unit, comment)


def _to_rollup(row: db.Row) -> Rollup:
    columns = tuple(
        make_column(column["name"], column["type"], column["unit"], column["comment"])
        for column in row["columns"]
    )
    return Rollup(**{**row, "columns": columns})
