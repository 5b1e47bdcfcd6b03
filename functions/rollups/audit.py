"""Audit: recomputes sampled clean buckets from the raw rows, and repairs what differs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from functions.domains import load_maintenance
from functions.rollups import refresh
from functions.shared import db, locks
from functions.shared.exclusive import exclusive

SAMPLE = 50  # buckets of each rollup a night


@dataclass
class Report:
    """What an audit looked at and found; `wrong`: rows that differed, per rollup that had any."""

    busy: bool = False
    buckets: int = 0
    wrong: dict[str, int] = field(default_factory=dict)


def run(connection: db.Connection, sample: int = SAMPLE, seconds: float = 240.0) -> Report:
    """Audits up to `sample` random clean buckets of each rollup, and repairs what is wrong.

    What domains check and never repair, such as balances, is checked while rollups are busy, too.
    """
    report, deadline = Report(), time.monotonic() + seconds
    with exclusive(locks.ROLLUPS) as mine:
        report.busy = not mine
        if mine:
            for rollup in _rollups(connection):
                _audit(connection, rollup, sample, deadline, report)
            if report.wrong:
                refresh.refresh_dirty(connection, deadline)
            for domain in load_maintenance().values():
                report.wrong |= domain.audit(connection, sample)
    for domain in load_maintenance().values():
        report.wrong |= domain.check(connection)
    return report


def _rollups(connection: db.Connection) -> list[db.Row]:
    return connection.execute(
        "select id, name from rollups.catalog where is_current order by id"
    ).fetchall()


def _audit(
    connection: db.Connection, rollup: db.Row, sample: int, deadline: float, report: Report
) -> None:
    wrong = 0
    for row in connection.execute(
        "select bucket from rollups.sample_buckets(%s, %s)", (rollup["id"], sample)
    ).fetchall():
        if time.monotonic() > deadline:
            break
        found = _differences(connection, rollup["id"], row["bucket"])
        report.buckets += found is not None
        if found:
            wrong += found
            connection.execute(
                "select rollups.mark_dirty(%s::smallint, %s)", (rollup["id"], row["bucket"])
            )
    connection.execute(
        "update rollups.catalog set audited_at = now(), wrong_rows = %s where id = %s",
        (wrong, rollup["id"]),
    )
    if wrong:
        report.wrong[rollup["name"]] = wrong


def _differences(connection: db.Connection, rollup: int, bucket: object) -> int | None:
    rows: int | None = db.fetch_value(
        "select rollups.count_differences(%s::smallint, %s)", (rollup, bucket), on=connection
    )
    return rows
