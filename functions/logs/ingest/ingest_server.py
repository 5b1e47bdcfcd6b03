"""The server that sends a request: its rate limit, and the rules of what is not stored of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from functions.logs.ingest.normalise import RETENTION, Event, Server
from functions.shared import db, rate_limits, spool
from functions.shared.errors import Forbidden
from functions.shared.request import Caller

PER_MINUTE = 5000
_FIRST = datetime(1970, 1, 2, tzinfo=UTC)  # an event id holds no earlier time
_NEVER_IGNORED = ("CONNECT", "DISCONNECT")


class IgnoreMatch(NamedTuple):
    """The first rule that an event matches: its kind, and its text as staff wrote it."""

    kind: str  # tool, command or rawText
    text: str


class IgnoreRules(NamedTuple):
    """Texts; an event that contains one of them, in any case, is not stored."""

    tools: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def match(self, event: Event) -> IgnoreMatch | None:
        """The first rule that an event matches."""
        text = None
        if event.type == "TOOL_USE" and self.tools:
            text = _find(self.tools, event.metadata.get("toolName"))
            if text:
                return IgnoreMatch("tool", text)
        if event.type in ("COMMAND", "ULX") and self.commands:
            text = _find(self.commands, event.metadata.get("command"))
            if text:
                return IgnoreMatch("command", text)
        if self.texts and event.type not in _NEVER_IGNORED and not event.type.startswith("ROUND_"):
            text = _find(self.texts, event.raw_text)
        return IgnoreMatch("rawText", text) if text else None


class Sender(NamedTuple):
    """Who sends: `retention` is how old an event may be, `budget` what is left of the limit, `key`
    the id of the API key that it is sent with."""

    server: Server
    ignored: IgnoreRules = IgnoreRules()
    retention: timedelta = RETENTION
    budget: rate_limits.RateLimit | None = None
    key: str | None = None


# Known to this process, and when it was asked for (monotonic seconds): what an outage of the
# database finds here can be accepted and queued.
_known: dict[str, tuple[float, Sender]] = {}
_BUFFERED_SECONDS = 60  # for which who is queued anyway is not asked for again


def get_sender(caller: Caller) -> Sender:
    """The sender behind a server's key, as of now, or as it was last while the database is down.

    Raises TooManyRequests, Forbidden for a server that is gone, and DatabaseUnavailable.
    One round trip; where events are queued first, one a minute, and requests are not counted.
    """
    server_id = caller.owner or ""
    asked_at, known = _known.get(server_id, (0.0, None))
    is_buffered = spool.is_buffered()
    if is_buffered and known and time.monotonic() - asked_at < _BUFFERED_SECONDS:
        return known._replace(key=caller.name)
    try:
        found = _look_up(server_id, None if is_buffered else f"logs:{caller.name}")
    except db.DatabaseUnavailable:
        if known is None:
            raise
        return known._replace(key=caller.name)
    if found is None:
        raise Forbidden("Invalid server key")
    if found.budget:
        found.budget.check("Too many requests")
    _known[server_id] = time.monotonic(), found._replace(budget=None)
    return found._replace(key=caller.name)


def get_server_sender(server_id: str) -> Sender | None:
    """A server as the sender of what somebody else sends for it. One round trip."""
    return _look_up(server_id, None)


def _look_up(server_id: str, who: str | None) -> Sender | None:
    row = db.fetch_one(
        """
        select s.id, s.name, s.mode, b.remaining, b.resets_at, c.config -> 'logs' as rules,
          clock_timestamp() as now,
          greatest(
            nullif(k.retained_from, '-infinity'), date_subtract(now(), k.retention, 'UTC')
          ) as oldest
        from logs.servers s
        cross join shared.count_request(%(who)s, %(limit)s, %(window)s) as b
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
    return _to_sender(row) if row else None


def _to_sender(row: db.Row) -> Sender:
    budget = None
    if row["remaining"] is not None:
        budget = rate_limits.RateLimit(PER_MINUTE, row["remaining"], row["resets_at"])
    oldest: datetime | None = row["oldest"]
    return Sender(
        Server(row["id"], row["name"], row["mode"]),
        _parse_rules(row["rules"]),
        row["now"] - max(oldest, _FIRST) if oldest else RETENTION,
        budget,
    )


def _parse_rules(logs: Any) -> IgnoreRules:
    """The rules of a site configuration's `logs` part; what is no list of texts counts as empty."""
    found = logs if isinstance(logs, dict) else {}
    names = ("ignoredTools", "ignoredCommands", "rawTextFilters")
    return IgnoreRules(*(_texts(found.get(name)) for name in names))


def _texts(value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else []
    return tuple(text.strip() for text in texts if isinstance(text, str) and text.strip())


def _find(texts: tuple[str, ...], value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    lowered = value.lower()
    return next((text for text in texts if text.lower() in lowered), None)
