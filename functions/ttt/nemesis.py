"""Nemesis: who kills whom, and who kill each other."""

from __future__ import annotations

from typing import Any

from functions.shared import db, fields
from functions.ttt.filters import Page, Paged, PeriodOfAllMaps, Place


class NemesisQuery(PeriodOfAllMaps, Paged):
    """Which kills to count."""


class RivalriesQuery(PeriodOfAllMaps, Paged):
    """Which kills to count."""


class Nemesis(fields.ResponseModel):
    """One player's kills of another, kills of team-mates among them."""

    killer: str
    killer_name: str | None
    victim: str
    victim_name: str | None
    kills: int
    headshots: int


class Nemeses(Page):
    """Who kills whom, the most kills first."""

    items: list[Nemesis]


class Rivalry(fields.ResponseModel):
    """Two players, player1 < player2, who have killed each other."""

    player1: str
    player1_name: str | None
    player2: str
    player2_name: str | None
    player1_kills: int
    player2_kills: int
    total_kills: int


class Rivalries(Page):
    """Rivals, the most kills first."""

    items: list[Rivalry]


def list_nemeses(query: NemesisQuery) -> dict[str, Any]:
    """A page of Nemeses. One round trip."""
    place = Place(query)
    rows = db.query(
        """
        with later as (
          select killer, victim, sum(kills)::bigint as kills, sum(headshots)::bigint as headshots
          from ttt.nemesis_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s)
          where server is distinct from ''
            and (%(server)s::text is null or server = %(server)s)
          group by killer, victim
        ), past as (
          select killer, victim, kills, headshots
          from ttt.nemesis_all_time
          where (select ttt.all_time_end(%(from_day)s, %(end_month)s)) > '-infinity'
        ), page as (
          select row_number() over () as place, most.*
          from (
            select killer, victim, coalesce(p.kills, 0) + coalesce(l.kills, 0) as kills,
              coalesce(p.headshots, 0) + coalesce(l.headshots, 0) as headshots
            from past p
            full join later l using (killer, victim)
            order by kills desc, headshots desc, killer collate "C", victim collate "C"
            offset %(offset)s
            limit %(one_more)s
          ) as most
        )
        select f.as_of, f.raw_tail, p.place, p.killer, one.display_name as killer_name, p.victim,
          two.display_name as victim_name, p.kills, p.headshots
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        left join page p on true
        left join ttt.names one on one.steam_id = p.killer and one.valid_to is null
        left join ttt.names two on two.steam_id = p.victim and two.valid_to is null
        order by p.place
        """,
        {**query.window, **place.values},
    )
    return place.cut(query, rows)


def list_rivalries(query: RivalriesQuery) -> dict[str, Any]:
    """A page of Rivalries. One round trip."""
    place = Place(query)
    rows = db.query(
        """
        with pair as (
          select least(killer collate "C", victim) as player1,
            greatest(killer collate "C", victim) as player2,
            sum(kills) filter (where killer collate "C" < victim)::bigint as player1_kills,
            sum(kills) filter (where killer collate "C" > victim)::bigint as player2_kills
          from ttt.nemesis_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s)
          where %(server)s::text is null
            or server = %(server)s
          group by player1, player2
        ), page as (
          select row_number() over (order by player1_kills + player2_kills desc, player1, player2)
              as place, *
          from pair
          where player1_kills > 0
            and player2_kills > 0
          order by place
          offset %(offset)s
          limit %(one_more)s
        )
        select f.as_of, f.raw_tail, p.place, p.player1, one.display_name as player1_name, p.player2,
          two.display_name as player2_name, p.player1_kills, p.player2_kills,
          p.player1_kills + p.player2_kills as total_kills
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        left join page p on true
        left join ttt.names one on one.steam_id = p.player1 and one.valid_to is null
        left join ttt.names two on two.steam_id = p.player2 and two.valid_to is null
        order by p.place
        """,
        {**query.window, **place.values},
    )
    return place.cut(query, rows)
