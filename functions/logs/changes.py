"""Changes: what came in and is not yet part of sessions and totals, a queue in the database.

A reader adds the queue to what is kept, so it waits for nobody; whoever folds makes it short again.
Readers fold a little where nobody else is at it, the refresh folds all, and who writes folds when
the queue has become long, so that no reader finds much.
"""

from __future__ import annotations

import time

from functions.shared import db

_WORTH = 50  # queued changes from which folding costs a reader less than reading them
_BATCH_SIZE = 2000  # changes that are folded together
_LONG = 20_000  # queued changes from which writers fold, too
_PAUSE = 5.0  # seconds between two looks of a process that writes
_looked_at = float("-inf")  # monotonic seconds


def fold_some() -> int:
    """Folds a batch, if that many wait and nobody else folds; returns how many were folded.

    One round trip, and one commit if there is something to fold.
    """
    [row] = db.run(
        """
        select case
            when (
              select count(*)
              from (
                select
                from logs.changes
                limit %(worth)s
              ) as c
            ) = %(worth)s
            then logs.fold(%(most)s)
            else 0
          end as folded
        """,
        {"worth": _WORTH, "most": _BATCH_SIZE},
    )
    folded: int = row["folded"]
    return folded


def fold_all(seconds: float = 10.0) -> None:
    """Folds until nothing is queued, somebody else is at it, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        [row] = db.run("select logs.fold(%s) as folded", (_BATCH_SIZE,))
        if row["folded"] < _BATCH_SIZE:
            break


def fold_if_long() -> None:
    """Folds a part of a queue that has become long; looks once in some seconds."""
    global _looked_at
    if time.monotonic() < _looked_at + _PAUSE:
        return
    _looked_at = time.monotonic()
    [row] = db.run(
        "select count(*) as queued from (select from logs.changes limit %s) as c", (_LONG,)
    )
    if row["queued"] == _LONG:
        fold_all(seconds=1.0)
