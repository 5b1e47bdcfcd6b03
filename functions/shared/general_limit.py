"""The limit of all requests under /v1: GENERAL_REQUESTS an hour for a user, or for an address.

Counted in the database. While that cannot count, requests pass and a metric says so. A request is
counted before it is served, or by the first statement that serves it: see `Deferred`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from functions.shared import db, log
from functions.shared.addresses import hash_address
from functions.shared.errors import Unavailable
from functions.shared.rate_limits import RateLimit
from functions.shared.request import Caller, Request
from functions.shared.settings import settings

WINDOW = 3600  # seconds


def look(request: Request, caller: Caller | None) -> None:
    """Puts what is left into a request's answer's headers, without counting it; raises
    TooManyRequests where nothing is left.

    One round trip.
    """
    try:
        [found] = db.query(
            """
            select coalesce(w.counted, 0) as counted,
              coalesce(w.resets_at, extract(epoch from clock_timestamp())::bigint + %s) as resets_at
            from (select) as nothing
            left join shared.requests_in_window(%s, %s) as w on true
            """,
            (WINDOW, _name(request, caller), WINDOW),
        )
    except (Unavailable, psycopg.Error):
        _note_failure()
        return
    limit = settings().general_requests
    is_over = found["counted"] >= limit
    left = RateLimit(limit, -1 if is_over else limit - found["counted"], found["resets_at"])
    _check(request, left)


def count(request: Request, caller: Caller | None) -> None:
    """Counts a request and puts what is left into its answer's headers; raises TooManyRequests.

    One round trip, which waits for no disk: a crash may forget the last counts. None for a request
    that was counted.
    """
    deferred = get_deferred(request)
    if deferred and deferred.is_counted:
        return
    try:
        counted = db.query(
            """
            select counted, resets_at, set_config('synchronous_commit', 'off', true)
            from shared.count_in_window(%s, %s)
            """,
            (_name(request, caller), WINDOW),
        )[0]
    except (Unavailable, psycopg.Error):
        _note_failure()
        return
    limit = settings().general_requests
    _check(request, RateLimit(limit, limit - counted["counted"], counted["resets_at"]))


class Deferred:
    """A request that the first statement that serves it counts, by shared.try_count, or only looks
    at where it may yet be free (`is_free`)."""

    is_counted = False
    _is_seen = False

    def __init__(self, request: Request, caller: Caller | None, *, is_free: bool) -> None:
        self._request = request
        self._key = _name(request, caller)
        self._is_free = is_free

    @property
    def values(self) -> tuple[str | None, int | None, bool]:
        """What the statement takes: the counter's key, the limit, `is_free`; nulls once seen."""
        if self._is_seen:
            return None, None, False
        return self._key, settings().general_requests, self._is_free

    def note(self, row: Mapping[str, Any]) -> None:
        """Takes what the statement has found, `counted` and `resets_at`; raises TooManyRequests."""
        if self._is_seen:
            return
        self._is_seen, self.is_counted = True, not self._is_free
        if row["counted"] is None:
            _note_failure()
            return
        limit = settings().general_requests
        left = limit - row["counted"]
        if self._is_free and left <= 0:
            left, self.is_counted = -1, True
        _check(self._request, RateLimit(limit, left, row["resets_at"]))


def defer(request: Request, caller: Caller | None, *, is_free: bool) -> None:
    """Leaves it to the statement that serves a request to count it."""
    request.event["deferredCount"] = Deferred(request, caller, is_free=is_free)


def get_deferred(request: Request) -> Deferred | None:
    """What is left to the statement that serves a request, on a route that defers it."""
    found: Deferred | None = request.event.get("deferredCount")
    return found


def _name(request: Request, caller: Caller | None) -> str:
    return f"general:{caller.name if caller else hash_address(request.address)}"


def _check(request: Request, budget: RateLimit) -> None:
    request.answer_headers.update(budget.headers)
    budget.check("Too many requests. Try again later.", "general")


def _note_failure() -> None:
    """Nobody is refused because nobody could be counted."""
    log.event("limits.failed", level="WARNING")
    log.metric("LimitsFailed", 1)
