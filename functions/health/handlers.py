"""The scheduled function of health: every minute, what the moment is like."""

from __future__ import annotations

from typing import Any

from functions.health import gauges
from functions.shared.scheduled import run_job


def measure(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Writes the gauges as metrics. While the database is down there are none: an alarm too."""
    return run_job("health.measure", lambda *_: gauges.measure(), context)
