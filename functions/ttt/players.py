"""Players: everybody's numbers, sorted by any of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, LiteralString

from psycopg import sql

from functions.shared import db, fields
from functions.ttt.filters import Count, Page, Paged, Period, Place

# What a list is sorted by, as an expression over a person's totals.
_SORTS: dict[str, LiteralString] = {
    "rounds": "t.rounds",
    "kills": "t.kills",
    "deaths": "t.deaths",
    "kd": "ttt.ratio(t.kills, t.deaths, 2, t.kills)",
    "headshots": "t.headshots",
    "headshot_rate": "ttt.ratio(100 * t.headshots, t.kills, 1, 0)",
    "team_kills": "t.team_kills",
    "suicides": "t.suicides",
    "world_deaths": "t.world_deaths",
    "kills_on_bots": "t.kills_on_bots",
    "wins": "t.innocent_wins + t.traitor_wins"
    " + case when %(timelimit)s then t.timelimits else 0 end",
    "wins_innocent": "t.innocent_wins + case when %(timelimit)s then t.timelimits else 0 end",
    "wins_traitor": "t.traitor_wins",
    "win_rate": "ttt.ratio(100 * (t.innocent_wins + t.traitor_wins"
    " + case when %(timelimit)s then t.timelimits else 0 end), t.rounds, 1, 0)",
    "kills_per_round": "ttt.ratio(t.kills, t.rounds, 2, 0)",
    "items_bought": "t.items",
    "karma_total": "coalesce(t.karma_total, 0)",
    "karma_rounds": "t.karma_rounds",
    "avg_karma": "ttt.ratio(t.karma_total, t.karma_rounds, 2, null)",
    "points_total": "coalesce(t.points_total, 0)",
    "seconds": "t.seconds",
    "last_seen": "t.last_at",
    "display_name": '(select n.display_name collate "C" from ttt.names n'
    " where n.steam_id = t.steam_id and n.valid_to is null)",
}
_ORDERS: dict[str, LiteralString] = {"asc": "asc nulls last", "desc": "desc nulls last"}


class PlayersQuery(Period, Paged):
    """Whom to list, and in what order."""

    sort: Literal[
        "rounds",
        "kills",
        "deaths",
        "kd",
        "headshots",
        "headshot_rate",
        "team_kills",
        "suicides",
        "world_deaths",
        "kills_on_bots",
        "wins",
        "wins_innocent",
        "wins_traitor",
        "win_rate",
        "kills_per_round",
        "items_bought",
        "karma_total",
        "karma_rounds",
        "avg_karma",
        "points_total",
        "seconds",
        "last_seen",
        "display_name",
    ] = "kills"
    order: Literal["asc", "desc"] = "desc"
    min_rounds: Count = 0
    min_kills: Count = 0
    search: Annotated[str | None, fields.EmptyAsNone] = None


class Player(fields.ResponseModel):
    """A player's numbers. Rates are percent; `seconds` are those of their rounds; `favorite_weapon`
    is the one with most kills; `roles` are rounds by the role at the start."""

    steam_id: str
    display_name: str | None
    rounds: int
    kills: int
    deaths: int
    kd: float
    headshots: int
    headshot_rate: float
    team_kills: int
    suicides: int
    world_deaths: int
    kills_on_bots: int
    wins: int
    wins_innocent: int
    wins_traitor: int
    win_rate: float
    kills_per_round: float
    items_bought: int
    karma_total: int
    karma_rounds: int
    avg_karma: float | None
    points_total: int
    favorite_weapon: str | None
    roles: dict[str, int]
    seconds: int
    first_seen: datetime | None
    last_seen: datetime | None


class ListedPlayer(Player):
    """A player's numbers and place: `rank` counts from 1 in the same list without `search`."""

    rank: int


class Players(Page):
    """A page of players."""

    items: list[ListedPlayer]


def list_players(query: PlayersQuery) -> dict[str, Any]:
    """A page of Players. One round trip: ranks everybody by one number, then adds up the page's.

    A total is the player's row of all closed months (the view ttt.player_all_time) and the later
    days and months that `ttt.player_window` (schema/functions/ttt_windows.sql) adds up.
    """
    place = Place(query)
    ranked = sql.SQL(_FOUND if query.search else _RANKED).format(
        sort=sql.SQL(_SORTS[query.sort]), order=sql.SQL(_ORDERS[query.order])
    )
    rows = db.query(
        sql.SQL(_LISTED).format(ranked=ranked),
        {
            **query.window,
            **place.values,
            "min_rounds": query.min_rounds,
            "min_kills": query.min_kills,
            "search": query.search,
        },
    )
    return place.cut(query, rows)


# A page of everybody: only its own rows are put in order.
_RANKED: LiteralString = """
      select row_number() over () as place, r.steam_id, %(offset)s + row_number() over () as rank
      from (
        select t.steam_id
        from total t
        where (%(bots)s or not ttt.is_pseudo(t.steam_id))
          and t.rounds >= %(min_rounds)s
          and t.kills >= %(min_kills)s
        order by {sort} {order}, t.steam_id collate "C"
        offset %(offset)s
        limit %(one_more)s
      ) as r
"""
# A page of those who are found, with their places among everybody.
_FOUND: LiteralString = """
      select row_number() over () as place, r.steam_id, r.rank
      from (
        select t.steam_id,
          row_number() over (order by {sort} {order}, t.steam_id collate "C") as rank
        from total t
        where (%(bots)s or not ttt.is_pseudo(t.steam_id))
          and t.rounds >= %(min_rounds)s
          and t.kills >= %(min_kills)s
      ) as r
      where r.steam_id = %(search)s
        or r.steam_id in (
          select steam_id
          from ttt.names
          where strpos(lower(display_name), lower(%(search)s)) > 0
        )
      order by r.rank
      offset %(offset)s
      limit %(one_more)s
"""
_LISTED: LiteralString = """
    with past as not materialized (
      select p.*
      from ttt.player_all_time p
      where (select ttt.all_time_end(%(from_day)s, %(end_month)s)) > '-infinity'
        and %(map)s::text is null
    ), later as materialized (
      select w.steam_id,
        sum(w.rounds)::bigint as rounds, sum(w.innocent_wins)::bigint as innocent_wins,
        sum(w.traitor_wins)::bigint as traitor_wins, sum(w.timelimits)::bigint as timelimits,
        sum(w.seconds)::bigint as seconds, sum(w.karma_total)::bigint as karma_total,
        sum(w.karma_rounds)::bigint as karma_rounds, sum(w.points_total)::bigint as points_total,
        sum(w.kills)::bigint as kills, sum(w.headshots)::bigint as headshots,
        sum(w.team_kills)::bigint as team_kills, sum(w.kills_on_bots)::bigint as kills_on_bots,
        sum(w.deaths)::bigint as deaths, sum(w.suicides)::bigint as suicides,
        sum(w.world_deaths)::bigint as world_deaths, sum(w.items)::bigint as items,
        min(w.first_at) as first_at, max(w.last_at) as last_at
      from ttt.player_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s) w
      where w.server is distinct from ''
        and (%(server)s::text is null or w.server = %(server)s)
      group by w.steam_id
    ), total as (
      select coalesce(p.steam_id, l.steam_id) as steam_id,
        coalesce(p.rounds, 0) + coalesce(l.rounds, 0) as rounds,
        coalesce(p.innocent_wins, 0) + coalesce(l.innocent_wins, 0) as innocent_wins,
        coalesce(p.traitor_wins, 0) + coalesce(l.traitor_wins, 0) as traitor_wins,
        coalesce(p.timelimits, 0) + coalesce(l.timelimits, 0) as timelimits,
        coalesce(p.seconds, 0) + coalesce(l.seconds, 0) as seconds,
        coalesce(p.karma_total + l.karma_total, p.karma_total, l.karma_total) as karma_total,
        coalesce(p.karma_rounds, 0) + coalesce(l.karma_rounds, 0) as karma_rounds,
        coalesce(p.points_total + l.points_total, p.points_total, l.points_total) as points_total,
        coalesce(p.kills, 0) + coalesce(l.kills, 0) as kills,
        coalesce(p.headshots, 0) + coalesce(l.headshots, 0) as headshots,
        coalesce(p.team_kills, 0) + coalesce(l.team_kills, 0) as team_kills,
        coalesce(p.kills_on_bots, 0) + coalesce(l.kills_on_bots, 0) as kills_on_bots,
        coalesce(p.deaths, 0) + coalesce(l.deaths, 0) as deaths,
        coalesce(p.suicides, 0) + coalesce(l.suicides, 0) as suicides,
        coalesce(p.world_deaths, 0) + coalesce(l.world_deaths, 0) as world_deaths,
        coalesce(p.items, 0) + coalesce(l.items, 0) as items,
        greatest(p.last_at, l.last_at) as last_at
      from past p
      full join later l on l.steam_id = p.steam_id
    ), page as (
      {ranked}
    ),
    -- The page's people all at once: each alone would look through today's rows again.
    ids as materialized (
      select coalesce(array_agg(steam_id), '{{}}') as of
      from page
    ), numbers as (
      select w.steam_id, sum(w.rounds)::bigint as rounds, sum(w.kills)::bigint as kills,
        sum(w.deaths)::bigint as deaths, sum(w.headshots)::bigint as headshots,
        sum(w.team_kills)::bigint as team_kills, sum(w.suicides)::bigint as suicides,
        sum(w.world_deaths)::bigint as world_deaths, sum(w.kills_on_bots)::bigint as kills_on_bots,
        sum(w.innocent_wins + case when %(timelimit)s then w.timelimits else 0 end)::bigint
          as wins_innocent,
        sum(w.traitor_wins)::bigint as wins_traitor, sum(w.items)::bigint as items_bought,
        coalesce(sum(w.karma_total), 0)::bigint as karma_total,
        sum(w.karma_rounds)::bigint as karma_rounds,
        coalesce(sum(w.points_total), 0)::bigint as points_total,
        sum(w.seconds)::bigint as seconds, min(w.first_at) as first_seen,
        max(w.last_at) as last_seen
      from (
        select
        steam_id, rounds, innocent_wins, traitor_wins, timelimits, seconds, karma_total,
        karma_rounds, points_total, kills, headshots, team_kills, kills_on_bots, deaths, suicides,
        world_deaths, items, first_at, last_at
        from past
        where steam_id = any ((select of from ids)::text[])
        union all
        select
        steam_id, rounds, innocent_wins, traitor_wins, timelimits, seconds, karma_total,
        karma_rounds, points_total, kills, headshots, team_kills, kills_on_bots, deaths, suicides,
        world_deaths, items, first_at, last_at
        from later
        where steam_id in (select steam_id from page)
      ) as w
      group by w.steam_id
    ), favourite as (
      select distinct on (w.steam_id) w.steam_id, w.weapon
      from ttt.player_weapon_window(
        %(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s
      ) w
      where w.steam_id = any ((select of from ids)::text[])
        and (%(server)s::text is null or w.server = %(server)s)
      group by w.steam_id, w.weapon
      order by w.steam_id, sum(w.kills) desc, w.weapon collate "C"
    ), played as (
      select r.steam_id, json_object_agg(r.role, r.rounds order by r.rounds desc, r.role) as roles
      from (
        select w.steam_id, w.role, sum(w.rounds)::bigint as rounds
        from ttt.player_role_window(
          %(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s
        ) w
        where w.steam_id = any ((select of from ids)::text[])
          and w.rounds > 0
          and (%(server)s::text is null or w.server = %(server)s)
        group by w.steam_id, w.role
      ) as r
      group by r.steam_id
    )
    select f.as_of, f.raw_tail, p.place, p.rank, p.steam_id, n.display_name, t.rounds, t.kills,
      t.deaths, ttt.ratio(t.kills, t.deaths, 2, t.kills) as kd, t.headshots,
      ttt.ratio(100 * t.headshots, t.kills, 1, 0) as headshot_rate, t.team_kills, t.suicides,
      t.world_deaths, t.kills_on_bots, t.wins_innocent + t.wins_traitor as wins, t.wins_innocent,
      t.wins_traitor,
      ttt.ratio(100 * (t.wins_innocent + t.wins_traitor), t.rounds, 1, 0) as win_rate,
      ttt.ratio(t.kills, t.rounds, 2, 0) as kills_per_round, t.items_bought, t.karma_total,
      t.karma_rounds, ttt.ratio(t.karma_total, t.karma_rounds, 2, null) as avg_karma,
      t.points_total, favourite.weapon as favorite_weapon, coalesce(played.roles, '{{}}') as roles,
      t.seconds, t.first_seen, t.last_seen
    from ttt.freshness(%(from_day)s, %(to_day)s) f
    left join page p on true
    left join numbers t on t.steam_id = p.steam_id
    left join ttt.names n on n.steam_id = p.steam_id and n.valid_to is null
    left join favourite on favourite.steam_id = p.steam_id
    left join played on played.steam_id = p.steam_id
    order by p.place
"""
