"""Scheduled functions: for how long they work, and what they log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import psycopg

from functions.shared import db, log, stores
from functions.shared.settings import settings

_RESERVE = 30.0  # seconds before Lambda ends a function, for what a job began just before
_WITHOUT_LAMBDA = 240.0  # seconds, where nobody says how much time there is


Job = Callable[[db.Connection, float], Any]


def run_everywhere(name: str, job: Job, context: Any) -> dict[str, Any]:
    """Runs a job on each store, one after the other, which share the time that is left.

    A store where it fails holds up no other; the first failure is raised in the end. Returns the
    main store's report, with those of the others as `stores`.
    """
    reports: dict[str, dict[str, Any]] = {}
    failures: list[Exception] = []
    names = stores.list_stores()
    for number, store in enumerate(names):
        share = _seconds_left(context) / (len(names) - number)
        try:
            with stores.on(store):
                reports[store] = _run(name, job, share)
        except (psycopg.Error, db.DatabaseUnavailable) as failure:
            log.exception(failure, job=name, store=store)
            failures.append(failure)
    if failures:
        raise failures[0]
    others = {store: report for store, report in reports.items() if store != stores.MAIN}
    return reports[stores.MAIN] | ({"stores": others} if others else {})


def run_job(name: str, job: Job, context: Any) -> dict[str, Any]:
    """Runs a job on a connection without a request's time-outs; logs its report and returns it,
    and keeps when it ran and whether it failed.

    The job is given for how many seconds it may begin something, and returns an object with the
    fields of its report. `context` is Lambda's, or None.
    """
    return _run(name, job, _seconds_left(context))


def _run(name: str, job: Job, seconds: float) -> dict[str, Any]:
    # Both are tried again on a new connection where the database was restarted since the last
    # firing. The 25 s of requests are for callers who wait; here Lambda's own time-out counts.
    # Behind a pooler it would be set for whoever comes next.
    if settings().database_pooler:
        db.query("select 1")
    else:
        db.query("set statement_timeout = '10min'")
    connection = db.connection()
    connection.wait_timeout = None
    started_at = datetime.now(UTC)
    try:
        report: dict[str, Any] = dict(vars(job(connection, seconds)))
    except Exception as fault:
        with suppress(psycopg.Error, db.DatabaseUnavailable):
            _note(name, started_at, type(fault).__name__)
        raise
    store = stores.get_current()
    log.event(name, **report, **({} if store == stores.MAIN else {"store": store}))
    _note(name, started_at)
    return report


def _note(name: str, started_at: datetime, error: str | None = None) -> None:
    """Keeps how a run ended, in place of the one before. One round trip."""
    db.query(
        """
        insert into shared.job_runs as r (name, started_at, ended_at, succeeded_at, error)
        select %(name)s, %(started_at)s, moment,
          case when %(error)s::text is null then moment end, %(error)s
        from clock_timestamp() as moment
        on conflict (name) do update
        set started_at = excluded.started_at,
          ended_at = excluded.ended_at,
          succeeded_at = coalesce(excluded.succeeded_at, r.succeeded_at),
          error = excluded.error
        """,
        {"name": name, "started_at": started_at, "error": error},
    )


def _seconds_left(context: Any) -> float:
    if not context:
        return _WITHOUT_LAMBDA
    left: float = context.get_remaining_time_in_millis() / 1000
    return max(1.0, left - _RESERVE)
