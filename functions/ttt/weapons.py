"""Weapons: what they killed, and how often in the head."""

from __future__ import annotations

from typing import Any

from functions.shared import db, fields
from functions.ttt.filters import Page, Paged, Period, Place


class WeaponsQuery(Period, Paged):
    """Which kills to count."""


class Weapon(fields.ResponseModel):
    """A weapon's numbers; `events` are kills, suicides and deaths by the world together."""

    weapon: str
    kills: int
    headshots: int
    headshot_rate: float
    team_kills: int
    suicides: int
    world_deaths: int
    events: int


class Weapons(Page):
    """Weapons, the deadliest first."""

    items: list[Weapon]


def list_weapons(query: WeaponsQuery) -> dict[str, Any]:
    """A page of Weapons. One round trip."""
    place = Place(query)
    rows = db.query(
        """
        with weapon as (
          select weapon,
            coalesce(sum(kills) filter (where %(bots)s or not by_bot), 0)::bigint as kills,
            coalesce(sum(headshots) filter (where %(bots)s or not by_bot), 0)::bigint as headshots,
            coalesce(sum(team_kills) filter (where %(bots)s or not by_bot), 0)::bigint
              as team_kills,
            coalesce(sum(suicides) filter (where %(bots)s or not of_bot), 0)::bigint as suicides,
            coalesce(sum(world_deaths) filter (where %(bots)s or not of_bot), 0)::bigint
              as world_deaths
          from ttt.weapon_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where %(server)s::text is null
            or server = %(server)s
          group by weapon
        ), page as (
          select row_number() over (order by kills desc, weapon collate "C") as place, weapon,
            kills, headshots, ttt.ratio(100 * headshots, kills, 1, 0) as headshot_rate,
            team_kills, suicides, world_deaths, kills + suicides + world_deaths as events
          from weapon
          where kills + suicides + world_deaths > 0
          order by place
          offset %(offset)s
          limit %(one_more)s
        )
        select f.as_of, f.raw_tail, p.*
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        left join page p on true
        order by p.place
        """,
        {**query.window, **place.values},
    )
    return place.cut(query, rows)
