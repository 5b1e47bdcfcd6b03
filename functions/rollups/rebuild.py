"""Rebuild: recomputes a range of buckets while everybody goes on reading and writing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from functions.rollups import refresh
from functions.shared import db, locks
from functions.shared.exclusive import exclusive

_BATCH_SIZE = 100  # buckets marked at a time, or a week's: readers pay for dirty ones


class RebuildError(Exception):
    """Why a rebuild cannot start, as a message."""


def run(
    connection: db.Connection, name: str, since: datetime, until: datetime
) -> Iterator[tuple[datetime, int]]:
    """Recomputes the buckets from `since` until `until`; yields (bucket reached, buckets done).

    May be ended at any time and started again from the last bucket it reached.
    """
    found = connection.execute(
        """
        select c.id, time_bucket(c.width, greatest(%s, s.retained_from)) as since
        from rollups.catalog c
        join rollups.sources s on s.name = c.source
        where c.name = %s
          and c.is_current
        """,
        (since, name),
    ).fetchone()
    if found is None:
        raise RebuildError(f"There is no rollup {name}.")
    done, reached = 0, found["since"]
    with exclusive(locks.ROLLUPS) as mine:
        if not mine:
            raise RebuildError("Somebody else is refreshing or auditing: try again in a minute.")
        while reached < until:
            step = _step(connection, found["id"], reached, until)
            done += _rebuild(connection, found["id"], reached, step)
            reached = step
            yield reached, done


def _step(connection: db.Connection, rollup: int, since: datetime, until: datetime) -> datetime:
    """Where the next buckets end: months have no length of their own, the database adds them."""
    step: datetime = db.fetch_value(
        "select least(%s, date_add(%s, greatest(width * %s, %s), 'UTC')) as step"
        " from rollups.catalog where id = %s",
        (until, since, _BATCH_SIZE, refresh.AT_ONCE, rollup),
        on=connection,
    )
    return step


def _rebuild(connection: db.Connection, rollup: int, since: datetime, until: datetime) -> int:
    connection.execute(
        """
        select rollups.mark_dirty(c.id, bucket)
        from rollups.catalog c
        cross join generate_series(%s, %s - interval '1 us', c.width, 'UTC') as bucket
        where c.id = %s
        """,
        (since, until, rollup),
    )
    return refresh.refresh_dirty(connection, time.monotonic() + 3600)
