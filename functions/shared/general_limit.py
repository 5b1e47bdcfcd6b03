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


def count(request: Request, caller: Caller | None) -> None:
    """Counts a request and puts what is left into its answer's headers; raises TooManyRequests.

    One round trip.
    """
    name = caller.name if caller else hash_address(request.address)
    try:
        counted = db.query(
            "select counted, resets_at from shared.count_in_window(%s, %s)",
            (f"general:{name}", WINDOW),
        )[0]
    except (Unavailable, psycopg.Error):
        log.event("limits.failed", level="WARNING")
        return
    limit = settings().general_requests
    budget = RateLimit(limit, limit - counted["counted"], counted["resets_at"])
    request.answer_headers.update(budget.headers)
    budget.check("Too many requests. Try again later.", "general")
