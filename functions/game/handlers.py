"""The scheduled function of the game: the pool of battles."""

from __future__ import annotations

from typing import Any

from functions.game import pool
from functions.shared.scheduled import run_job


def keep_pool(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fills the pool, and gives up battles in which nobody strikes any more."""
    return run_job("game.pool", lambda *_: pool.maintain(), context)
