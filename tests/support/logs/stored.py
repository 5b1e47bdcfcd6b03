"""Events and heartbeats put into the store as the ingest leaves them, in any order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, LiteralString

from functions.shared import db, ids
from tests.support.logs.oracle import Beat, Event


def event_id(at: datetime, number: int) -> str:
    """An id as an event of that time has it."""
    return ids.make_event_id(int(at.replace(microsecond=0).timestamp()) * 1000, "test", number)


def servers(modes: dict[str, str]) -> None:
    """Servers of these ids and modes."""
    for name, mode in modes.items():
        db.query(
            """
            insert into logs.servers (id, name, ip, port, mode, max_players)
            values (%s, %s, '203.0.113.1', 27015, %s, 32)
            on conflict do nothing
            """,
            (name, f"Server {name}", mode),
        )


_BEAT: LiteralString = """
    insert into logs.heartbeats (occurred_at, server_id, players, map)
    values (%s, %s, %s, %s)
    on conflict do nothing
"""
_EVENT: LiteralString = """
    with new as (
      insert into logs.events
        (id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
         involved_steam_ids, map, player_count, session_id, metadata, arrival)
      values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)
      on conflict do nothing
      returning server_id, occurred_at
    )
    insert into logs.event_hours as h (server_id, hour, events)
    select server_id, date_trunc('hour', occurred_at, 'UTC'), 1
    from new
    on conflict on constraint event_hours_pkey do update
    set events = h.events + excluded.events
"""


def statement(one: Event | Beat) -> tuple[LiteralString, tuple[Any, ...]]:
    """What stores one of them."""
    if isinstance(one, Beat):
        return _BEAT, (one.at, one.server, one.players, one.map)
    told = one.metadata
    people = [told[k] for k in ("attackerSteamId", "victimSteamId", "targetSteamId") if told.get(k)]
    return _EVENT, (
        one.id,
        ids.get_time(one.id),
        one.at,
        one.server,
        one.mode,
        one.type,
        one.steam_id,
        one.name,
        one.text,
        people or None,
        one.map,
        one.count,
        one.key,
        json.dumps(told),
        one.arrival,
    )


def store(things: Iterable[Event | Beat]) -> None:
    """Stores each by itself, as if it had come alone."""
    for one in things:
        db.query(*statement(one))


def remove(one: Event) -> None:
    """Takes an event out again, as an erasure does."""
    db.query("delete from logs.events where id = %s", (one.id,))
    db.query(
        """
        update logs.event_hours
        set events = events - 1
        where server_id = %s
          and hour = date_trunc('hour', %s::timestamptz, 'UTC')
        """,
        (one.server, one.at),
    )
