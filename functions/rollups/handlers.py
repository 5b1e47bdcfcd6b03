"""The scheduled functions: refresh every few minutes, audit and retention every night, and every
minute a look at what analysts run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functions.rollups import analysts as analyst_sessions
from functions.rollups import audit as audits
from functions.rollups import columnstore
from functions.rollups import refresh as refreshes
from functions.rollups import retention as retentions
from functions.shared import db, log
from functions.shared.settings import settings


def refresh(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Refreshes what is dirty, and tells the words of packed logs that were untold.

    What time does not allow is left to the next firing.
    """
    done = _run("rollups.refresh", refreshes.run, context)
    _run("rollups.words", columnstore.index_words, context)
    return done


def audit(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Audits a sample of every rollup; a difference is repaired, and raises an alarm."""
    done = _run("rollups.audit", audits.run, context)
    if done["wrong"]:
        log.event("rollups.wrong", level="ERROR", wrong=done["wrong"])
    return done


def retention(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Drops raw chunks that are due and whose rollups are clean, and packs old ones."""
    done = _run("rollups.retention", retentions.run, context)
    _run("rollups.columnstore", columnstore.run, context)
    return done


def analysts(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Ends what analysts run for too long; while the database is away there is nothing to end."""
    try:
        return _run("rollups.analysts", analyst_sessions.run, context)
    except db.DatabaseUnavailable:
        log.event("rollups.analysts", level="ERROR", away=True)
        return {}


def _run(name: str, verb: Callable[..., Any], context: Any) -> dict[str, Any]:
    # Ends itself before Lambda does, with time for the last span it began.
    seconds = max(1.0, context.get_remaining_time_in_millis() / 1000 - 30) if context else 240.0
    connection = db.connection()
    # The 25 s of requests are for callers who wait; here the lock and Lambda's own time-out count.
    connection.wait_timeout = None
    if not settings().database_pooler:  # behind one, it would be set for whoever comes next
        connection.execute("set statement_timeout = '10min'")
    report: dict[str, Any] = vars(verb(connection, seconds=seconds))
    log.event(name, **report)
    return report
