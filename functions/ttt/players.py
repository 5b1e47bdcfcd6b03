"""Players: everybody's numbers, sorted by any of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, LiteralString

from psycopg import sql

from functions.shared import db, wire
from functions.ttt.period import Count, Optional, Page, Paged, Period, Place

# What a list is sorted by, as an aggregate over a person's rows of the period.
_SORTS: dict[str, LiteralString] = {
    "rounds": "sum(w.rounds)",
    "kills": "sum(w.kills)",
    "deaths": "sum(w.deaths)",
    "kd": "ttt.ratio(sum(w.kills), sum(w.deaths), 2, sum(w.kills))",
    "headshots": "sum(w.headshots)",
    "headshot_rate": "ttt.ratio(100 * sum(w.headshots), sum(w.kills), 1, 0)",
    "team_kills": "sum(w.team_kills)",
    "suicides": "sum(w.suicides)",
    "world_deaths": "sum(w.world_deaths)",
    "kills_on_bots": "sum(w.kills_on_bots)",
    "wins": "sum(w.innocent_wins + w.traitor_wins"
    " + case when %(timelimit)s then w.timelimits else 0 end)",
    "wins_innocent": "sum(w.innocent_wins + case when %(timelimit)s then w.timelimits else 0 end)",
    "wins_traitor": "sum(w.traitor_wins)",
    "win_rate": "ttt.ratio(100 * sum(w.innocent_wins + w.traitor_wins"
    " + case when %(timelimit)s then w.timelimits else 0 end), sum(w.rounds), 1, 0)",
    "kills_per_round": "ttt.ratio(sum(w.kills), sum(w.rounds), 2, 0)",
    "items_bought": "sum(w.items)",
    "karma_total": "coalesce(sum(w.karma_total), 0)",
    "karma_rounds": "sum(w.karma_rounds)",
    "avg_karma": "ttt.ratio(sum(w.karma_total), sum(w.karma_rounds), 2, null)",
    "points_total": "coalesce(sum(w.points_total), 0)",
    "seconds": "sum(w.seconds)",
    "last_seen": "max(w.last_at)",
    "display_name": '(select n.display_name collate "C" from ttt.names n'
    " where n.steam_id = w.steam_id and n.valid_to is null)",
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
    search: Annotated[str | None, Optional] = None


class Player(wire.Shape):
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


class Players(Page):
    """A page of players."""

    items: list[Player]


def listed(ask: PlayersQuery) -> dict[str, Any]:
    """A page of Players. One round trip: ranks everybody by one number, then counts the page's."""
    place = Place(ask)
    statement = sql.SQL(_LISTED).format(
        sort=sql.SQL(_SORTS[ask.sort]), order=sql.SQL(_ORDERS[ask.order])
    )
    rows = db.run(
        statement,
        {
            **ask.window,
            **place.values,
            "min_rounds": ask.min_rounds,
            "min_kills": ask.min_kills,
            "search": ask.search,
        },
    )
    return place.cut(ask, rows)


_LISTED: LiteralString = """
    with ranked as (
      select w.steam_id, {sort} as rank
      from ttt.player_window(%(since)s, %(first)s, %(last)s, %(until)s, %(map)s) w
      where (%(server)s::text is null or w.server = %(server)s)
        and (%(bots)s or w.steam_id <> 'BOT')
        and (%(search)s::text is null or w.steam_id = %(search)s or w.steam_id in (
          select steam_id
          from ttt.names
          where strpos(lower(display_name), lower(%(search)s)) > 0
        ))
      group by w.steam_id
      having sum(w.rounds) >= %(min_rounds)s
        and sum(w.kills) >= %(min_kills)s
    ), page as (
      select row_number() over (order by rank {order}, steam_id collate "C") as place, steam_id
      from ranked
      order by place
      offset %(offset)s
      limit %(one_more)s
    ),
    -- The page's people all at once: each alone would look through today's rows again.
    ids as materialized (
      select coalesce(array_agg(steam_id), '{{}}') as of
      from page
    ), total as (
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
      from ttt.player_window(%(since)s, %(first)s, %(last)s, %(until)s, %(map)s) w
      where w.steam_id = any ((select of from ids)::text[])
        and (%(server)s::text is null or w.server = %(server)s)
      group by w.steam_id
    ), favourite as (
      select distinct on (w.steam_id) w.steam_id, w.weapon
      from ttt.player_weapon_window(%(since)s, %(first)s, %(last)s, %(until)s, %(map)s) w
      where w.steam_id = any ((select of from ids)::text[])
        and (%(server)s::text is null or w.server = %(server)s)
      group by w.steam_id, w.weapon
      order by w.steam_id, sum(w.kills) desc, w.weapon collate "C"
    ), played as (
      select r.steam_id, json_object_agg(r.role, r.rounds order by r.rounds desc, r.role) as roles
      from (
        select w.steam_id, w.role, sum(w.rounds)::bigint as rounds
        from ttt.player_role_window(%(since)s, %(first)s, %(last)s, %(until)s, %(map)s) w
        where w.steam_id = any ((select of from ids)::text[])
          and w.rounds > 0
          and (%(server)s::text is null or w.server = %(server)s)
        group by w.steam_id, w.role
      ) as r
      group by r.steam_id
    )
    select f.as_of, f.raw_tail, p.place, p.steam_id, n.display_name, t.rounds, t.kills, t.deaths,
      ttt.ratio(t.kills, t.deaths, 2, t.kills) as kd, t.headshots,
      ttt.ratio(100 * t.headshots, t.kills, 1, 0) as headshot_rate, t.team_kills, t.suicides,
      t.world_deaths, t.kills_on_bots, t.wins_innocent + t.wins_traitor as wins, t.wins_innocent,
      t.wins_traitor,
      ttt.ratio(100 * (t.wins_innocent + t.wins_traitor), t.rounds, 1, 0) as win_rate,
      ttt.ratio(t.kills, t.rounds, 2, 0) as kills_per_round, t.items_bought, t.karma_total,
      t.karma_rounds, ttt.ratio(t.karma_total, t.karma_rounds, 2, null) as avg_karma,
      t.points_total, favourite.weapon as favorite_weapon, coalesce(played.roles, '{{}}') as roles,
      t.seconds, t.first_seen, t.last_seen
    from ttt.freshness(%(since)s, %(until)s) f
    left join page p on true
    left join total t on t.steam_id = p.steam_id
    left join ttt.names n on n.steam_id = p.steam_id and n.valid_to is null
    left join favourite on favourite.steam_id = p.steam_id
    left join played on played.steam_id = p.steam_id
    order by p.place
"""
