"""The ids of log events: the same event has the same id, however and how often it was sent.

An id is the second of the event and a SHA-256 of the server, the type, the second, the player, the
content by type, and the number of equal events before it in the same request (see shared/ids.py).
An event that a hook sends live and the imported line of its text log have the same id, so rawText,
map and counts are no part of it, and a number is the same as its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from functions.logs.coerce import format_second, to_list
from functions.logs.ingest.normalise import SHARED, Event
from functions.shared import ids

_INDEXED = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*+)\[[0-9]{1,10}\]")  # a class with an index
WINDOW_SECONDS = 600  # within which an event without a time is recognised when sent again
# Notes of ours: a repeat of the event may lack them.
_EXCLUDED = SHARED | {"sentTimestamp", "ambiguous"}


class Identity(NamedTuple):
    """An event's id, and for one without a usable time the id that it would have had
    in the window before: if either is stored, the event is a duplicate."""

    id: str
    earlier: str | None


class Identities:
    """The ids of the events of one request, in its order.

    `receipt`: when the request arrived, in UTC.
    """

    def __init__(self, server_id: str, receipt: datetime) -> None:
        self._server_id = server_id
        self._window = int(receipt.timestamp()) // WINDOW_SECONDS
        self._seen: dict[str, int] = {}

    def next_identity(self, event: Event) -> Identity:
        """The identity of the next event."""
        first = _identity(event, self._server_id, self._window, 0)
        ordinal = 0 if event.sender_id else self._seen.get(first.id, 0)
        self._seen[first.id] = ordinal + 1
        return _identity(event, self._server_id, self._window, ordinal) if ordinal else first


def content(event: Event) -> list[Any]:
    """What of an event, beside player, time and type, tells it from others."""
    build = _CONTENT.get(event.type)
    return build(event) if build else [event.raw_text, _own_metadata(event)]


def _identity(event: Event, server_id: str, window: int, ordinal: int) -> Identity:
    if event.sent_at is not None:
        unix = int(event.sent_at.timestamp())
        return Identity(_id(event, server_id, _stamp(unix), unix, ordinal), None)
    this, earlier = (
        _id(event, server_id, f"~{number}", number * WINDOW_SECONDS, ordinal)
        for number in (window, window - 1)
    )
    return Identity(this, earlier)


@lru_cache(maxsize=1024)  # events of a batch come in few seconds
def _stamp(unix: int) -> str:
    return format_second(datetime.fromtimestamp(unix, UTC))


def _id(event: Event, server_id: str, second: str, unix: int, ordinal: int) -> str:
    if event.sender_id:
        return ids.make_event_id(unix * 1000, "sender", server_id, event.sender_id)
    who = event.steam_id or event.player_name or ""
    values = content(event)
    return ids.make_event_id(
        unix * 1000, server_id, event.type, second, who, values, ordinal=ordinal
    )


def _own_metadata(event: Event) -> dict[str, Any]:
    return {key: value for key, value in event.metadata.items() if key not in _EXCLUDED}


def _parts(event: Event, *names: str) -> list[Any]:
    """The named parts of the metadata, "" for missing ones."""
    values = map(event.metadata.get, names)
    return ["" if value is None else value for value in values]


def _chat(event: Event) -> list[Any]:
    message = event.metadata.get("message")
    return [event.raw_text if message is None else _digits(message)]


def _kill(event: Event) -> list[Any]:
    attacker, attacker_name, victim, victim_name = _parts(
        event, "attackerSteamId", "attackerName", "victimSteamId", "victimName"
    )
    return [attacker or _named(attacker_name), victim or _named(victim_name)]


def _named(name: Any) -> Any:
    """The name of who has no SteamID: a class without its index, which no text log has."""
    found = _INDEXED.fullmatch(name) if isinstance(name, str) else None
    return found[1] if found else _digits(name)


def _entity(event: Event, *names: str) -> list[Any]:
    """The named parts, of which an entity's index is a number."""
    parts = _parts(event, *names)
    index = event.metadata.get("entIndex")
    if isinstance(index, str) and len(index) <= 10 and index.isascii() and index.isdecimal():
        parts[names.index("entIndex")] = int(index)
    return parts


def _command(event: Event) -> list[Any]:
    command, *all_args = _parts(event, "command", "args", "argsRaw")
    words = [_digits(command)]
    for args in all_args:
        values = args if isinstance(args, list) else to_list(args)
        if values is not None:
            words += map(_digits, values)
        elif args != "":
            words.append(_digits(args))
    return words


def _digits(value: Any) -> Any:
    """A number as its text, anything else as it is."""
    if isinstance(value, str | bool) or not isinstance(value, int | float):
        return value
    return ids.canonical_json(value)


def _ulx(event: Event) -> list[Any]:
    message = event.metadata.get("message")
    if message is None:
        message = event.raw_text or " ".join(map(_text, _command(event)))
    return [" ".join(_text(message).split())]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ids.canonical_json(value)


def _game_event(event: Event) -> list[Any]:
    (kind,) = _parts(event, "eventKind")
    metadata = _own_metadata(event)
    metadata.pop("eventKind", None)
    if kind == "AUTH":
        metadata.pop("group", None)  # text logs name it, hooks do not
        if "uniqueId" in metadata:
            metadata["uniqueId"] = _digits(metadata["uniqueId"])
    return [kind, metadata]


_CONTENT: dict[str, Callable[[Event], list[Any]]] = {
    "CHAT": _chat,
    "CONNECT": lambda _: [],
    "DISCONNECT": lambda _: [],
    "PROP_SPAWN": lambda event: _entity(event, "spawnKind", "entityClass", "entIndex", "propModel"),
    "TOOL_USE": lambda event: _entity(event, "toolName", "targetClass", "entIndex"),
    "KILL": _kill,
    "DAMAGE": lambda event: [*_kill(event), *_parts(event, "damage", "weapon")],
    "COMMAND": _command,
    "ULX": _ulx,
    "ROUND_START": lambda event: _parts(event, "roundId"),
    "ROUND_END": lambda event: _parts(event, "roundId"),
    "GAME_EVENT": _game_event,
}
