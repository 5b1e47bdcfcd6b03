"""Refresh: recomputes the dirty buckets of every rollup, the oldest first.

Small buckets come before large ones: a rollup of months may be fed by one of days.

Safe when it fires twice (the second finds the lock held), when it is killed (a dirty bucket is
retired only after it was written) and while anybody writes (they mark in a later generation).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from functions.domains import load_maintenance
from functions.shared import db, locks
from functions.shared.exclusive import exclusive

# What is written together of one rollup, unless a bucket is wider: what it groups by then fits into
# memory, and a refresh that is cut off has not worked for long in vain.
AT_ONCE = timedelta(days=7)
_GENERATION_TIMEOUT = 2.0
_GRACE_HOURS = 72  # after a month's end, for rounds that were queued or sent late


@dataclass
class Report:
    """What a refresh did; `busy`: somebody else was at it; `left`: dirty buckets it left."""

    busy: bool = False
    buckets: int = 0
    left: int = 0
    ms: float = 0.0


@dataclass(frozen=True)
class Span:
    """Neighbouring dirty buckets of one rollup, from `since` until `until`."""

    rollup: int
    materialization: str
    is_aggregate: bool
    since: datetime
    until: datetime
    buckets: int


def run(connection: db.Connection, seconds: float = 240.0) -> Report:
    """Refreshes for about `seconds` on an autocommit connection."""
    report, started = Report(), time.monotonic()
    with exclusive(locks.ROLLUPS) as mine:
        if mine:
            prepare(connection)
            advance_watermark(connection)
            report.buckets = refresh_dirty(connection, started + seconds)
            _promote(connection)
            _tidy(connection)
        report.busy = not mine
    report.left = count_dirty(connection)
    report.ms = round((time.monotonic() - started) * 1000, 1)
    return report


def prepare(connection: db.Connection) -> None:
    """Lets domains bring the tables that rollups read up to date."""
    for domain in load_maintenance().values():
        domain.prepare_refresh(connection)


def refresh_dirty(connection: db.Connection, deadline: float) -> int:
    """Writes dirty buckets until none is due or `deadline` (monotonic seconds); returns how many.

    Only for who holds the lock.
    """
    generation, written = await_generation(connection), 0
    while spans := _oldest(connection, generation):
        for span in spans:
            if time.monotonic() > deadline:
                return written
            if not _write(connection, span, generation):
                return written
            written += span.buckets
    return written


def advance_watermark(connection: db.Connection) -> None:
    """Moves the watermark of sources with rollups of all time past the months that are complete.

    Only for who holds the lock. Whoever writes there later marks it: a trigger reads its source's
    watermark after it has its transaction id, and the refresh waits for older ids.
    """
    connection.execute(
        """
        with moved as (
          update rollups.sources as s
          set watermark = time_bucket('1 month', now() - make_interval(hours => %s))
          where s.watermark < time_bucket('1 month', now() - make_interval(hours => %s))
            and exists (select from rollups.catalog c where c.source = s.name and c.is_all_time)
          returning s.name, s.watermark
        )
        select rollups.mark_dirty(c.id, time_bucket(c.width, s.watermark))
        from moved s
        join rollups.catalog c on c.source = s.name and c.is_all_time
        """,
        (_GRACE_HOURS, _GRACE_HOURS),
    )


def await_generation(connection: db.Connection) -> int:
    """Closes a generation and returns the newest whose writers have all ended.

    Waits a moment for the writers of now; what a longer transaction marks is left to a later
    refresh.
    """
    closed: int = db.fetch_value("select rollups.close_generation()", on=connection)
    settled: int
    deadline = time.monotonic() + _GENERATION_TIMEOUT
    while (
        settled := db.fetch_value("select rollups.settled_generation()", on=connection)
    ) < closed:
        if time.monotonic() > deadline:
            break
        time.sleep(0.005)
    return settled


def count_dirty(connection: db.Connection) -> int:
    """How many buckets are dirty now, over all rollups."""
    count: int = db.fetch_value(
        "select count(distinct (rollup, bucket)) from rollups.dirty_buckets", on=connection
    )
    return count


def _oldest(connection: db.Connection, generation: int) -> list[Span]:
    """The next spans to write: of each rollup its oldest dirty buckets, neighbours together."""
    rows = connection.execute(
        """
        with due as (
          select distinct c.id, c.materialization, c.is_aggregate, c.width, d.bucket
          from rollups.dirty_buckets d
          join rollups.catalog c on c.id = d.rollup
          where d.generation <= %s
        ), island as (
          select *,
            date_subtract(bucket, width * row_number() over one_rollup, 'UTC') as shore
          from due
          window one_rollup as (partition by id order by bucket)
        )
        select id as rollup, materialization, is_aggregate, min(bucket) as since,
          date_add(max(bucket), width, 'UTC') as until, count(*) as buckets
        from island
        group by id, materialization, is_aggregate, width, shore, time_bucket(%s, bucket)
        order by width, since, rollup
        limit 100
        """,
        (generation, AT_ONCE),
    ).fetchall()
    return [Span(**row) for row in rows]


def _write(connection: db.Connection, span: Span, generation: int) -> bool:
    """Writes a span's buckets and retires them, last or together; False: not now."""
    if span.is_aggregate:
        try:
            connection.execute(
                "call refresh_continuous_aggregate(%s::regclass, %s, %s, force => true)",
                (span.materialization, span.since, span.until),
            )
        except psycopg.errors.LockNotAvailable:
            return False  # 55P03, someone else is at it: a later refresh does it
        _retire(connection, span, generation)
        return True
    with connection.transaction():
        connection.execute(
            "select rollups.refresh_range(%s::smallint, %s, %s)",
            (span.rollup, span.since, span.until),
        )
        _retire(connection, span, generation)
    return True


def _retire(connection: db.Connection, span: Span, generation: int) -> None:
    connection.execute(
        """
        delete from rollups.dirty_buckets
        where rollup = %s
          and bucket >= %s
          and bucket < %s
          and generation <= %s
        """,
        (span.rollup, span.since, span.until, generation),
    )


def _promote(connection: db.Connection) -> None:
    """Lets new versions that are filled take over their views."""
    connection.execute(
        """
        select rollups.promote(c.id)
        from rollups.catalog c
        where not c.is_current
          and c.fill_generation is not null
          and not exists (
            select
            from rollups.dirty_buckets d
            where d.rollup = c.id
              and d.generation <= c.fill_generation
          )
        """
    )


def _tidy(connection: db.Connection) -> None:
    """Drops closed generations but the newest settled one, and the room that dead rows take.

    Every read of a view looks through the dirty buckets: they must not wait for autovacuum. Those
    of a version that was replaced are marked until the next migration replaces the triggers.
    """
    connection.execute(
        "delete from rollups.generations where generation < rollups.settled_generation()"
    )
    connection.execute(
        "delete from rollups.dirty_buckets where rollup not in (select id from rollups.catalog)"
    )
    connection.execute("vacuum rollups.dirty_buckets")
