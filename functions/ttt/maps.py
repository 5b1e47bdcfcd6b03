"""Maps: how often they were played, and who won there."""

from __future__ import annotations

from typing import Any

from functions.shared import db, fields
from functions.ttt.filters import Page, Paged, PeriodOfAllMaps, Place


class MapsQuery(PeriodOfAllMaps, Paged):
    """Which rounds to count."""


class Map(fields.ResponseModel):
    """A map's numbers; rates are of all its rounds, the duration is in seconds."""

    map_name: str
    rounds: int
    innocent_wins: int
    traitor_wins: int
    timelimit: int
    other: int
    innocent_win_rate: float
    traitor_win_rate: float
    avg_duration: int | None
    kills: int


class Maps(Page):
    """Maps, the most played first."""

    items: list[Map]


def list_maps(query: MapsQuery) -> dict[str, Any]:
    """A page of Maps. One round trip."""
    place = Place(query)
    rows = db.query(
        """
        with played as (
          select map_name, sum(rounds)::bigint as rounds,
            coalesce(sum(rounds) filter (
              where winner = 'innocents' or (winner = 'timelimit' and %(timelimit)s)
            ), 0)::bigint as innocent_wins,
            coalesce(sum(rounds) filter (where winner = 'traitors'), 0)::bigint as traitor_wins,
            coalesce(sum(rounds) filter (where winner = 'timelimit'), 0)::bigint as timelimit,
            coalesce(sum(rounds) filter (
              where winner not in ('innocents', 'traitors', 'timelimit')
            ), 0)::bigint as other,
            ttt.ratio(coalesce(sum(seconds), 0), sum(timed), 0, null) as avg_duration
          from ttt.round_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, null)
          where %(server)s::text is null
            or server = %(server)s
          group by map_name
        ), killed as (
          select map_name, sum(kills)::bigint as kills
          from ttt.map_kill_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s)
          where (%(server)s::text is null or server = %(server)s)
            and (%(bots)s or not by_bot)
          group by map_name
        ), page as (
          select row_number() over (order by p.rounds desc, p.map_name collate "C") as place,
            p.map_name, p.rounds, p.innocent_wins, p.traitor_wins, p.timelimit, p.other,
            ttt.ratio(100 * p.innocent_wins, p.rounds, 1, 0) as innocent_win_rate,
            ttt.ratio(100 * p.traitor_wins, p.rounds, 1, 0) as traitor_win_rate,
            p.avg_duration, coalesce(k.kills, 0) as kills
          from played p
          left join killed k using (map_name)
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
