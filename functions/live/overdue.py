"""Overdue turns: the sweep ends those that nobody who reads or writes the room has ended.

When a turn is over follows from its clock (functions/live/clock.py) and not from when somebody
notices: a sweep that is late, or runs twice, changes nothing that anybody reads.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from functions.live.kinds import Overdue, Turns, load_kinds
from functions.shared import db, log

_PAGE = 100  # rooms
_FIRST = Overdue(datetime.min.replace(tzinfo=UTC), "")


def end_overdue(until: float) -> int:
    """Ends the overdue turns of all kinds of rooms, the oldest first, until a moment of
    `time.monotonic()`; in how many rooms there were any.

    What is posted of it is the caller's to see to. A room that fails is logged and stops no other.
    """
    return sum(_end_of(kind.turns, until) for kind in load_kinds().values() if kind.turns)


def _end_of(turns: Turns, until: float) -> int:
    ended, last = 0, _FIRST
    while time.monotonic() < until:
        found = turns.list_overdue(last, _PAGE)
        if not found:
            break
        for last in found:
            if time.monotonic() > until:
                break
            ended += _end(turns, last.room)
    return ended


def _end(turns: Turns, room: str) -> bool:
    try:
        return _end_together(turns, room)
    except db.DatabaseUnavailable:
        raise  # the next sweep begins where this one ends
    except Exception as error:  # noqa: BLE001  a room of which one domain makes no sense
        log.exception(error, room=room)
        return False


@db.retried
def _end_together(turns: Turns, room: str) -> bool:
    with db.transaction():
        return turns.end_overdue(room)
