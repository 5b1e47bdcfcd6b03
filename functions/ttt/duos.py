"""Duos: who plays together, and who wins together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from functions.shared import db, fields
from functions.ttt.filters import Count, Page, Paged, PeriodOfAllMaps, Place

_FEWEST = {"best": 3, "worst": 3, "frequent": 1}


class DuosQuery(PeriodOfAllMaps, Paged):
    """Which duos: of the same team, by wins; or of any, by rounds."""

    kind: Literal["best", "worst", "frequent"] = "best"
    min_rounds: Annotated[Count | None, fields.EmptyAsNone] = Field(
        None, description="3 for best and worst, 1 for frequent"
    )


class Duo(fields.ResponseModel):
    """Two players, player1 < player2, in rounds they began on the same team; for `frequent` in any
    rounds, without wins."""

    player1: str
    player1_name: str | None
    player2: str
    player2_name: str | None
    rounds_together: int
    wins_together: int | None
    win_rate: float | None


class Duos(Page):
    """Duos in the order that was asked for."""

    items: list[Duo]


def list_duos(query: DuosQuery) -> dict[str, Any]:
    """A page of Duos. One round trip."""
    place = Place(query)
    fewest = _FEWEST[query.kind] if query.min_rounds is None else query.min_rounds
    rows = db.query(
        """
        with past as (
          select player1, player2,
            case when %(any)s then rounds else rounds_together end as rounds,
            wins + case when %(timelimit)s then timelimits else 0 end as wins
          from ttt.duo_all_time
          where (select ttt.all_time_end(%(from_day)s, %(end_month)s)) > '-infinity'
        ), later as (
          select player1, player2,
            (case when %(any)s then sum(rounds) else sum(rounds_together) end)::bigint as rounds,
            (sum(wins) + case when %(timelimit)s then sum(timelimits) else 0 end)::bigint as wins
          from ttt.duo_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s)
          where server is distinct from ''
            and (%(server)s::text is null or server = %(server)s)
          group by player1, player2
        ), duo as (
          select player1, player2, coalesce(p.rounds, 0) + coalesce(l.rounds, 0) as rounds,
            coalesce(p.wins, 0) + coalesce(l.wins, 0) as wins
          from past p
          full join later l using (player1, player2)
        ), rated as (
          select player1, player2, rounds as rounds_together,
            case when not %(any)s then wins end as wins_together,
            case when not %(any)s then ttt.ratio(100 * wins, rounds, 1, 0) end as win_rate
          from duo
          where rounds >= greatest(%(fewest)s, 1)
        ), page as (
          select row_number() over () as place, best.*
          from (
            select *
            from rated
            order by case when %(worst)s then win_rate else -win_rate end, rounds_together desc,
              player1 collate "C", player2 collate "C"
            offset %(offset)s
            limit %(one_more)s
          ) as best
        )
        select f.as_of, f.raw_tail, p.place, p.player1, one.display_name as player1_name, p.player2,
          two.display_name as player2_name, p.rounds_together, p.wins_together, p.win_rate
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        left join page p on true
        left join ttt.names one on one.steam_id = p.player1 and one.valid_to is null
        left join ttt.names two on two.steam_id = p.player2 and two.valid_to is null
        order by p.place
        """,
        {
            **query.window,
            **place.values,
            "any": query.kind == "frequent",
            "worst": query.kind == "worst",
            "fewest": fewest,
        },
    )
    return place.cut(query, rows)
