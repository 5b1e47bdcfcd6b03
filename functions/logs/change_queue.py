"""Changes: what came in and is not yet part of sessions and totals, a queue in the database.

A reader adds the queue to what is kept, so it waits for nobody; whoever folds makes it short again.
Readers fold a little where nobody else is at it, the refresh folds all, and who writes folds when
the queue has become long, so that no reader finds much.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from functions.shared import db, locks

_WORTH = 50  # queued changes from which folding costs a reader less than reading them
_BATCH_SIZE = 1000  # changes that are folded together
_LONG = 5000  # queued changes from which writers fold, too
_MANY_HOURS = timedelta(hours=3)  # that one request is about
_REFRESH_BATCH_SIZE = 2000  # for the refresh, which nobody waits for
_REFRESH_SECONDS = 120.0
_PAUSE = 5.0  # seconds between two looks of a process that writes
_BUSY = -1  # what logs.fold returns while somebody else folds
_looked_at = float("-inf")  # monotonic seconds


def fold_some() -> int:
    """Folds a batch, if that many wait and nobody else folds; returns how many were folded.

    One round trip, and one commit if there is something to fold.
    """
    folded: int = db.fetch_value(
        """
        select case
            when (
              select count(*)
              from (
                select
                from logs.change_queue
                limit %(worth)s
              ) as c
            ) = %(worth)s
            then logs.fold(%(most)s)
            else 0
          end
        """,
        {"worth": _WORTH, "most": _BATCH_SIZE},
    )
    return folded


def fold_all(seconds: float = 10.0) -> None:
    """Folds until nothing is queued, somebody else is at it, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if db.fetch_value("select logs.fold(%s)", (_BATCH_SIZE,)) < _BATCH_SIZE:
            break


def fold_if_long(times: Iterable[datetime]) -> None:
    """Folds for who has just stored events of these times, where readers would have much to do.

    That is after events of many hours, which were not sent as they happened, and when the queue has
    become long: for that a process looks once in some seconds. No round trip otherwise. A database
    that is away by now is no matter: what was stored stays queued.
    """
    known = list(times)
    with suppress(db.DatabaseUnavailable):
        if known and max(known) - min(known) > _MANY_HOURS:
            fold_all()
        elif _is_long():
            fold_all(seconds=1.0)


def _is_long() -> bool:
    global _looked_at
    if time.monotonic() < _looked_at + _PAUSE:
        return False
    _looked_at = time.monotonic()
    queued: int = db.fetch_value(
        "select count(*) from (select from logs.change_queue limit %s) as c", (_LONG,)
    )
    return queued == _LONG


def fold_first() -> None:
    """Folds all, and keeps others from folding until the open transaction ends."""
    db.query("select pg_advisory_xact_lock(%s)", (locks.LOGS_FOLD,))
    while db.fetch_value("select logs.fold(%s)", (_BATCH_SIZE,)) == _BATCH_SIZE:
        pass


def fold_before_refresh(connection: db.Connection) -> None:
    """Brings sessions and totals up to date with events: rollups are made of sessions, too.

    Open sessions are written as they are by now. Readers who fold meanwhile are waited for.
    """
    folded = _REFRESH_BATCH_SIZE
    deadline = time.monotonic() + _REFRESH_SECONDS
    while folded in (_REFRESH_BATCH_SIZE, _BUSY) and time.monotonic() < deadline:
        folded = db.fetch_value("select logs.fold(%s)", (_REFRESH_BATCH_SIZE,), on=connection)
        if folded == _BUSY:
            time.sleep(0.01)
    connection.execute("select logs.fold(0, true)")


def has_changes(connection: db.Connection, before: datetime) -> bool:
    """Whether changes of before a moment are queued."""
    found: bool = db.fetch_value(
        "select exists (select from logs.change_queue where occurred_at < %s)",
        (before,),
        on=connection,
    )
    return found
