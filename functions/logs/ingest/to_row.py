"""Normalised events as rows of their table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import to_json

from functions.logs.ingest.event_identity import Identity
from functions.logs.ingest.normalise import Event
from functions.logs.rows import Row
from functions.shared import ids

_OTHERS = dict.fromkeys(("attackerSteamId", "victimSteamId", "targetSteamId"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACES = 2048  # in a request: more than it may have events


def arrival(receipt: datetime) -> int:
    """Where a request stands in the order of arrival; its events follow it, a place each.

    An imported log may have more events than there are places: it goes on into the next
    microseconds.
    """
    return (receipt - _EPOCH) // timedelta(microseconds=1) * _PLACES


def to_row(
    event: Event, identity: Identity, server_id: str, receipt: datetime, arrival: int
) -> Row:
    """An event as it is stored; `arrival`: its place in the order in which events come."""
    details = event.metadata
    return Row(
        identity.id,
        event.sent_at or ids.get_time(identity.id),
        event.occurred_at,
        server_id,
        event.game_mode,
        event.type,
        event.steam_id,
        event.player_name,
        event.raw_text,
        _people(details) if _OTHERS.keys() & details.keys() else None,
        details.get("map"),
        details.get("playerCount"),
        details.get("sessionId"),
        to_json(details).decode(),  # in a third of the time that json takes
        arrival,
        _skew(event, receipt),
        identity.earlier,
    )


def _people(details: dict[str, Any]) -> list[str] | None:
    """The accounts that an event tells of beside the one it is of."""
    return [one for name in _OTHERS if isinstance(one := details.get(name), str) and one] or None


def _skew(event: Event, receipt: datetime) -> int | None:
    if event.sent_at is None or "late" in event.warnings:
        return None  # what waited for long tells nothing of the clock
    sent = event.sent_at if "timestamp_future" in event.warnings else event.occurred_at
    return round((receipt - sent).total_seconds() * 1000)
