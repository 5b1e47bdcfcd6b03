"""Log events in the store: written once each, many at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

import psycopg

from functions.logs.privacy import ip_sightings
from functions.logs.rows import COLUMNS, Row
from functions.shared import db, ids

_LIVE_SECONDS = 120  # an event this close to its receipt is a sign of life
_SKEWS = 100  # clock skews of a server that are remembered
COPY_THRESHOLD = 30  # rows for which one statement costs less than a COPY and its transaction


@dataclass(frozen=True)
class EventBatch:
    """Events of one server that came together; `counts`: what else became of (outcome, detail).

    `matched`: how many more came that are stored under another id.
    """

    server_id: str
    receipt: datetime
    rows: list[Row]
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    is_live: bool = True  # as it happens: it tells of the server's life and clock
    matched: int = 0


@db.retried
def store(parcel: EventBatch) -> set[str]:
    """Stores the rows that are not there yet, counts all, and returns the ids of the new ones.

    All or nothing. One round trip for a few events; more for many, for events without a time and
    for addresses.
    """
    first = {one.id: one for one in reversed(parcel.rows)}  # of equal ones the first
    rows = _without_windows(list(first.values()))
    # In the order of their ids, so that two requests never wait for each other crosswise.
    rows.sort(key=lambda one: one.id)
    for _ in range(2):
        if len(rows) > COPY_THRESHOLD:
            with suppress(psycopg.errors.UniqueViolation):
                return _store_new(rows, parcel)
            known = _known([one.id for one in rows])
            rows = [one for one in rows if one.id not in known]
    with db.transaction() if _tell_addresses(rows) else nullcontext():
        new = _note(_MERGED, _noted(parcel) | {"rows": _recordset(rows, parcel.is_live)})
        ip_sightings.collect_sightings(one for one in rows if one.id in new).store()
        return new


def _store_new(rows: list[Row], parcel: EventBatch) -> set[str]:
    """Raises UniqueViolation, and stores nothing, if one of them is there already."""
    with db.transaction():
        return copy(rows, lambda: parcel)


def _tell_addresses(rows: list[Row]) -> bool:
    return any('"ip"' in one.metadata or '"geo"' in one.metadata for one in rows)


def _without_windows(rows: list[Row]) -> list[Row]:
    """Without events that had no time, and were stored under the id of this or the last window."""
    timeless = [one for one in rows if one.earlier]
    if not timeless:
        return rows
    known = _known([known for one in timeless for known in (one.id, one.earlier) if known])
    return [one for one in rows if one.earlier is None or not {one.id, one.earlier} & known]


def _known(wanted: list[str]) -> set[str]:
    """Those of the ids under which an event is stored. One round trip."""
    seconds = [ids.get_time(one) for one in wanted]
    found = db.query(
        """
        select e.id::text
        from unnest(%s::uuid[], %s::timestamptz[]) as w (id, sent_at)
        join logs.events e on e.id = w.id
          and e.sent_at = w.sent_at
        where e.sent_at between %s and %s
        """,
        (wanted, seconds, min(seconds), max(seconds)),  # the range spares all other chunks
    )
    return {one["id"] for one in found}


def copy(rows: Iterable[Row], parcel: Callable[[], EventBatch]) -> set[str]:
    """Stores rows, none of which may be there, in the open transaction; returns their ids.

    Their parcel is asked for when all are written: what else is to be noted of them is made up
    while the server stores the last ones.
    """
    copied: list[Row] = []
    with (
        db.connection().cursor() as cursor,
        cursor.copy(
            """
            copy logs.events
              (id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
               involved_steam_ids, map, player_count, session_id, metadata, arrival)
            from stdin
            """
        ) as copying,
    ):
        for one in rows:
            # psycopg spells a time in ten times as long.
            second = one.sent_at.isoformat()
            at = second if one.occurred_at is one.sent_at else one.occurred_at.isoformat()
            copying.write_row((one.id, second, at, *one[3 : len(COLUMNS)]))
            copied.append(one)
        given = parcel()
        noted = _noted(given) | _summary(copied, given.is_live)
        seen = ip_sightings.collect_sightings(copied)
    _note(_COPIED, noted)
    seen.store()
    return {one.id for one in copied}


def _summary(rows: list[Row], is_live: bool) -> dict[str, Any]:
    """What is noted of rows that are all new: their hours, and the newest clock skews."""
    hours = Counter(one.occurred_at.isoformat()[:13] for one in rows)  # the date and its hour
    skews = [one.skew for one in rows if is_live and one.skew is not None]
    return {
        "hours": [f"{hour}:00Z" for hour in hours],
        "events": list(hours.values()),
        "skews": skews[-_SKEWS:],
    }


def _recordset(rows: list[Row], is_live: bool) -> str:
    names = Row._fields[: len(COLUMNS) + is_live]  # only what is live tells of the clock
    return json.dumps(
        [dict(zip(names, one, strict=False)) for one in rows], default=str, ensure_ascii=False
    )


def _noted(parcel: EventBatch) -> dict[str, Any]:
    """What is noted of a parcel, whatever is new in it."""
    counted = sorted(parcel.counts.items())
    return {
        "all": len(parcel.rows) + parcel.matched,
        "server_id": parcel.server_id,
        "receipt": parcel.receipt,
        "outcomes": [outcome for (outcome, _), _ in counted],
        "details": [detail for (_, detail), _ in counted],
        "counts": [number for _, number in counted],
        "most": _SKEWS,
        **_sign(parcel),
    }


def _note(head: LiteralString, values: dict[str, Any]) -> set[str]:
    """Counts what is new, marks its hours, and sees that the server is alive. One round trip."""
    return {one["id"] for one in db.query(head + _NOTED, values)}


_COPIED: LiteralString = """
    with new as (
      select null::uuid as id
      where false
    ), fresh as (
      select hour, events
      from unnest(%(hours)s::timestamptz[], %(events)s::bigint[]) as f (hour, events)
    ), skew as (
      select %(skews)s::bigint[] as milliseconds
    )
"""
_MERGED: LiteralString = """
    with sent as (
      select id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
        involved_steam_ids, map, player_count, session_id, metadata, arrival, skew
      from json_to_recordset(%(rows)s::json) as e (
        id uuid, sent_at timestamptz, occurred_at timestamptz, server_id text, mode text, type text,
        steam_id text, player_name text, raw_text text, involved_steam_ids text[], map text,
        player_count integer, session_id text, metadata text, arrival bigint, skew bigint
      )
    ), new as (
      insert into logs.events
        (id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
         involved_steam_ids, map, player_count, session_id, metadata, arrival)
      select id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
        involved_steam_ids, map, player_count, session_id, metadata::jsonb, arrival
      from sent
      on conflict do nothing
      returning id, occurred_at
    ), fresh as (
      select date_trunc('hour', occurred_at, 'UTC') as hour, count(*) as events
      from new
      group by hour
    ), skew as (
      select array_agg(s.skew order by n.occurred_at, n.id) as milliseconds
      from new n
      join sent s on s.id = n.id
      where s.skew is not null
    )
"""
# PostgreSQL works these off from the last to the first: a server's row is locked before its hours,
# as heartbeats do it, so that nobody waits crosswise.
_NOTED = """
    , receipt as (
      insert into logs.ingest_counts as r (server_id, hour, outcome, detail, events)
      select %(server_id)s, date_trunc('hour', %(receipt)s::timestamptz, 'UTC'), c.outcome,
        c.detail, c.events
      from (
        select outcome, detail, events
        from unnest(%(outcomes)s::text[], %(details)s::text[], %(counts)s::bigint[])
          as s (outcome, detail, events)
        union all
        select 'stored', '', sum(events)
        from fresh
        union all
        select 'duplicate', '', %(all)s - coalesce(sum(events), 0)
        from fresh
      ) as c
      where c.events > 0
      order by c.outcome, c.detail
      on conflict on constraint ingest_counts_pkey do update
      set events = r.events + excluded.events
    ), touched as (
      insert into logs.event_hours as h (server_id, hour, events)
      select %(server_id)s, hour, events
      from fresh
      order by hour
      on conflict on constraint event_hours_pkey do update
      set events = h.events + excluded.events
    ), skewed as (
      insert into logs.clock_skews as s (server_id, milliseconds)
      select %(server_id)s, milliseconds
      from skew
      where cardinality(milliseconds) > 0
      on conflict (server_id) do update
      set milliseconds = (s.milliseconds || excluded.milliseconds)[
        greatest(cardinality(s.milliseconds || excluded.milliseconds) - %(most)s + 1, 1):
      ]
    ), alive as (
      update logs.servers
      set last_seen_at = %(sign)s,
        players = coalesce(%(players)s, players),
        map = coalesce(%(map)s, map)
      where id = %(server_id)s
        and (last_seen_at is null or last_seen_at <= %(sign)s::timestamptz)
    )
    select id::text
    from new
"""


def _sign(parcel: EventBatch) -> dict[str, Any]:
    """What the newest live events say of their server."""
    receipt = parcel.receipt
    live = [
        one
        for one in parcel.rows
        if parcel.is_live and abs((receipt - one.occurred_at).total_seconds()) <= _LIVE_SECONDS
    ]
    newest = sorted(live, key=lambda one: one.occurred_at, reverse=True)
    return {
        "sign": min(newest[0].occurred_at, receipt) if newest else None,
        "players": next((o.player_count for o in newest if o.player_count is not None), None),
        "map": next((one.map for one in newest if one.map), None),
    }
