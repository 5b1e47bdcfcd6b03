"""Karma: who plays fair."""

from __future__ import annotations

from typing import Any, Literal

from functions.shared import db, fields
from functions.ttt.filters import Count, Page, Paged, Period, Place


class KarmaQuery(Period, Paged):
    """Which end of the list, and how many rounds with karma a player needs to be on it."""

    order: Literal["best", "worst"] = "best"
    min_rounds: Count = 5


class Karma(fields.ResponseModel):
    """A player's karma gained, over the rounds that say so; `worst_round` is the smallest gain."""

    steam_id: str
    display_name: str | None
    karma_total: int
    karma_rounds: int
    avg_karma: float
    worst_round: int


class KarmaList(Page):
    """Players by their average gain."""

    items: list[Karma]


def list_karma(query: KarmaQuery) -> dict[str, Any]:
    """A page of a KarmaList. One round trip."""
    place = Place(query)
    rows = db.query(
        """
        with player as (
          select steam_id, sum(karma_total)::bigint as karma_total,
            sum(karma_rounds)::bigint as karma_rounds,
            ttt.ratio(sum(karma_total), sum(karma_rounds), 2, null) as avg_karma,
            min(worst_round) as worst_round
          from ttt.player_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where (%(server)s::text is null or server = %(server)s)
            and (%(bots)s or not ttt.is_pseudo(steam_id))
          group by steam_id
        ), page as (
          select row_number() over (
              order by case when %(worst)s then avg_karma else -avg_karma end, steam_id collate "C"
            ) as place, *
          from player
          where karma_rounds >= greatest(%(fewest)s, 1)
          order by place
          offset %(offset)s
          limit %(one_more)s
        )
        select f.as_of, f.raw_tail, p.place, p.steam_id, n.display_name, p.karma_total,
          p.karma_rounds, p.avg_karma, p.worst_round
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        left join page p on true
        left join ttt.names n on n.steam_id = p.steam_id and n.valid_to is null
        order by p.place
        """,
        {
            **query.window,
            **place.values,
            "worst": query.order == "worst",
            "fewest": query.min_rounds,
        },
    )
    return place.cut(query, rows)
