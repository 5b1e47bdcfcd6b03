"""A clock that nothing ticks: limit, time used and since when it runs are all that is stored.

What it shows follows from these and the time of the store. Nothing is written while it runs, so a
restart loses nothing, and whoever reads it at the same moment reads the same. A turn has one, or
each player has one for the whole game, as in chess.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

_NOTHING = timedelta()
_SECOND = timedelta(seconds=1)


class Reading(NamedTuple):
    """What a clock shows at a moment; `time_remaining` and `overtime` are whole seconds."""

    used: timedelta
    time_remaining: int
    expired: bool
    overtime: int
    running: bool
    deadline: datetime | None  # of a clock that runs


class Clock(NamedTuple):
    """A clock that runs since `running_since`, or is paused, after `used` in the times before."""

    limit: timedelta  # 0: it never expires
    used: timedelta = _NOTHING
    running_since: datetime | None = None

    def start(self, now: datetime) -> Clock:
        """This clock, running; since when it ran before if it did."""
        return self if self.running_since else self._replace(running_since=now)

    def pause(self, now: datetime) -> Clock:
        """This clock, standing at what it has used."""
        return Clock(self.limit, self._used_at(now))

    @property
    def deadline(self) -> datetime | None:
        """When it expires if nobody pauses it, or has expired; before it was last started where
        nothing was left by then. None of one that is paused or has no limit."""
        if self.running_since is None or not self.limit:
            return None
        return self.running_since + self.limit - self.used

    def expired_at(self, now: datetime) -> datetime | None:
        """When it expired while it ran, at the earliest when it was started; None if it did not."""
        if self.running_since is None or self.deadline is None or now < self.deadline:
            return None
        return max(self.running_since, self.deadline)

    def read(self, now: datetime) -> Reading:
        """What it shows."""
        used = self._used_at(now)
        left = self.limit - used if self.limit else _NOTHING
        return Reading(
            used=used,
            time_remaining=max(0, left // _SECOND),
            expired=bool(self.limit) and left <= _NOTHING,
            overtime=max(0, -left // _SECOND),
            running=self.running_since is not None,
            deadline=self.deadline,
        )

    def _used_at(self, now: datetime) -> timedelta:
        running = now - self.running_since if self.running_since else _NOTHING
        return self.used + max(running, _NOTHING)
