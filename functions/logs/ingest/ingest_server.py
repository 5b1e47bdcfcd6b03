"""Senders: the server that sends a request, what it may still send, and what is not to be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from functions.logs.ingest import ignore_rules
from functions.logs.ingest.normalise import RETENTION, Server
from functions.shared import db, rate_limits
from functions.shared.errors import Forbidden
from functions.shared.request import Caller

PER_MINUTE = 5000
_FIRST = datetime(1970, 1, 2, tzinfo=UTC)  # an event id holds no earlier time


class Sender(NamedTuple):
    """Who sends: `retention` is how old an event may be, `budget` what is left of the limit, `key`
    the id of the API key that it is sent with."""

    server: Server
    ignored: ignore_rules.Rules = ignore_rules.Rules()
    retention: timedelta = RETENTION
    budget: rate_limits.RateLimit | None = None
    key: str | None = None


# Known to this process: what an outage of the database finds here can be accepted and queued.
_known: dict[str, Sender] = {}


def get_sender(caller: Caller) -> Sender:
    """The sender behind a server's key, as of now, or as it was last while the database is down.

    Raises TooManyRequests, Forbidden for a server that is gone, and DatabaseUnavailable.
    One round trip.
    """
    server_id = caller.owner or ""
    try:
        found = _look_up(server_id, f"logs:{caller.name}")
    except db.DatabaseUnavailable:
        if server_id not in _known:
            raise
        return _known[server_id]._replace(key=caller.name)
    if found is None:
        raise Forbidden("Invalid server key")
    if found.budget:
        found.budget.check("Too many requests")
    _known[server_id] = found._replace(budget=None)
    return found._replace(key=caller.name)


def get_server_sender(server_id: str) -> Sender | None:
    """A server as the sender of what somebody else sends for it. One round trip."""
    return _look_up(server_id, None)


def _look_up(server_id: str, who: str | None) -> Sender | None:
    row = db.fetch_one(
        """
        with budget as (
          insert into shared.limits as l (who, window_start, spent)
          select %(who)s::text,
            floor(extract(epoch from statement_timestamp()))::bigint / %(window)s * %(window)s,
            1
          where %(who)s::text is not null
          on conflict on constraint limits_pkey do update
          set spent = case when l.window_start = excluded.window_start then l.spent + 1 else 1 end,
            window_start = excluded.window_start
          returning %(limit)s - spent as remaining, window_start + %(window)s as resets_at
        )
        select s.id, s.name, s.mode, b.remaining, b.resets_at, c.config -> 'logs' as rules,
          clock_timestamp() as now,
          greatest(nullif(k.horizon, '-infinity'), date_subtract(now(), k.keep, 'UTC')) as oldest
        from logs.servers s
        left join budget b on true
        left join logs.site_config c on true
        left join rollups.sources k on k.name = 'logs.event_hours'
        where s.id = %(server_id)s
          and s.deleted_at is null
        """,
        {
            "who": who,
            "window": rate_limits.WINDOW_SECONDS,
            "limit": PER_MINUTE,
            "server_id": server_id,
        },
    )
    return _read(row) if row else None


def _read(row: db.Row) -> Sender:
    budget = None
    if row["remaining"] is not None:
        budget = rate_limits.RateLimit(PER_MINUTE, row["remaining"], row["resets_at"])
    oldest: datetime | None = row["oldest"]
    return Sender(
        Server(row["id"], row["name"], row["mode"]),
        ignore_rules.parse_rules(row["rules"]),
        row["now"] - max(oldest, _FIRST) if oldest else RETENTION,
        budget,
    )
