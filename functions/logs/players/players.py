"""Players: who was ever seen, newest first, with their connections and playtime."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, LiteralString

from psycopg import sql
from pydantic import BeforeValidator, ConfigDict, Field, RootModel

from functions.logs import change_queue
from functions.logs.moderation import punishments
from functions.logs.players import avatars, playtime
from functions.shared import cursors, db, fields, json_codec

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class PlayersQuery(fields.BracketPathModel, fields.CamelModel):
    """Whom to list."""

    search: fields.FilterText = Field(
        None, description="in the name, in any case, or in the SteamID"
    )
    server_id: fields.FilterText = Field(None, description="who has an event there")
    is_vip: Annotated[
        bool | None, BeforeValidator(lambda value: _FLAGS.get(str(value).lower()))
    ] = None
    limit: Annotated[int, fields.clamped_int(default=2000, most=5000)] = 2000
    cursor: fields.Cursor = None


class ServerPart(fields.CamelResponse):
    """A player's part on one server."""

    play_time_hours: float
    connections: int


class Player(fields.CamelResponse):
    """A player; `name` is the newest one, else the SteamID."""

    steam_id: str
    name: str
    avatar_url: str
    last_seen: datetime
    first_seen: datetime
    total_connections: int
    play_time_hours: float
    is_vip: bool
    server_stats: dict[str, ServerPart]
    punishments: list[punishments.Punishment]


class Players(RootModel[list[Player]]):
    """Players, last seen first: the answer is the bare list."""

    model_config = ConfigDict(defer_build=True)


def list_players(query: PlayersQuery) -> tuple[str, str | None]:
    """A page of Players as JSON text, and the cursor of the next one. Three round trips."""
    keyset = cursors.Keyset(query, query.limit, last_at="last_at", last_id="steam_id")
    if query.is_vip:
        return "[]", None  # nothing makes anybody one
    change_queue.fold_some()
    rows = db.query(
        _ALL,
        {
            "person": None,
            "server": query.server_id,
            "search": query.search,
            **keyset.values,
        },
    )
    found = _to_response(rows[: query.limit])
    texts = json_codec.take_fitting(map(json_codec.dumps, found))
    return f"[{','.join(texts)}]", keyset.next_cursor(rows[: len(texts)], len(rows))


def get_players(steam_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Each of these who is a player, by SteamID, as Player. Three round trips."""
    change_queue.fold_some()
    parameters = {
        "person": steam_ids[0] if len(steam_ids) == 1 else None,
        "only": steam_ids,
        "server": None,
        "search": None,
        "last_at": None,
        "last_id": None,
        "one_more": len(steam_ids),
    }
    return {one["steamId"]: one for one in _to_response(db.query(_SOME, parameters))}


def _to_response(rows: list[db.Row]) -> list[dict[str, Any]]:
    given = punishments.list_punishments([row["steam_id"] for row in rows]) if rows else {}
    return [
        {
            "steamId": row["steam_id"],
            "name": row["name"],
            "avatarUrl": avatars.get_avatar_url(row["steam_id"]),
            "lastSeen": row["last_at"],
            "firstSeen": row["first_at"],
            "totalConnections": row["connections"],
            "playTimeHours": playtime.to_hours(row["seconds"]),
            "isVip": False,
            "serverStats": {
                name: {"playTimeHours": playtime.to_hours(seconds), "connections": connections}
                for name, seconds, connections in zip(
                    row["server_ids"], row["server_seconds"], row["server_connections"], strict=True
                )
            },
            "punishments": given.get(row["steam_id"], []),
        }
        for row in rows
    ]


# Everybody is counted at once: looking some up in the newest rows, by no index, takes longer.
_LISTED: LiteralString = """
    with queued as materialized (
      select row(p.*)::logs.session_diff as diff
      from logs.diff_queued_sessions(%(person)s, null) as p
    ), delta as (
      select (diff).steam_id, (diff).server_id,
        sum(
          (diff).sign
          * logs.overlap_seconds((diff).started_at, (diff).ended_at, h.at, 'infinity')
        )
          filter (where (diff).kind = 'session') as seconds,
        sum((diff).sign) filter (where (diff).is_counted) as connections
      from queued
      cross join (select rollups.retained_from('logs.session_hours') as at) as h
      group by (diff).steam_id, (diff).server_id
    ), there as (
      select steam_id, server_id, min(first_at) as first_at, max(last_at) as last_at,
        sum(connections)::bigint as connections, max(named_at) as named_at,
        (array_agg(named_by order by named_at desc, named_by desc)
          filter (where name is not null))[1] as named_by,
        (array_agg(name order by named_at desc, named_by desc) filter (where name is not null))[1]
          as name
      from logs.player_sums
      {only}
      group by steam_id, server_id
      having sum(events) > 0
    ), played as (
      select steam_id, server_id, sum(seconds)::bigint as seconds
      from logs.play_totals
      {only}
      group by steam_id, server_id
    ), total as (
      select steam_id, sum(seconds)::bigint as seconds
      from (
        select steam_id, seconds
        from logs.person_totals
        {only}
        union all
        select steam_id, seconds
        from logs.diff_playtime(array(select diff from queued))
      ) as t
      group by steam_id
    ), person as (
      select t.steam_id, min(t.first_at) as first_at, max(t.last_at) as last_at,
        sum(t.connections + coalesce(d.connections, 0))::bigint as connections,
        coalesce(
          (array_agg(t.name order by t.named_at desc, t.named_by desc)
            filter (where t.name is not null))[1],
          t.steam_id
        ) as name,
        array_agg(t.server_id order by t.server_id) as server_ids,
        array_agg((coalesce(p.seconds, 0) + coalesce(d.seconds, 0))::bigint order by t.server_id)
          as server_seconds,
        array_agg((t.connections + coalesce(d.connections, 0))::bigint order by t.server_id)
          as server_connections
      from there t
      left join played p on p.steam_id = t.steam_id and p.server_id = t.server_id
      left join delta d on d.steam_id = t.steam_id and d.server_id = t.server_id
      group by t.steam_id
    )
    select p.steam_id, name, first_at, last_at, connections, coalesce(t.seconds, 0) as seconds,
      server_ids, server_seconds, server_connections
    from person p
    left join total t on t.steam_id = p.steam_id
    where (%(server)s::text is null or %(server)s = any (server_ids))
      -- A SteamID's collation, which `name` has from it, knows the case of ASCII letters only.
      and (%(search)s::text is null
        or strpos(lower(name collate "default"), lower(%(search)s)) > 0
        or strpos(p.steam_id, %(search)s) > 0)
      and (%(last_at)s::timestamptz is null or last_at < %(last_at)s::timestamptz
        or last_at = %(last_at)s::timestamptz and p.steam_id > %(last_id)s::text)
    order by last_at desc, p.steam_id
    limit %(one_more)s
"""
_ALL = sql.SQL(_LISTED).format(only=sql.SQL(""))
_SOME = sql.SQL(_LISTED).format(only=sql.SQL("where steam_id = any (%(only)s)"))
