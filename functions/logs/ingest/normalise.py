"""An event of a payload, normalised: known fields under one name, with defaults and limits.

Hand-written checks, not a model: a batch has thousands of events and each may miss anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from functions.logs.coerce import (
    MAX_NAME,
    Rejected,
    clean,
    is_blank,
    plain,
    to_instant,
    to_int,
    to_short_text,
    to_text,
    warn_not_finite,
)
from functions.logs.game_modes import MODES
from functions.logs.ingest.metadata import parse_metadata
from functions.shared import json_codec
from functions.shared.json_codec import LARGEST, is_finite

TYPES = frozenset(
    {
        "CHAT",
        "CONNECT",
        "DISCONNECT",
        "PROP_SPAWN",
        "TOOL_USE",
        "GAME_EVENT",
        "KILL",
        "DAMAGE",
        "COMMAND",
        "ULX",
        "ROUND_START",
        "ROUND_END",
    }
)
RETENTION = timedelta(days=90)
_YOUNGEST = timedelta(minutes=-5)
_LATE = timedelta(hours=24)
# A time further ahead tells no event from another. Every week of the sent times makes a chunk that
# all reads go through until it is over, so one batch of random times would slow them for ever.
_FARTHEST = timedelta(days=400)
_MAX_RAW_TEXT = 4_096  # bytes
_EMPTY = (None, "")
_ALIASES = {
    "type": ("eventType", "EventType"),
    "rawText": ("text", "message"),
    "gameMode": ("mode", "game_mode"),
    "sessionId": ("SessionId", "session_id"),
    "sessionStart": ("session_start",),
    "map": ("mapName", "Map", "level"),
    "serverName": ("ServerName",),
    "playerCount": ("PlayerCount", "count"),
    "roundId": ("RoundId",),
    "eventId": ("EventId",),
}
_OTHER_NAMES = frozenset(alias for aliases in _ALIASES.values() for alias in aliases)


class Server(NamedTuple):
    """Who sent an event: its name and mode stand in for those that an event lacks."""

    id: str
    name: str
    mode: str


class Event(NamedTuple):
    """An event to be stored. Its `metadata` holds every SHARED field that is known, normalised.

    `occurred_at`: when it happened, or its receipt if the sent time is unusable. `sent_at`: the
    sent time cut to its second, also one in the future; None without a usable one. All are UTC.
    `raw_text` is empty where none was sent: what is read instead is made on reading.
    """

    type: str
    occurred_at: datetime
    sent_at: datetime | None
    steam_id: str | None
    player_name: str | None
    raw_text: str
    game_mode: str
    metadata: dict[str, Any]
    sender_id: str | None  # the sender's own id of the event, `eventId`
    warnings: list[str]


def normalise(
    payload: Any, server: Server, receipt: datetime, retention: timedelta = RETENTION
) -> Event:
    """The event of a payload, with defaults, limits and warnings; raises Rejected with a reason.

    `receipt`: when the request arrived, in UTC.
    """
    if not isinstance(payload, dict):
        if payload != []:  # Lua's empty table
            raise Rejected("not_an_object")
        payload = {}
    if not _OTHER_NAMES.isdisjoint(payload):
        payload = _canonical(payload, _ALIASES)
    warnings: list[str] = []
    for value in payload.values():
        value_type = type(value)
        if (value_type is float or value_type is int) and not -LARGEST <= value <= LARGEST:
            payload = _finite(payload, warnings)
            break
    metadata = parse_metadata(payload.get("metadata"), warnings)
    shared = _shared(payload, metadata, server)
    kind = _type(payload, warnings)
    at, second = _time(payload.get("timestamp"), receipt, retention, metadata, warnings)
    return Event(
        kind,
        at,
        second,
        _steam_id(payload.get("steamId"), warnings),
        _player_name(payload.get("playerName"), warnings),
        _raw_text(payload, warnings) or "",
        _game_mode(payload, server, warnings),
        metadata | shared,
        _sender_id(payload, metadata),
        warnings,
    )


def _finite(payload: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """The payload without its numbers that are not finite, as if they had not been sent."""
    warn_not_finite(warnings)
    return {
        key: value
        for key, value in payload.items()
        if not isinstance(value, int | float) or is_finite(value)
    }


def _canonical(payload: dict[str, Any], aliases: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """The payload under canonical names: the first value that is not empty, and 0 is not."""
    canonical = dict(payload)
    for name, others in aliases.items():
        values = (value for key in (name, *others) if (value := payload.get(key)) not in _EMPTY)
        canonical[name] = next(values, None)
    return canonical


def _shared(payload: dict[str, Any], metadata: dict[str, Any], server: Server) -> dict[str, Any]:
    """The SHARED fields that are known; takes them out of `metadata`, where a bad one may be."""
    shared: dict[str, Any] = {"serverName": server.name}
    inner = {} if _INNER.isdisjoint(metadata) else _canonical(metadata, _INNER_ALIASES)
    for name, read in _FIELDS.items():
        value = payload.get(name)
        if value is None or value == "":
            value = inner.get(name)
        known = None if value is None else read(value)
        if known is not None:
            shared[name] = known
    if inner:
        for name in _FIELDS:
            metadata.pop(name, None)
    return shared


def _type(payload: dict[str, Any], warnings: list[str]) -> str:
    value = "" if payload.get("type") is None else payload["type"]
    if not isinstance(value, str):
        raise Rejected("type_invalid")
    kind = clean(value).strip().upper() or "UNKNOWN"
    if len(kind) > 64:
        raise Rejected("type_invalid")
    if kind not in TYPES:
        warnings.append("unknown_type")
    return kind


def _time(
    value: Any,
    receipt: datetime,
    retention: timedelta,
    metadata: dict[str, Any],
    warnings: list[str],
) -> tuple[datetime, datetime | None]:
    """The time to store, and the sent one cut to its second."""
    if value is None or value == "":
        warnings.append("timestamp_missing")
        return receipt, None
    at = to_instant(value)
    if at is not None and (age := receipt - at) >= _YOUNGEST:
        if age > retention:
            raise Rejected("timestamp_too_old")
        if age > _LATE:
            warnings.append("late")
        return at, at.replace(microsecond=0) if at.microsecond else at
    metadata["sentTimestamp"] = _shown(plain(value, warnings))
    warnings.append("timestamp_invalid" if at is None else "timestamp_future")
    if at is None or at - receipt > _FARTHEST:
        return receipt, None
    return receipt, at.replace(microsecond=0)


def _shown(value: Any) -> Any:
    """A value that is kept for people to look at: as it is, or the beginning of its text."""
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    return value[:64] if isinstance(value, str) else value


def _steam_id(value: Any, warnings: list[str]) -> str | None:
    if value is not None and not isinstance(value, str):
        if "steam_id_not_text" not in warnings:
            warnings.append("steam_id_not_text")
        return None
    return to_short_text(value, 64)


def _player_name(value: Any, warnings: list[str]) -> str | None:
    """A name that shows nothing is none: the SteamID is read in its place."""
    name = to_text(value)
    if name is None or is_blank(name):
        return None
    if len(name) > MAX_NAME:
        warnings.append("player_name_cut")
        return name[:MAX_NAME]
    return name


def _raw_text(payload: dict[str, Any], warnings: list[str]) -> str | None:
    raw = to_text(payload.get("rawText"))
    if raw is None or len(raw) <= _MAX_RAW_TEXT // 4:
        return raw
    bytes_ = raw.encode()
    if len(bytes_) <= _MAX_RAW_TEXT:
        return raw
    warnings.append("raw_text_cut")
    return bytes_[:_MAX_RAW_TEXT].decode(errors="ignore")


def _game_mode(payload: dict[str, Any], server: Server, warnings: list[str]) -> str:
    value = payload.get("gameMode")
    if value is None or value == "":
        return server.mode
    mode = MODES.get(value.strip().lower()) if isinstance(value, str) else None
    if mode is None:
        warnings.append("unknown_game_mode")
    return mode or server.mode


def _sender_id(payload: dict[str, Any], metadata: dict[str, Any]) -> str | None:
    """The sender's own id of the event: scripts put it into either place."""
    for value in (payload.get("eventId"), metadata.get("eventId"), metadata.get("EventId")):
        if value is not None and value != "":
            return to_short_text(value, 64)
    return None


def _cut(value: Any) -> str | None:
    found = to_text(value)
    return found and found[:128]


def _id(value: Any) -> str | None:
    return to_short_text(value, 128)


def _count(value: Any) -> int | None:
    found = to_int(value)
    return None if found is None or found < 0 else found


def _start(value: Any) -> str | None:
    at = to_instant(value)
    return None if at is None else json_codec.format_time(at)


# Fields that any event's metadata may hold, and how they are read.
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "map": _cut,
    "serverName": _cut,
    "playerCount": _count,
    "sessionId": _id,
    "serverSessionId": _id,
    "sessionStart": _start,
    "roundId": _id,
    "roundNumber": to_int,
}
SHARED = frozenset(_FIELDS)
_INNER_ALIASES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_FIELDS, ()),
    "sessionStart": ("session_start",),
    "roundId": ("RoundId",),
}
_INNER = SHARED | {"session_start", "RoundId"}
