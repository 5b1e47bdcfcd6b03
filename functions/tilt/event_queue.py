"""Spooled tilt events, stored by the thousand under the ids that their senders know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from functions.shared import db, erasure, fields, ids
from functions.shared.spool import Accepted
from functions.tilt import events


class _Event(NamedTuple):
    id: str
    event: events.NewEvent
    signals: Jsonb
    accepted_at: datetime


def consume(accepted: Sequence[Accepted]) -> None:
    """Stores events, all or none, but those that, or whose user, were removed after acceptance.

    Raises Invalid for what is no event, or one before what is retained. Two round trips.
    """
    sent = [_read(one) for one in accepted]
    removals = erasure.find_removals(
        ["tilt.erase", "tilt.delete"],
        min(one.accepted_at for one in sent),
        list({name for one in sent for name in _names(one)}),
    )
    kept = [
        one
        for one in sent
        if not any(name in removals and removals[name] >= one.accepted_at for name in _names(one))
    ]
    if kept:
        _store(sorted(kept, key=lambda one: one.id))  # two drains lock in one order: no deadlock


def _read(accepted: Accepted) -> _Event:
    event = fields.parse(events.NewEvent, accepted.item)
    signals = events.to_signals(event)
    return _Event(
        events.make_id(event, signals),
        event,
        Jsonb(signals),
        datetime.fromtimestamp(accepted.at / 1000, UTC),
    )


def _names(one: _Event) -> list[str]:
    """What the audit trail may call a removed event, and its erased user."""
    return [one.id, *erasure.list_pseudonyms(one.event.user_id)]


def _store(sent: list[_Event]) -> None:
    late = db.query(
        """
        with sent as (
          select id, occurred_at, user_id, tilt_score::numeric as tilt_score, signals, context
          from unnest(
            %(ids)s::uuid[], %(times)s::timestamptz[], %(users)s::text[], %(scores)s::text[],
            %(signals)s::jsonb[], %(contexts)s::text[]
          ) as s (id, occurred_at, user_id, tilt_score, signals, context)
        ), late as (
          select id
          from sent
          where occurred_at < rollups.retained_from('tilt.events')
          limit 1
        ), event as (
          insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
          select id, occurred_at, user_id, tilt_score, signals, context
          from sent
          where not exists (select from late)
          on conflict do nothing
        ), signal as (
          insert into tilt.signals
            (event_id, ordinal, occurred_at, user_id, type, severity, confidence)
          select s.id, e.ordinal, s.occurred_at, s.user_id, e.signal ->> 'type',
            (e.signal ->> 'severity')::numeric, (e.signal ->> 'confidence')::numeric
          from sent as s
          cross join jsonb_array_elements(s.signals) with ordinality as e (signal, ordinal)
          where not exists (select from late)
          on conflict do nothing
        )
        select id
        from late
        """,
        {
            "ids": [one.id for one in sent],
            "times": [ids.get_time(one.id) for one in sent],
            "users": [one.event.user_id for one in sent],
            "scores": [events.spell_score(one.event) for one in sent],
            "signals": [one.signals for one in sent],
            "contexts": [one.event.context for one in sent],
        },
    )
    if late:
        raise events.TooLate
