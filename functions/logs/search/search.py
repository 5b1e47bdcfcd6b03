"""Search: the log events that match, newest first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, LiteralString

import psycopg
from psycopg import sql
from pydantic import Field

from functions.logs import steam_ids
from functions.logs.game_modes import MODES
from functions.logs.search import event_reader, word_index
from functions.logs.search.event_query import EventQuery
from functions.shared import cursors, db, fields, json_codec

_LOOK = 4000  # newest events that are looked through before the index of words is asked
_WIDER = 4  # how much longer the next stretch of time is, when one had too few matches
_WIDEST = timedelta(days=60)  # what is before such a stretch is looked through at once


class LogsQuery(fields.BracketPathModel, fields.CamelModel):
    """Which events to read; `from` and `to` are inclusive."""

    search: fields.FilterText = Field(
        None, description="in name, text or SteamID; a whole SteamID exactly"
    )
    server_id: fields.FilterText = None
    type: fields.FilterText = None
    since: Annotated[fields.Instant | None, fields.EmptyAsNone] = Field(None, alias="from")
    until: Annotated[fields.InclusiveEnd | None, fields.EmptyAsNone] = Field(None, alias="to")
    game_mode: fields.FilterText = None
    map: fields.FilterText = None
    steam_id: fields.FilterText = None
    limit: Annotated[int, fields.clamped_int(default=200, most=1000)] = 200
    cursor: fields.Cursor = None


def search_events(query: LogsQuery) -> tuple[str, str | None]:
    """The newest events that match, as JSON text, and the cursor of the next page if there is one.

    Events of one moment are in the order of their arrival, the last one first.

    One round trip, some more for what is rare.
    """
    keyset = cursors.Keyset(query, query.limit, at="occurred_at", arrival="arrival", last="id")
    wanted = _to_event_query(query)
    if keyset.after:
        at, arrival, last = keyset.after
        wanted = wanted.before(datetime.fromisoformat(at), arrival, last)
    if query.search and not steam_ids.is_real(query.search):
        rows = _search_words(wanted)
    else:
        statement = _ABOUT if query.search else _MATCHING
        rows = wanted.recent.fetch(statement, person=query.search)
        if len(rows) < wanted.limit:
            rows = wanted.fetch(statement, person=query.search)
    texts = json_codec.take_fitting(
        json_codec.dumps(event_reader.to_response(row)) for row in rows[: query.limit]
    )
    return f"[{','.join(texts)}]", keyset.next_cursor(rows[: len(texts)], len(rows))


def _to_event_query(query: LogsQuery) -> EventQuery:
    mode = query.game_mode and MODES.get(query.game_mode.strip().lower(), query.game_mode)
    places = _conditions(
        ("server_id = {}", query.server_id),
        ("type = {}", query.type and query.type.strip().upper()),
    )
    others = _conditions(
        ("mode = {}", mode),
        ("map = {}", query.map),
        ("steam_id = {}", query.steam_id),
    )
    wanted = EventQuery(
        conditions=(sql.SQL("true"), *places, *others),
        words=query.search or "",
        limit=query.limit + 1,  # one more than asked for tells whether there are more
        newest=query.until or datetime.now(UTC) + timedelta(minutes=10),
        places=places,
        person=query.steam_id,
        map=query.map,
    )
    wanted = wanted.until(query.until) if query.until else wanted
    return wanted.since(query.since) if query.since else wanted


def _conditions(*conditions: tuple[LiteralString, Any]) -> tuple[sql.Composable, ...]:
    return tuple(sql.SQL(condition).format(value) for condition, value in conditions if value)


_MATCHING = sql.SQL(
    """
    select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
      arrival
    from logs.events
    where {where}
    order by {at} desc, arrival desc, id desc
    limit {limit}
    """
)
# Each half by its own index: no index holds both. What is said of a person is sorted here, because
# walking back in time for somebody who is seldom met would never end.
_ABOUT = sql.SQL(
    """
    with own as (
      select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
        arrival
      from logs.events
      where steam_id = {person}
        and {where}
      order by {at} desc, arrival desc, id desc
      limit {limit}
    ), met as materialized (
      select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
        arrival
      from logs.events
      where involved_steam_ids @> array[{person}]
        and steam_id is distinct from {person}
        and {where}
    )
    select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
      arrival
    from (select * from own union all select * from met) as e
    order by occurred_at desc, arrival desc, id desc
    limit {limit}
    """
)


def _search_words(wanted: EventQuery) -> list[db.Row]:
    """What the columnstore holds is found by the words it was packed with, all else as here."""
    while store := word_index.find_store(wanted):
        with suppress(psycopg.errors.UndefinedTable):  # a chunk was dropped meanwhile
            return store.merge(_scan_back(replace(wanted, events=store.rest)))
    return _scan_back(wanted)


def _scan_back(wanted: EventQuery) -> list[db.Row]:
    """Words that are frequent are found by walking back in time, rare ones by their index.

    How frequent they are the newest events tell; then stretches of time are searched that should
    hold enough matches, each longer than the one after it.
    """
    rows = wanted.recent.fetch(_LOOKING, look=_LOOK)
    if rows[0]["looked"] < _LOOK:
        rows = wanted.fetch(_LOOKING, look=_LOOK)
    looked = rows[0]
    rows = [row for row in rows if row["id"]]
    if looked["looked"] < _LOOK:
        return rows
    oldest: datetime = looked["oldest"]
    rest = wanted.before(oldest, looked["first_arrival"], looked["last"])
    length: timedelta = looked["newest"] - oldest + timedelta(seconds=1)
    span = length * (wanted.limit / max(len(rows), 0.5))
    while len(rows) < wanted.limit:
        since = _back(oldest, span)
        missing = replace(rest, limit=wanted.limit - len(rows))
        rows += (missing.since(since) if since else missing).fetch(_INDEXED)
        if since is None:
            break
        rest = rest.earlier(since)
        oldest, span = since, span * _WIDER
    return rows


def _back(moment: datetime, span: timedelta) -> datetime | None:
    return None if span > _WIDEST else moment.astimezone(UTC) - span


_LOOKING = sql.SQL(
    """
    with looked as materialized (
      select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
        arrival, logs.search_text(player_name, raw_text, steam_id) like lower({words}) as matches
      from {events}
      where {where}
      order by {at} desc, arrival desc, id desc
      limit {look}
    ), edge as (
      select count(*) as looked, max(occurred_at) as newest, min(occurred_at) as oldest,
        (select arrival from looked order by occurred_at, arrival, id limit 1) as first_arrival,
        (select id from looked order by occurred_at, arrival, id limit 1) as last
      from looked
    ), matching as (
      select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
        arrival
      from looked
      where matches
      order by occurred_at desc, arrival desc, id desc
      limit {limit}
    )
    select e.looked, e.newest, e.oldest, e.first_arrival, e.last, m.id, m.server_id, m.mode, m.type,
      m.occurred_at, m.steam_id, m.player_name, m.raw_text, m.metadata, m.arrival
    from edge e
    left join matching m on true
    order by m.occurred_at desc, m.arrival desc, m.id desc
    """
)
# All matches are found before they are sorted, or the planner might walk back in time after all.
_INDEXED = sql.SQL(
    """
    with matching as materialized (
      select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
        arrival
      from {events}
      where {where}
        and logs.search_text(player_name, raw_text, steam_id) like lower({words})
    )
    select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
      arrival
    from matching
    order by occurred_at desc, arrival desc, id desc
    limit {limit}
    """
)
