"""Rooms: what happened in each, numbered from 1 without a gap.

A domain whose change is a statement of the store calls `live.append` inside it, so that state,
event and number are one transaction; `append` is for events that change nothing else.
"""

from __future__ import annotations

from typing import Any, TypedDict

from psycopg.types.json import Jsonb

from functions.shared import db


class Event(TypedDict):
    """An event of a room, as it is stored."""

    seq: int
    type: str
    payload: dict[str, Any]


class Head(TypedDict):
    """How far a room is; numbers of another epoch mean nothing in it."""

    seq: int
    epoch: str


def append(room: str, type_: str, payload: dict[str, Any]) -> int:
    """Appends an event and returns its number. One round trip."""
    row = db.fetch_once("select live.append(%s, %s, %s) as seq", (room, type_, Jsonb(payload)))
    assert row
    return int(row["seq"])


def list_events(room: str, after: int, limit: int) -> list[Event]:
    """The events after a number, oldest first. One round trip."""
    rows = db.query(
        """
        select seq, type, payload
        from live.read_events(%s, %s, %s)
        order by seq
        """,
        (room, after, limit),
    )
    return [Event(seq=row["seq"], type=row["type"], payload=row["payload"]) for row in rows]


def get_head(room: str) -> Head | None:
    """The number of the last event and the epoch; None where nothing has happened yet."""
    row = db.fetch_one(
        """
        select head_seq, epoch
        from live.rooms
        where room = %s
        """,
        (room,),
    )
    return Head(seq=row["head_seq"], epoch=row["epoch"]) if row else None
