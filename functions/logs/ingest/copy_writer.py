"""Streams: a batch that the database stores while its later events are still being read.

Reading a thousand events takes about as long as storing them, on two different machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import psycopg

from functions.logs.ingest import event_writer
from functions.logs.ingest.event_writer import EventBatch
from functions.logs.rows import Row
from functions.shared import db


class _NotPlainError(Exception):
    """A row that has to be looked up before it may be stored."""


def store_new(rows: Iterable[Row], parcel: Callable[[], EventBatch]) -> set[str] | None:
    """Stores rows as they come and then asks for their parcel; returns the ids, all new.

    None, and nothing stored, where that needs a second look: one is there already, came without a
    time, or the connection died. The parcel is for `events.store` then. Two round trips. Raises
    DatabaseUnavailable.
    """
    try:
        with db.transaction():
            return event_writer.copy(_first(rows), parcel)
    except _NotPlainError:
        return None
    except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
        raise db.DatabaseUnavailable from error  # it has waited long enough
    except psycopg.Error:
        return None


def _first(rows: Iterable[Row]) -> Iterator[Row]:
    """Of equal rows the first."""
    seen: set[str] = set()
    for row in rows:
        if row.earlier:
            raise _NotPlainError
        if row.id not in seen:
            seen.add(row.id)
            yield row
