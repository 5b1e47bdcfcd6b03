"""Profile: everything about one player."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from functions.shared import db, fields
from functions.shared.errors import NotFound
from functions.ttt.activity import Week, Zone, parse_zone, to_week
from functions.ttt.filters import Counted, PeriodOfAllMaps, to_page
from functions.ttt.names import PastName
from functions.ttt.players import Player
from functions.ttt.roles import Role


class ProfileQuery(PeriodOfAllMaps):
    """Whom to describe, in which rounds, and by whose clock."""

    steam_id: fields.Name64
    tz: Zone = Field("UTC", description="an IANA time zone, for the activity")


class MapPart(fields.ResponseModel):
    """A player's numbers on a map."""

    map_name: str
    rounds: int
    wins: int
    win_rate: float
    kills: int
    deaths: int


class WeaponPart(fields.ResponseModel):
    """A player's kills with a weapon."""

    weapon: str
    kills: int
    headshots: int
    headshot_rate: float


class Opponent(fields.ResponseModel):
    """Somebody the player killed, or was killed by."""

    steam_id: str
    display_name: str | None
    kills: int
    headshots: int


class RecentRound(fields.ResponseModel):
    """A round of the player; roles as they were sent."""

    id: str
    map_name: str | None
    winner: str
    timestamp: datetime
    role_start: str | None
    role_end: str | None
    won: bool
    kills: int
    deaths: int
    karma_diff: int | None
    points_diff: int | None


class Profile(Player, Counted):
    """All of a player's numbers; lists begin with the largest."""

    names: list[PastName]
    by_role: list[Role]
    by_map: list[MapPart]
    weapons: list[WeaponPart]
    killed_by: list[Opponent]
    victims: list[Opponent]
    activity: Week
    recent: list[RecentRound]


def get_profile(query: ProfileQuery) -> dict[str, Any]:
    """A player's Profile; raises NotFound for who was never seen, Invalid for an unknown zone.

    One round trip.
    """
    tz = parse_zone(query.tz)
    [row] = db.query(_PROFILE, {**query.window, "who": query.steam_id, "tz": tz})
    if not row.pop("is_known"):
        raise NotFound("Player not found")
    row["activity"] = to_week(query.tz, row["activity"])
    return {"steam_id": query.steam_id, **to_page(query), **row}


# What a person did is found by their SteamID in every rollup, so each part costs a few index reads.
# Most of it comes from the same rows: each rollup makes the plan larger, and to set a large plan up
# costs more than to run it.
_PROFILE = """
    with ever as materialized (
      select role, map_name, rounds,
        innocent_wins + case when %(timelimit)s then timelimits else 0 end as wins_innocent,
        traitor_wins as wins_traitor, kills, deaths, headshots, team_kills, suicides, world_deaths,
        kills_on_bots, items, karma_total, karma_rounds, points_total, seconds, first_at, last_at,
        day >= %(from_day)s
          and day < %(to_day)s
          and (%(server)s::text is null or server = %(server)s) as is_asked
      from ttt.player_fact_days
      where steam_id = %(who)s
    ), mine as (
      select *
      from ever
      where is_asked
    ), my_number as (
      select coalesce(sum(rounds), 0)::bigint as rounds, coalesce(sum(kills), 0)::bigint as kills,
        coalesce(sum(deaths), 0)::bigint as deaths,
        coalesce(sum(headshots), 0)::bigint as headshots,
        coalesce(sum(team_kills), 0)::bigint as team_kills,
        coalesce(sum(suicides), 0)::bigint as suicides,
        coalesce(sum(world_deaths), 0)::bigint as world_deaths,
        coalesce(sum(kills_on_bots), 0)::bigint as kills_on_bots,
        coalesce(sum(wins_innocent), 0)::bigint as wins_innocent,
        coalesce(sum(wins_traitor), 0)::bigint as wins_traitor,
        coalesce(sum(items), 0)::bigint as items_bought,
        coalesce(sum(karma_total), 0)::bigint as karma_total,
        coalesce(sum(karma_rounds), 0)::bigint as karma_rounds,
        coalesce(sum(points_total), 0)::bigint as points_total,
        coalesce(sum(seconds), 0)::bigint as seconds, min(first_at) as first_seen,
        max(last_at) as last_seen
      from mine
    ), my_role as (
      select role, sum(rounds)::bigint as rounds, sum(wins_innocent + wins_traitor)::bigint as wins,
        sum(kills)::bigint as kills, sum(deaths)::bigint as deaths,
        sum(team_kills)::bigint as team_kills
      from mine
      group by role
    ), my_map as (
      select map_name, sum(rounds)::bigint as rounds,
        sum(wins_innocent + wins_traitor)::bigint as wins, sum(kills)::bigint as kills,
        sum(deaths)::bigint as deaths
      from mine
      group by map_name
    ), my_weapon as (
      select weapon, sum(kills)::bigint as kills, sum(headshots)::bigint as headshots
      from ttt.player_weapon_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, null)
      where steam_id = %(who)s
        and (%(server)s::text is null or server = %(server)s)
      group by weapon
    ), last_round as materialized (
      select occurred_at, round_id
      from ttt.players
      where steam_id = %(who)s
        and occurred_at >= %(from_day)s
        and occurred_at < %(to_day)s
        and (%(server)s::text is null or server = %(server)s)
      order by occurred_at desc, round_id desc
      limit 20
    ), fought as (
      -- All twenty at once: each alone would look at every chunk.
      select occurred_at, round_id, count(*) filter (where is_mine) as kills,
        count(*) filter (where not is_mine) as deaths
      from (
        select occurred_at, round_id, true as is_mine
        from ttt.classed_kills
        where attacker_steamid = %(who)s
          and is_kill
          and occurred_at >= (select min(occurred_at) from last_round)
          and occurred_at <= (select max(occurred_at) from last_round)
        union all
        select occurred_at, round_id, false
        from ttt.classed_kills
        where victim_steamid = %(who)s
          and occurred_at >= (select min(occurred_at) from last_round)
          and occurred_at <= (select max(occurred_at) from last_round)
      ) as fact
      group by occurred_at, round_id
    ), newest as (
      select r.id, r.occurred_at, r.map_name, r.winner, sent.role_start, sent.role_end,
        sent.karma_diff, sent.points_diff, coalesce(fought.kills, 0) as kills,
        coalesce(fought.deaths, 0) as deaths,
        coalesce(
          ttt.winner_for(ttt.role(sent.role_start)) = case
            when r.winner = 'timelimit' and %(timelimit)s then 'innocents'
            else r.winner
          end,
          false
        ) as won
      from last_round l
      join ttt.rounds r on r.id = l.round_id
      left join fought on fought.occurred_at = l.occurred_at and fought.round_id = l.round_id
      cross join lateral (
        select p.role_start, p.role_end, p.karma_diff, p.points_diff
        from json_to_recordset(r.players::json) as p (
          steam_id text, role_start text, role_end text, karma_diff integer, points_diff integer
        )
        where p.steam_id = %(who)s
      ) as sent
    )
    select n.display_name, s.rounds, s.kills, s.deaths,
      ttt.ratio(s.kills, s.deaths, 2, s.kills) as kd, s.headshots,
      ttt.ratio(100 * s.headshots, s.kills, 1, 0) as headshot_rate, s.team_kills, s.suicides,
      s.world_deaths, s.kills_on_bots, s.wins_innocent + s.wins_traitor as wins, s.wins_innocent,
      s.wins_traitor,
      ttt.ratio(100 * (s.wins_innocent + s.wins_traitor), s.rounds, 1, 0) as win_rate,
      ttt.ratio(s.kills, s.rounds, 2, 0) as kills_per_round, s.items_bought, s.karma_total,
      s.karma_rounds, ttt.ratio(s.karma_total, s.karma_rounds, 2, null) as avg_karma,
      s.points_total, s.seconds, s.first_seen, s.last_seen,
      (
        select weapon
        from my_weapon
        order by kills desc, weapon collate "C"
        limit 1
      ) as favorite_weapon,
      coalesce((
        select json_object_agg(role, rounds order by rounds desc, role collate "C")
        from my_role
        where rounds > 0
      ), '{}') as roles,
      coalesce((
        select json_agg(json_build_object(
            'name', display_name, 'valid_from', shared.iso_time(valid_from),
            'valid_to', shared.iso_time(valid_to), 'last_seen', shared.iso_time(last_seen)
          ) order by valid_from desc)
        from ttt.names
        where steam_id = %(who)s
      ), '[]') as names,
      coalesce((
        select json_agg(json_build_object(
            'role', role, 'team', ttt.team(role), 'rounds', rounds, 'wins', wins,
            'win_rate', ttt.ratio(100 * wins, rounds, 1, 0), 'kills', kills, 'deaths', deaths,
            'kd', ttt.ratio(kills, deaths, 2, kills), 'team_kills', team_kills
          ) order by rounds desc, role collate "C")
        from my_role
        where rounds + kills + deaths > 0
      ), '[]') as by_role,
      coalesce((
        select json_agg(json_build_object(
            'map_name', map_name, 'rounds', rounds, 'wins', wins,
            'win_rate', ttt.ratio(100 * wins, rounds, 1, 0), 'kills', kills, 'deaths', deaths
          ) order by rounds desc, map_name collate "C")
        from my_map
        where rounds + kills + deaths > 0
      ), '[]') as by_map,
      coalesce((
        select json_agg(json_build_object(
            'weapon', weapon, 'kills', kills, 'headshots', headshots,
            'headshot_rate', ttt.ratio(100 * headshots, kills, 1, 0)
          ) order by kills desc, weapon collate "C")
        from my_weapon
      ), '[]') as weapons,
      coalesce((
        select json_agg(to_json(o) order by o.kills desc, o.headshots desc, o.steam_id collate "C")
        from ttt.opponents(
          %(who)s, true, %(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(server)s
        ) as o
      ), '[]') as killed_by,
      coalesce((
        select json_agg(to_json(o) order by o.kills desc, o.headshots desc, o.steam_id collate "C")
        from ttt.opponents(
          %(who)s, false, %(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(server)s
        ) as o
      ), '[]') as victims,
      coalesce((
        select json_agg(json_build_array(day, hour, rounds))
        from (
          select extract(dow from occurred_at at time zone %(tz)s)::integer as day,
            extract(hour from occurred_at at time zone %(tz)s)::integer as hour, count(*) as rounds
          from ttt.players
          where steam_id = %(who)s
            and occurred_at >= %(from_day)s
            and occurred_at < %(to_day)s
            and (%(server)s::text is null or server = %(server)s)
          group by 1, 2
        ) as slot
      ), '[]') as activity,
      coalesce((
        select json_agg(json_build_object(
            'id', id, 'map_name', map_name, 'winner', winner,
            'timestamp', shared.iso_time(occurred_at),
            'role_start', role_start, 'role_end', role_end, 'won', won, 'kills', kills,
            'deaths', deaths, 'karma_diff', karma_diff, 'points_diff', points_diff
          ) order by occurred_at desc, id desc)
        from newest
      ), '[]') as recent,
      f.as_of, f.raw_tail, n.steam_id is not null or exists (
        select
        from ever
      ) and (%(bots)s or not ttt.is_pseudo(%(who)s)) as is_known
    from ttt.freshness(%(from_day)s, %(to_day)s) f
    left join ttt.names n on n.steam_id = %(who)s and n.valid_to is null
    cross join my_number s
"""
