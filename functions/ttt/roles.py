"""Roles: how they fared, and what they turned into."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from functions.shared import db, fields
from functions.ttt.filters import Page, Paged, Period, Place


class RolesQuery(Period, Paged):
    """Which rounds to count."""


class Role(fields.ResponseModel):
    """A role's numbers: rounds and wins by the role at the start, kills and deaths by the role at
    that moment."""

    role: str
    team: str
    rounds: int
    wins: int
    win_rate: float
    kills: int
    deaths: int
    kd: float
    team_kills: int


class Change(fields.ResponseModel):
    """How often players began a round in one role and ended it in another."""

    from_: str = Field(alias="from")
    to: str
    count: int


class Roles(Page):
    """Roles, the most played first, and all changes of role, the most frequent first."""

    items: list[Role]
    changes: list[Change]


def list_roles(query: RolesQuery) -> dict[str, Any]:
    """A page of Roles. One round trip."""
    place = Place(query)
    rows = db.query(
        """
        with role as (
          select role, sum(rounds)::bigint as rounds,
            sum(innocent_wins + traitor_wins + case when %(timelimit)s then timelimits else 0 end)
              ::bigint as wins,
            sum(kills)::bigint as kills, sum(deaths)::bigint as deaths,
            sum(team_kills)::bigint as team_kills
          from ttt.role_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where (%(server)s::text is null or server = %(server)s)
            and (%(bots)s or not is_bot)
          group by role
        ), page as (
          select row_number() over (order by rounds desc, role collate "C") as place, role,
            ttt.team(role) as team, rounds, wins, ttt.ratio(100 * wins, rounds, 1, 0) as win_rate,
            kills, deaths, ttt.ratio(kills, deaths, 2, kills) as kd, team_kills
          from role
          where rounds + kills + deaths > 0
          order by place
          offset %(offset)s
          limit %(one_more)s
        ), change as (
          select role_start, role_end, sum(changes)::bigint as count
          from ttt.role_change_window(
            %(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s
          )
          where (%(server)s::text is null or server = %(server)s)
            and (%(bots)s or not is_bot)
          group by role_start, role_end
        )
        select f.as_of, f.raw_tail, c.changes, p.*
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        cross join (
          select coalesce(json_agg(
              json_build_object('from', role_start, 'to', role_end, 'count', count)
              order by count desc, role_start collate "C", role_end collate "C"
            ), '[]') as changes
          from change
        ) as c
        left join page p on true
        order by p.place
        """,
        {**query.window, **place.values},
    )
    changes = next(row["changes"] for row in rows)
    for row in rows:
        del row["changes"]
    return place.cut(query, rows) | {"changes": changes}
