"""Giving sockets up: they are closed at once, or as soon as the gateway is not too busy any more.

One that is forgotten but open would show its user a room that stands still, until the gateway finds
it idle.
"""

from __future__ import annotations

from collections.abc import Collection

from functions.live import later, management
from functions.shared import log

_PAUSE = 10  # seconds
_TRIES = 30  # five minutes: then it was silent for half of the time in which it is idle


def close_sockets(connection_ids: Collection[str], tries: int = _TRIES) -> None:
    """Closes sockets that are nobody's any more; later those that cannot be closed now."""
    left = set(connection_ids) - management.close_all(list(connection_ids))
    if left:
        log.event("live.unclosed", level="WARNING" if tries > 1 else "ERROR", sockets=len(left))
    if tries > 1:
        for name in left:
            later.delay(_PAUSE, "close", connection_id=name, tries=tries - 1)
