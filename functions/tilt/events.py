"""Tilt events: what a Discord bot noticed about a user at one moment."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from psycopg.types.json import Jsonb
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from functions.shared import db, erasure, fields, ids, rate_limits, spool
from functions.shared.errors import Invalid

PER_MINUTE = 100
MAX_BYTES = 64 * 1024
HORIZON = datetime(2015, 1, 1, tzinfo=UTC)  # newer bots send a duration where the time belongs
_AHEAD = timedelta(hours=24)
_MISSING = "Missing required fields: userId, timestamp, signals, tiltScore"


def _milliseconds(value: Any) -> Any:
    return math.trunc(value) if isinstance(value, float) and math.isfinite(value) else value


_LONGEST_SIGNAL = 256  # characters of a text that is looked at for fields
# One field of a signal that the bot in use sends as text, and what ends it.
_FIELD = re.compile(
    r"\s*(?:(type):\s*([^,]*[^,\s])|(severity|confidence):\s*(-?[0-9]{1,9}(?:\.[0-9]{1,99})?))\s*(?:,|$)"
)


def _signal(value: Any) -> Any:
    return parse_signal(value) if isinstance(value, str) else value


def parse_signal(text: str) -> dict[str, Any]:
    """The fields of a signal that is sent as text: `type: T, severity: S, confidence: C`, in any
    order and with or without the numbers; of any other text its type."""
    fields: dict[str, Any] = {}
    position = 0 if len(text) <= _LONGEST_SIGNAL else len(text)
    while position < len(text):
        found = _FIELD.match(text, position)
        if found is None or (found[1] or found[3]) in fields:
            return {"type": text}
        fields[found[1] or found[3]] = found[2] or float(found[4])
        position = found.end()
    return fields if "type" in fields and not text.endswith(",") else {"type": text}


class Signal(BaseModel):
    """One sign of tilt; keys beyond these are kept."""

    model_config = ConfigDict(extra="allow")

    type: fields.Name64
    severity: Annotated[fields.Number, Field(ge=0, le=10)] | None = None
    confidence: Annotated[fields.Number, Field(ge=0, le=1)] | None = None


class NewEvent(fields.CamelModel):
    """A tilt event as a bot sends it."""

    user_id: fields.Name64
    timestamp: Annotated[
        fields.Integer, BeforeValidator(_milliseconds, json_schema_input_type=float)
    ] = Field(
        description="Unix time in ms, from 2015 to 24 h ahead; a fraction is cut off",
        json_schema_extra={"minimum": 1420070400000},
    )
    signals: list[
        Annotated[Signal, BeforeValidator(_signal, json_schema_input_type=Signal | fields.Name64)]
    ] = Field(
        max_length=50,
        description="a text is a signal of that type, or `type: T, severity: S, confidence: C`",
    )
    tilt_score: fields.Number = Field(ge=0, le=100)
    context: Annotated[
        str, BeforeValidator(lambda value: "discord-dm" if value in (None, "") else value)
    ] = Field("discord-dm", max_length=64, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _has_all(cls, value: Any) -> Any:
        # In the bot's words a zero time and an empty user are missing, a zero score is not.
        if not value.get("userId") or not value.get("timestamp"):
            fields.fail_validation(_MISSING)
        if value.get("signals") is None or value.get("tiltScore") is None:
            fields.fail_validation(_MISSING)
        return value

    @model_validator(mode="after")
    def _happened(self) -> NewEvent:
        latest = datetime.now(UTC) + _AHEAD
        if not HORIZON.timestamp() * 1000 <= self.timestamp <= latest.timestamp() * 1000:
            fields.fail_validation(
                "timestamp must be Unix time in ms, from 2015-01-01 to 24 h from now"
            )
        return self


@dataclass(frozen=True)
class Recorded:
    """An accepted event: its id, whether it waits in the spool, the sender's budget if known."""

    id: str
    queued: bool = False
    budget: rate_limits.RateLimit | None = None


class TooLate(Invalid):
    """An event before what is retained."""

    def __init__(self) -> None:
        problem = "is older than what is kept here"
        super().__init__(f"timestamp {problem}", [{"field": "timestamp", "problem": problem}])


def record(event: NewEvent, sender: str | None = None) -> Recorded:
    """Stores an event, or queues it (see spool.store_or_queue); once, however often sent.

    `sender` is the key that it came with, which is limited to PER_MINUTE (the event's user if
    None), unless the event is queued. Raises TooManyRequests, Invalid for an event before what is
    retained, and Unavailable. One round trip.
    """
    signals = to_signals(event)
    event_id = make_id(event, signals)
    stored = spool.store_or_queue(
        lambda: _store(event, signals, event_id, sender),
        lambda: spool.enqueue(
            "tilt.events", [event.model_dump(by_alias=True, exclude_unset=True)], sender
        ),
    )
    return stored or Recorded(event_id, queued=True)


def to_signals(event: NewEvent) -> list[dict[str, Any]]:
    """The event's signals as they are stored."""
    return [signal.model_dump(exclude_unset=True) for signal in event.signals]


def make_id(event: NewEvent, signals: list[dict[str, Any]]) -> str:
    """The event's id, which says when it happened: the same event always has the same."""
    return ids.make_event_id(
        event.timestamp, "tilt", event.user_id, signals, event.tilt_score, event.context
    )


def spell_score(event: NewEvent) -> str:
    """The score as text, of which numeric keeps every digit."""
    return ids.canonical_json(event.tilt_score)


def _limited(event: NewEvent, sender: str | None) -> str:
    """Whom the rate limit counts: the key, or the user under a name that says nothing of them."""
    return f"tilt:{sender or erasure.to_pseudonym(event.user_id)}"


def _store(
    event: NewEvent, signals: list[dict[str, Any]], event_id: str, sender: str | None
) -> Recorded:
    [spent] = db.query(
        """
        with budget as (
          -- As shared.count_request does: calling it would cost 4 to 9 us of 550.
          insert into shared.rate_limits as l (key, window_start, count)
          values (
            %(who)s,
            floor(extract(epoch from statement_timestamp()))::bigint / %(window)s * %(window)s,
            1
          )
          on conflict on constraint rate_limits_pkey do update
          set count = case when l.window_start = excluded.window_start then l.count + 1 else 1 end,
            window_start = excluded.window_start
          returning %(limit)s - count as remaining, window_start + %(window)s as resets_at,
            coalesce(
              %(at)s < (select retained_from from rollups.sources where name = 'tilt.events'), false
            ) as too_late
        ), event as (
          insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
          select %(id)s::uuid, %(at)s, %(user_id)s, %(score)s::numeric, %(signals)s, %(context)s
          from budget
          where remaining >= 0
            and not too_late
          on conflict do nothing
        ), signal as (
          insert into tilt.signals
            (event_id, ordinal, occurred_at, user_id, type, severity, confidence)
          select %(id)s::uuid, s.ordinal, %(at)s, %(user_id)s, s.signal ->> 'type',
            (s.signal ->> 'severity')::numeric, (s.signal ->> 'confidence')::numeric
          from budget, jsonb_array_elements(%(signals)s) with ordinality as s(signal, ordinal)
          where remaining >= 0
            and not too_late
          on conflict do nothing
        )
        select remaining, resets_at, too_late
        from budget
        """,
        {
            "who": _limited(event, sender),
            "limit": PER_MINUTE,
            "window": rate_limits.WINDOW_SECONDS,
            "id": event_id,
            "at": ids.get_time(event_id),
            "user_id": event.user_id,
            "score": spell_score(event),
            "signals": Jsonb(signals),
            "context": event.context,
        },
    )
    budget = rate_limits.RateLimit(PER_MINUTE, spent["remaining"], spent["resets_at"])
    budget.check()
    if spent["too_late"]:
        raise TooLate
    return Recorded(event_id, budget=budget)


def delete(event_id: str) -> None:
    """Removes an event and its signals, also one that still waits in the spool. Audited.

    An id that is unknown or not one of ours is no error.
    """
    known = ids.parse_id(event_id)
    if known is None:
        return
    db.query(
        """
        with event as (
          delete from tilt.events
          where id = %(id)s
            and occurred_at = %(at)s
        ), signal as (
          delete from tilt.signals
          where event_id = %(id)s
            and occurred_at = %(at)s
        )
        insert into shared.audit (action, subject)
        values ('tilt.delete', %(subject)s)
        """,
        {"id": known, "at": ids.get_time(known), "subject": known},
    )


def erase(user_id: str, actor: str | None = None) -> dict[str, int]:
    """Removes a person from every table of tilt; returns the rows removed, per table.

    Audited as done by `actor`.
    """
    removed: dict[str, int] = db.fetch_value(
        """
        with event as (
          delete from tilt.events
          where user_id = %(user_id)s
          returning 1
        ), signal as (
          delete from tilt.signals
          where user_id = %(user_id)s
          returning 1
        ), spent as (
          delete from shared.rate_limits
          where key = any(%(counters)s)
        )
        insert into shared.audit (action, subject, actor, counts)
        select 'tilt.erase', %(subject)s, %(actor)s, jsonb_build_object(
          'tilt.events', (select count(*) from event),
          'tilt.signals', (select count(*) from signal),
          'rollups', rollups.erase_person('tilt.events', 'user_id', %(user_id)s)
            + rollups.erase_person('tilt.signals', 'user_id', %(user_id)s)
        )
        returning counts
        """,
        {
            "user_id": user_id,
            "subject": erasure.to_pseudonym(user_id),
            "counters": [f"tilt:{one}" for one in erasure.list_pseudonyms(user_id)],
            "actor": actor,
        },
    )
    return removed
