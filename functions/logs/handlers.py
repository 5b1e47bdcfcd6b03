"""The scheduled functions of logs: privacy every hour."""

from __future__ import annotations

from typing import Any

from functions.logs.privacy import ip_retention as erasing
from functions.shared import db, log
from functions.shared.settings import settings


def privacy(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Erases addresses that are due; what time does not allow is left to the next firing."""
    _without_haste()
    report = vars(erasing.erase_due(_seconds(context)))
    log.event("logs.privacy", **report)
    return report


def _seconds(context: Any) -> float:
    """For how long work may begin: ends itself before Lambda does."""
    return max(1.0, context.get_remaining_time_in_millis() / 1000 - 30) if context else 240.0


def _without_haste() -> None:
    """The 25 s of requests are for callers who wait; here Lambda's own time-out counts."""
    connection = db.connection()
    connection.wait_timeout = None
    if not settings().database_pooler:  # behind one, it would be set for whoever comes next
        connection.execute("set statement_timeout = '10min'")
