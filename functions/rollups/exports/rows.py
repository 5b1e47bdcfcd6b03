"""Rows of a selection, read by a server-side cursor: memory holds one batch of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format
from psycopg.rows import tuple_row

from functions.rollups.exports.selection import Selection
from functions.shared import db

BATCH = 5_000  # rows
Row = tuple[Any, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POSTGRES_EPOCH = 946_684_800_000_000  # 2000-01-01, in microseconds since 1970


@dataclass(frozen=True)
class Reading:
    """One snapshot of a selection: its dirty buckets, read or left out, and batches of its rows."""

    dirty_buckets: int
    batches: Iterator[list[Row]]


class _Microseconds(Loader):
    """Times as microseconds since 1970, which files need; a datetime of each costs ten times it."""

    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        return int.from_bytes(data, "big", signed=True) + _POSTGRES_EPOCH


@contextmanager
def open_rows(selection: Selection) -> Iterator[Reading]:
    """The rows of a selection and its count of dirty buckets, as of one moment.

    Times are microseconds since 1970. Raises as psycopg does while rows are read.
    """
    with db.transaction():
        connection = db.connection()
        connection.execute("set transaction isolation level repeatable read, read only")
        connection.execute("set local cursor_tuple_fraction = 1")  # all rows will be read
        dirty = db.fetch_value(selection.count_dirty(), None, on=connection)
        with connection.cursor("export", row_factory=tuple_row) as cursor:
            cursor.format = Format.BINARY
            cursor.adapters.register_loader("timestamptz", _Microseconds)
            cursor.execute(selection.build_statement(), None, binary=True)
            yield Reading(dirty, _batches(cursor))


def _batches(cursor: Any) -> Iterator[list[Row]]:
    while rows := cursor.fetchmany(BATCH):
        db.rows_seen += len(rows)
        yield rows


def format_time(microseconds: int) -> str:
    """A time in ISO 8601, by UTC, with as many digits as it needs."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().replace("+00:00", "Z")
