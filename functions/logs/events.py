"""Log events in the store: written once each, many at a time."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from functions.logs.identity import Identity
from functions.logs.sent import Event
from functions.shared import db, ids, wire

_OTHERS = ("attackerSteamId", "victimSteamId", "targetSteamId")
_LIVE_SECONDS = 120  # an event this close to its receipt is a sign of life


class Row(NamedTuple):
    """A row of logs.events, in the order of its columns; `earlier`: another id it may be under."""

    id: UUID
    second: datetime
    at: datetime
    server_id: str
    mode: str
    type: str
    steam_id: str | None
    player_name: str | None
    raw_text: str
    people: list[str] | None
    map: str | None
    player_count: int | None
    session_id: str | None
    metadata: str
    earlier: UUID | None

    @property
    def values(self) -> tuple[Any, ...]:
        return self[:-1]


def row(event: Event, identity: Identity, server_id: str) -> Row:
    """An event as it is stored."""
    details = event.metadata
    people = [found for name in _OTHERS if isinstance(found := details.get(name), str) and found]
    return Row(
        identity.id,
        ids.time_of(identity.id),
        event.at,
        server_id,
        event.game_mode,
        event.type,
        event.steam_id,
        event.player_name,
        event.raw_text,
        people or None,
        details.get("map"),
        details.get("playerCount"),
        details.get("sessionId"),
        wire.dumps(details),
        identity.earlier,
    )


def store(
    rows: list[Row], server_id: str, receipt: datetime, counts: Counter[tuple[str, str]]
) -> list[UUID]:
    """Stores the rows that are not there yet and returns their ids; counts what else there was.

    All or nothing. Two round trips, three if some were there already.
    """
    rows = _without_known(rows)
    try:
        with db.transaction():
            _copy(rows)
            _note(rows, server_id, receipt, counts, duplicates=0)
        return [one.id for one in rows]
    except psycopg.errors.UniqueViolation:
        return _merge(rows, server_id, receipt, counts)


def _without_known(rows: list[Row]) -> list[Row]:
    """Without events that had no time, and were stored under the id of this or the last window."""
    timeless = [one for one in rows if one.earlier]
    if not timeless:
        return rows
    wanted = [known for one in timeless for known in (one.id, one.earlier)]
    found = db.run(
        """
        select e.id
        from unnest(%s::uuid[], %s::timestamptz[]) as w (id, second)
        join logs.events e on e.id = w.id
          and e.second = w.second
        """,
        (wanted, [ids.time_of(one) for one in wanted if one]),
    )
    known = {one["id"] for one in found}
    return [one for one in rows if one.id not in known and one.earlier not in known]


def _copy(rows: list[Row]) -> None:
    with (
        db.connection().cursor() as cursor,
        cursor.copy(
            """
            copy logs.events
              (id, second, at, server_id, mode, type, steam_id, player_name, raw_text, people, map,
               player_count, session_id, metadata)
            from stdin
            """
        ) as copy,
    ):
        for one in rows:
            copy.write_row(one.values)


@db.retried
def _merge(
    rows: list[Row], server_id: str, receipt: datetime, counts: Counter[tuple[str, str]]
) -> list[UUID]:
    """Stores what is new among rows of which some are there."""
    sent = json.dumps(
        [dict(zip(Row._fields[:-1], one.values, strict=True)) for one in rows], default=str
    )
    with db.transaction():
        found = db.run(
            """
            insert into logs.events
              (id, second, at, server_id, mode, type, steam_id, player_name, raw_text, people, map,
               player_count, session_id, metadata)
            select id, second, at, server_id, mode, type, steam_id, player_name, raw_text, people,
              map, player_count, session_id, metadata::jsonb
            from json_to_recordset(%s::json) as e (
              id uuid, second timestamptz, at timestamptz, server_id text, mode text, type text,
              steam_id text, player_name text, raw_text text, people text[], map text,
              player_count integer, session_id text, metadata text
            )
            on conflict do nothing
            returning id
            """,
            (sent,),
        )
        stored = [one["id"] for one in found]
        left = Counter(stored)
        new = [one for one in rows if left[one.id] and not left.subtract([one.id])]
        _note(new, server_id, receipt, counts, duplicates=len(rows) - len(new))
    return stored


def _note(
    rows: list[Row],
    server_id: str,
    receipt: datetime,
    counts: Counter[tuple[str, str]],
    duplicates: int,
) -> None:
    """Counts what was stored, marks the hours it belongs to, and sees that the server is alive."""
    live = [one for one in rows if abs((receipt - one.at).total_seconds()) <= _LIVE_SECONDS]
    counted = counts + Counter({("stored", ""): len(rows), ("duplicate", ""): duplicates})
    hours = Counter(one.at.replace(minute=0, second=0, microsecond=0) for one in rows)
    keys = sorted(counted)
    db.run(
        """
        with receipt as (
          insert into logs.receipts as r (server_id, hour, outcome, detail, events)
          select %(server_id)s, date_trunc('hour', %(receipt)s::timestamptz, 'UTC'), c.outcome,
            c.detail, c.events
          from unnest(%(outcomes)s::text[], %(details)s::text[], %(counts)s::bigint[])
            as c (outcome, detail, events)
          on conflict on constraint receipts_pkey do update
          set events = r.events + excluded.events
        ), touched as (
          insert into logs.hours as h (server_id, hour, events)
          select %(server_id)s, t.hour, t.events
          from unnest(%(hours)s::timestamptz[], %(stored)s::bigint[]) as t (hour, events)
          order by t.hour
          on conflict on constraint hours_pkey do update
          set events = h.events + excluded.events
        ), skewed as (
          insert into logs.skews as s (server_id, milliseconds)
          select %(server_id)s, %(skews)s::integer[]
          where cardinality(%(skews)s::integer[]) > 0
          on conflict (server_id) do update
          set milliseconds = (s.milliseconds || excluded.milliseconds)[
            greatest(cardinality(s.milliseconds || excluded.milliseconds) - 99, 1):
          ]
        )
        update logs.servers
        set last_sign_at = greatest(last_sign_at, %(sign)s),
          players = coalesce(%(players)s, players),
          map = coalesce(%(map)s, map)
        where id = %(server_id)s
          and %(sign)s::timestamptz is not null
        """,
        {
            "server_id": server_id,
            "receipt": receipt,
            "outcomes": [outcome for outcome, _ in keys],
            "details": [detail for _, detail in keys],
            "counts": [counted[key] for key in keys],
            "hours": list(hours),
            "stored": list(hours.values()),
            "skews": [
                round((receipt - one.at).total_seconds() * 1000)
                for one in live[-100:]
                if one.second == one.at.replace(microsecond=0)  # else `at` is the receipt
            ],
            **_sign(live, receipt),
        },
    )


def _sign(live: list[Row], receipt: datetime) -> dict[str, Any]:
    """What the newest live events say of their server."""
    newest = sorted(live, key=lambda one: one.at, reverse=True)
    return {
        "sign": min(newest[0].at, receipt) if newest else None,
        "players": next((o.player_count for o in newest if o.player_count is not None), None),
        "map": next((one.map for one in newest if one.map), None),
    }
