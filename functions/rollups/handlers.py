"""The scheduled functions: refresh every few minutes, audit and retention every night, and every
minute a look at what analysts run and at functions that are frozen."""

from __future__ import annotations

from typing import Any

from functions.rollups import analysts as analyst_sessions
from functions.rollups import audit as audits
from functions.rollups import frozen, maintenance
from functions.rollups import refresh as refreshes
from functions.rollups import retention as retentions
from functions.shared import db, log
from functions.shared.scheduled import run_everywhere


def refresh(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Refreshes what is dirty, and lets domains catch up.

    What time does not allow is left to the next firing.
    """
    done = run_everywhere("rollups.refresh", refreshes.run, context)
    run_everywhere("rollups.catch_up", maintenance.catch_up, context)
    return done


def audit(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Audits a sample of every rollup; a difference is repaired, and raises an alarm."""
    done = run_everywhere(
        "rollups.audit",
        lambda connection, seconds: audits.run(connection, seconds=seconds),
        context,
    )
    wrong = dict(done["wrong"])
    for report in done.get("stores", {}).values():
        wrong |= report["wrong"]
    log.metric("AuditDifferences", sum(wrong.values()))
    if wrong:
        log.event("rollups.wrong", level="ERROR", wrong=wrong)
    return done


def retention(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Drops raw chunks that are due and whose rollups are clean; domains maintain their tables."""
    done = run_everywhere("rollups.retention", retentions.run, context)
    run_everywhere("rollups.maintenance", maintenance.run, context)
    return done


def analysts(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Ends what analysts run for too long, and sessions of functions that are frozen.

    While the database is down there is nothing to end.
    """
    try:
        done = run_everywhere("rollups.analysts", analyst_sessions.run, context)
        run_everywhere("rollups.frozen", frozen.run, context)
        return done
    except db.DatabaseUnavailable:
        log.event("rollups.analysts", level="ERROR", away=True)
        return {}
