"""The scheduled functions of logs: privacy every hour."""

from __future__ import annotations

from typing import Any

from functions.logs.privacy import ip_retention
from functions.shared import stores
from functions.shared.scheduled import run_job


def privacy(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Erases addresses that are due; what time does not allow is left to the next firing."""
    with stores.on("logs"):
        return run_job("logs.privacy", lambda _, seconds: ip_retention.erase_due(seconds), context)
