"""Scheduled functions: for how long they work, and what they log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functions.shared import db, log
from functions.shared.settings import settings

_RESERVE = 30.0  # seconds before Lambda ends a function, for what a job began just before
_WITHOUT_LAMBDA = 240.0  # seconds, where nobody says how much time there is


def run_job(name: str, job: Callable[[db.Connection, float], Any], context: Any) -> dict[str, Any]:
    """Runs a job on a connection without a request's time-outs; logs its report and returns it.

    The job is given for how many seconds it may begin something, and returns an object with the
    fields of its report. `context` is Lambda's, or None.
    """
    # Both are tried again on a new connection where the database was restarted since the last
    # firing. The 25 s of requests are for callers who wait; here Lambda's own time-out counts.
    # Behind a pooler it would be set for whoever comes next.
    if settings().database_pooler:
        db.query("select 1")
    else:
        db.query("set statement_timeout = '10min'")
    connection = db.connection()
    connection.wait_timeout = None
    report: dict[str, Any] = vars(job(connection, _seconds_left(context)))
    log.event(name, **report)
    return report


def _seconds_left(context: Any) -> float:
    if not context:
        return _WITHOUT_LAMBDA
    left: float = context.get_remaining_time_in_millis() / 1000
    return max(1.0, left - _RESERVE)
