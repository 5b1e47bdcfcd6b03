"""Retention: drops raw chunks that are older than a source keeps, and never an unfinished rollup.

In this order: the horizon moves first, under a lock that whoever is writing must have let go, so
that later writers are refused; the buckets before it are refreshed; and only when every rollup is
clean up to the horizon do chunks go.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from functions.rollups import refresh
from functions.rollups.turn import turn
from functions.shared import db


@dataclass
class Report:
    """What went: chunks per source, and events of clocks that were ahead, in chunks that stay.

    `waiting`: sources whose rollups are not clean yet.
    """

    busy: bool = False
    dropped: dict[str, int] = field(default_factory=dict)
    ahead: int = 0
    waiting: list[str] = field(default_factory=list)


def run(connection: db.Connection, seconds: float = 240.0) -> Report:
    """Drops what is due, old rate limits and refused bodies too, on an autocommit connection."""
    report, deadline = Report(), time.monotonic() + seconds
    with turn() as mine:
        report.busy = not mine
        if mine:
            refresh.settle_sessions(connection)
            for source in _limited(connection):
                if _move_horizon(connection, source):
                    refresh.work(connection, deadline)
                    _drop(connection, source, report)
                else:
                    report.waiting.append(source)
            if "logs.hours" in report.dropped:
                report.ahead = _delete_ahead(connection, deadline)
            # As long as a session may be derived anew, its row is there.
            connection.execute(
                """
                delete from logs.sessions
                where last_at < rollups.horizon('logs.played') - interval '48 hours'
                """
            )
            connection.execute(
                "delete from shared.limits where window_start < extract(epoch from now()) - 86400"
            )
            connection.execute(
                "delete from logs.receipts where hour < now() - interval '744 hours'"
            )
            connection.execute(
                "delete from ttt.quarantine where received_at < now() - interval '720 hours'"
            )
    return report


def keep(connection: db.Connection, source: str, days: int | None) -> bool:
    """Sets for how many days a source keeps raw rows (None: for good); False: no such source."""
    changed = connection.execute(
        "update rollups.sources set keep = make_interval(days => %s) where name = %s",
        (days, source),
    )
    return changed.rowcount == 1


def _limited(connection: db.Connection) -> list[str]:
    rows = connection.execute(
        "select name from rollups.sources where keep is not null order by name"
    ).fetchall()
    return [row["name"] for row in rows]


def _move_horizon(connection: db.Connection, source: str) -> bool:
    """Moves a horizon to where buckets of every rollup begin, never back; False: not tonight.

    The lock waits for who writes now, whose marks are then seen, and holds up others for at most
    two seconds. A writer takes its own lock before its snapshot, so it sees the new horizon then.
    What is wider than a day reads other rollups, whose rows stay: it holds nothing up.
    """
    table = sql.Identifier(*source.split("."))
    try:
        with connection.transaction():
            connection.execute("set local lock_timeout = '2s'")
            connection.execute(sql.SQL("lock table {} in share row exclusive mode").format(table))
            connection.execute(
                """
                update rollups.sources as s
                set horizon = greatest(s.horizon, (
                  select min(time_bucket(
                    least(c.width, interval '1 day'), date_subtract(now(), s.keep, 'UTC')
                  ))
                  from rollups.catalog c
                  where c.source = s.name
                    and not c.is_closing
                ))
                where s.name = %s
                """,
                (source,),
            )
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _drop(connection: db.Connection, source: str, report: Report) -> None:
    """Drops the chunks before the horizon, unless a mark is left there."""
    left = connection.execute(
        """
        select exists (
          select
          from rollups.dirty d
          join rollups.catalog c on c.id = d.rollup
          join rollups.sources s on s.name = c.source
          where s.name = %s
            and d.bucket < s.horizon
        ) or %s = 'logs.hours' and exists (
          select
          from logs.unsettled u
          join rollups.sources s on s.name = 'logs.hours'
          where u.hour < s.horizon
        ) as is_dirty
        """,
        (source, source),
    ).fetchone()
    if left is None or left["is_dirty"]:
        report.waiting.append(source)
        return
    row = connection.execute(
        """
        select count(*) as chunks
        from rollups.sources s
        cross join lateral drop_chunks(
          coalesce(s.raw, s.name)::regclass,
          older_than => date_subtract(s.horizon, s.margin, 'UTC')
        ) as chunk
        where s.name = %s
        """,
        (source,),
    ).fetchone()
    report.dropped[source] = row["chunks"] if row else 0


def _delete_ahead(connection: db.Connection, deadline: float) -> int:
    """Deletes log events that are over, but whose server's clock was ahead: by up to 400 days.

    Their chunks go by the time that was sent, `second`, and will be there for that much longer. Of
    one server and type at a time: the columnstore keeps those together, and unpacks no others.
    """
    deleted = 0
    kept = connection.execute(
        """
        select date_subtract(horizon, margin, 'UTC') as since
        from rollups.sources
        where name = 'logs.hours'
        """
    ).fetchone()
    assert kept
    for over in connection.execute(
        """
        select server_id, type, %(since)s::timestamptz as before, min(second) as since,
          max(second) as until
        from logs.events
        where at < %(since)s
          and second >= %(since)s
        group by server_id, type
        order by since
        """,
        kept,
    ).fetchall():
        if time.monotonic() > deadline:
            break
        with connection.transaction():
            # It refuses to unpack many rows for one statement, unless it is told.
            connection.execute(
                "set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0"
            )
            gone = connection.execute(
                """
                delete from logs.events
                where server_id = %(server_id)s
                  and type = %(type)s
                  and at < %(before)s
                  and second between %(since)s and %(until)s
                """,
                over,
            )
        deleted += gone.rowcount
    return deleted
