"""The limit of all requests under /v1: GENERAL_REQUESTS an hour for a user, or for an address.

Counted in the database. While that cannot count, requests pass and a metric says so.
"""

from __future__ import annotations

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
        log.event("limits.failed", level="WARNING")
        return
    limit = settings().general_requests
    is_over = found["counted"] >= limit
    left = RateLimit(limit, -1 if is_over else limit - found["counted"], found["resets_at"])
    _check(request, left)


def count(request: Request, caller: Caller | None) -> None:
    """Counts a request and puts what is left into its answer's headers; raises TooManyRequests.

    One round trip, which waits for no disk: a crash may forget the last counts.
    """
    try:
        counted = db.query(
            """
            select counted, resets_at, set_config('synchronous_commit', 'off', true)
            from shared.count_in_window(%s, %s)
            """,
            (_name(request, caller), WINDOW),
        )[0]
    except (Unavailable, psycopg.Error):
        log.event("limits.failed", level="WARNING")
        return
    limit = settings().general_requests
    _check(request, RateLimit(limit, limit - counted["counted"], counted["resets_at"]))


def _name(request: Request, caller: Caller | None) -> str:
    return f"general:{caller.name if caller else hash_address(request.address)}"


def _check(request: Request, budget: RateLimit) -> None:
    request.answer_headers.update(budget.headers)
    budget.check("Too many requests. Try again later.", "general")
