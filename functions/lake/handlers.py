"""The scheduled function of the lake: every night, and within an hour of an erasure."""

from __future__ import annotations

from typing import Any

from functions.lake import lake
from functions.shared.scheduled import run_everywhere


def write(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Writes the days that are over and changed; `after_erasure`: only if anybody was erased."""
    if event.get("after_erasure"):
        return run_everywhere("lake.erasure", lake.run_after_erasure, context)
    return run_everywhere("lake.write", lake.run, context)
