"""Rate limits: fixed windows of 60 s, counted in the database so that all containers share them.

A window begins at a multiple of its length since 1970. A statement counts by calling
shared.count_request, so that a limited write still costs one round trip; functions/tilt/events.py,
whose every microsecond counts, does the same by itself. Limits of logins and of /v1 have windows
that begin with their first request: shared.count_in_window (schema/functions/shared_rate_limits.sql
has both).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from functions.shared import db
from functions.shared.errors import TooManyRequests

WINDOW_SECONDS = 60
_KEPT_SECONDS = 86_400  # for which a window that is over is kept


@dataclass(frozen=True)
class RateLimit:
    """What is left of a limit in its window: requests, and the Unix second when it resets."""

    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.remaining, 0)),
            "X-RateLimit-Reset": str(self.reset),
        }

    def check(self, sentence: str | None = None, scope: str | None = None) -> None:
        """Raises TooManyRequests, maybe in a family's own words, for one request too many.

        `scope`: which limit it is, for the families whose errors say so.
        """
        if self.remaining < 0:
            wait = max(1, math.ceil(self.reset - time.time()))
            says: dict[str, Any] = {}
            if scope:
                says = {"scope": scope, "limit": self.limit, "retry_after": wait}
            headers = self.headers | {"Retry-After": str(wait)}
            raise TooManyRequests(sentence, headers=headers, **says)


def delete_old(connection: db.Connection) -> None:
    """Deletes windows that ended long ago."""
    connection.execute(
        "delete from shared.rate_limits where window_start < extract(epoch from now()) - %s",
        (_KEPT_SECONDS,),
    )
