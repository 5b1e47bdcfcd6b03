"""Matches: lines of an imported log whose events are stored already, under another id.

A hook's event that has an id of its sender's own, or a spawned entity's index, which ULX does not
write, does not share the line's id. It is matched by its content: of m equal lines of which n are
stored so, the first n are matched.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

from functions.logs.ingest import event_identity
from functions.logs.ingest.normalise import Event
from functions.logs.rows import Row
from functions.shared import db, ids

Key = tuple[Any, ...]

_SLASHES = re.compile(r"[\\/]+")
_SENDER_IDS = ("eventId", "EventId")


class LineMatches:
    """The matches of one import, whose rows are looked up in their order."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """`rows`: all of the import."""
        self._own = {row.id for row in rows}
        self._matched: set[str] = set()  # ids of stored events, each of which stands for one line

    def find(self, server_id: str, rows: list[Row]) -> set[str]:
        """The ids of those rows that are stored under another id. One round trip."""
        if not rows:
            return set()
        stored = _list_stored(server_id, rows)
        waiting: dict[Key, deque[str]] = defaultdict(deque)
        for event in stored:
            if event["id"] not in self._own and event["id"] not in self._matched:
                for key in _stored_keys(event):
                    waiting[key].append(event["id"])
        known = {event["id"] for event in stored}
        return {row.id for row in rows if row.id not in known and self._match(row, waiting)}

    def _match(self, row: Row, waiting: dict[Key, deque[str]]) -> bool:
        found = waiting.get(_key(row))
        while found:
            event_id = found.popleft()
            if event_id not in self._matched:  # a spawned entity waits by its model and its class
                self._matched.add(event_id)
                return True
        return False


def _list_stored(server_id: str, rows: list[Row]) -> list[db.Row]:
    """Everything of the same seconds and types, in the order of arrival."""
    seconds = {row.sent_at for row in rows}
    return db.query(
        """
        select id::text, sent_at, type, steam_id, player_name, raw_text, metadata
        from logs.events
        where server_id = %(server_id)s
          and type = any(%(types)s)
          and sent_at = any(%(seconds)s)
          and sent_at between %(since)s and %(until)s
          and occurred_at between %(since)s and %(until)s + interval '10 minutes'
        order by sent_at, arrival, id
        """,
        {
            "server_id": server_id,
            "types": sorted({row.type for row in rows}),
            "seconds": sorted(seconds),
            "since": min(seconds),
            "until": max(seconds),
        },
    )


def _key(row: Row) -> Key:
    """The content of a line; of a spawn without an index less than its id is made of."""
    metadata = json.loads(row.metadata)
    who = row.steam_id or row.player_name or ""
    is_spawn = row.type == "PROP_SPAWN" and metadata.get("entIndex") is None
    if is_spawn and (keys := _spawn_keys(row.sent_at, who, metadata)):
        return keys[0]
    return _content_key(row.sent_at, row.type, who, row.raw_text, metadata)


def _stored_keys(event: db.Row) -> list[Key]:
    """Every key by which a line may mean a stored event."""
    who = event["steam_id"] or event["player_name"] or ""
    second, metadata = event["sent_at"], event["metadata"]
    keys = [_content_key(second, event["type"], who, event["raw_text"], metadata)]
    if event["type"] == "PROP_SPAWN":
        keys += _spawn_keys(second, who, metadata)
    return keys


def _content_key(second: Any, kind: str, who: str, raw_text: str, metadata: Any) -> Key:
    own = {name: value for name, value in metadata.items() if name not in _SENDER_IDS}
    content = event_identity.content(
        Event(kind, second, second, None, None, raw_text, "", own, None, [])
    )
    return second, kind, who, ids.canonical_json(content)


def _spawn_keys(second: Any, who: str, metadata: dict[str, Any]) -> list[Key]:
    """By the model and by the class: a line of ULX names only one of them."""
    kind, model, name = (metadata.get(part) for part in ("spawnKind", "propModel", "entityClass"))
    if not isinstance(kind, str):
        return []
    keys: list[Key] = []
    if isinstance(model, str) and model:
        # As ULX writes it.
        keys.append((second, "model", who, kind.upper(), _SLASHES.sub("/", model.lower())))
    if isinstance(name, str) and name:
        keys.append((second, "class", who, kind.upper(), name))
    return keys
