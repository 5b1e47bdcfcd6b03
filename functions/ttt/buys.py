"""Buys: what players spend on, and whether it helps them win.

A buyer-round is a round of a player who bought the item at least once in it and began it as an
innocent or a traitor. Its baseline is how often that role wins anyway; lift is what is above it.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from functions.shared import db, fields
from functions.shared.intervals import find_interval
from functions.ttt.filters import Page, Paged, Period, Place


class BuysQuery(Period, Paged):
    """Which rounds to count."""


class Item(fields.ResponseModel):
    """An item's numbers; rates and their 95 % interval (Wilson's) are percent, `lift` is points,
    null without buyer-rounds. `unattributed`: rounds of buyers on neither side."""

    item: str
    buys: int
    buyer_rounds: int
    wins: int
    win_rate: float | None
    baseline_win_rate: float | None
    lift: float | None
    ci95: list[float] | None
    unattributed: int


class Items(Page):
    """Items, the most bought first."""

    items: list[Item]


def list_items(query: BuysQuery) -> dict[str, Any]:
    """A page of Items. One round trip."""
    place = Place(query)
    rows = db.query(
        """
        with bought as (
          select item, role, sum(buys)::bigint as buys, sum(buyer_rounds)::bigint as buyer_rounds,
            (sum(wins) + case when %(timelimit)s then sum(timelimits) else 0 end)::bigint as wins
          from ttt.item_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where (%(server)s::text is null or server = %(server)s)
            and (%(bots)s or not is_bot)
          group by item, role
        ), role as (
          select role, sum(rounds)::bigint as rounds,
            sum(innocent_wins + traitor_wins + case when %(timelimit)s then timelimits else 0 end)
              ::bigint as wins
          from ttt.role_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where (%(server)s::text is null or server = %(server)s)
            and (%(bots)s or not is_bot)
          group by role
        ), page as (
          select row_number() over (order by sum(b.buys) desc, b.item collate "C") as place, b.item,
            sum(b.buys)::bigint as buys,
            coalesce(
              sum(b.buyer_rounds) filter (where ttt.winner_for(b.role) is not null), 0
            )::bigint as buyer_rounds,
            coalesce(sum(b.wins) filter (where ttt.winner_for(b.role) is not null), 0)::bigint
              as wins,
            coalesce(sum(b.buyer_rounds) filter (where ttt.winner_for(b.role) is null), 0)::bigint
              as unattributed,
            json_agg(json_build_array(b.buyer_rounds, r.wins, r.rounds))
              filter (where ttt.winner_for(b.role) is not null) as baseline
          from bought b
          left join role r using (role)
          group by b.item
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
    found = place.cut(query, rows)
    return found | {"items": [_rated(row) for row in found["items"]]}


def _rated(row: db.Row) -> dict[str, Any]:
    baseline, rounds, wins = row.pop("baseline"), row["buyer_rounds"], row["wins"]
    if not rounds:
        return {**row, "win_rate": None, "baseline_win_rate": None, "lift": None, "ci95": None}
    expected = sum(Fraction(100 * n * won, played * rounds) for n, won, played in baseline)
    rate = Fraction(100 * wins, rounds)
    return {
        **row,
        "win_rate": _tenth(rate),
        "baseline_win_rate": _tenth(expected),
        "lift": _tenth(rate - expected),
        "ci95": [_tenth(100 * edge) for edge in find_interval(wins, rounds)],
    }


def _tenth(value: Fraction | float) -> float:
    """To one decimal, half up."""
    return math.floor(value * 10 + Fraction(1, 2)) / 10
