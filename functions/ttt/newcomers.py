"""Newcomers: how many players each day brought, and how many came back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import Field

from functions.shared import db, fields
from functions.ttt.filters import EARLIEST, Counted, Period, PeriodOfAllMaps, to_page

MAX_DAYS = 366
_DEFAULT_DAYS = 30


class NewcomersQuery(PeriodOfAllMaps):
    """Which days to list: the last 30 by default; of a longer period the last 366."""


class DayOfPlayers(fields.ResponseModel):
    """Who was in a round on a UTC day. `new_players` were never seen before that day, on `server`
    if that is asked for; all others are `returning_players`."""

    day: date
    players: int
    new_players: int
    returning_players: int


class Newcomers(Counted):
    """Every day of a period, also those without a round."""

    from_day: str = Field(alias="from")
    to_day: str = Field(alias="to")
    items: list[DayOfPlayers]


def get_newcomers(query: NewcomersQuery) -> dict[str, Any]:
    """The Newcomers of a period. One round trip."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = today + timedelta(days=1)
    to_day = min(max(query.to_day or tomorrow, EARLIEST), tomorrow + timedelta(days=1))
    earliest = max(to_day - timedelta(days=MAX_DAYS), EARLIEST)
    from_day = query.from_day or to_day - timedelta(days=_DEFAULT_DAYS)
    from_day = min(max(from_day, earliest), to_day)
    asked = query.model_copy(update={"from_day": from_day, "to_day": to_day})
    ever = Period.model_validate({"to": f"{to_day:%Y-%m-%d}", "server": query.server}).window
    rows = db.query(_NEWCOMERS, {**asked.window, **{f"ever_{key}": ever[key] for key in _CUTS}})
    head = {name: rows[0][name] for name in ("as_of", "raw_tail")}
    items = [
        {
            "day": row["day"].astimezone(UTC).date(),
            "players": row["players"],
            "new_players": row["new_players"],
            "returning_players": row["players"] - row["new_players"],
        }
        for row in rows
        if row["day"]
    ]
    return {"items": items, **to_page(asked), **head}


_CUTS = ("from_day", "first_month", "end_month", "to_day")
# The first days of a period's players are looked up together: in one row each for all closed
# months, and in the months and days after them.
_NEWCOMERS = """
    with active as materialized (
      select day, steam_id
      from ttt.player_days
      where day >= %(from_day)s
        and day < %(to_day)s
        and rounds > 0
        and (%(server)s::text is null or server = %(server)s)
        and (%(bots)s or not ttt.is_pseudo(steam_id))
      group by day, steam_id
    ), first as (
      select steam_id, min(first_at) as first_at
      from ttt.player_window(
        %(ever_from_day)s, %(ever_first_month)s, %(ever_end_month)s, %(ever_to_day)s, null
      )
      where steam_id = any (array(select distinct steam_id from active))
        and (%(server)s::text is null or server = %(server)s)
      group by steam_id
    )
    select f.as_of, f.raw_tail, day.start as day,
      count(a.steam_id) as players,
      count(a.steam_id) filter (where first.first_at >= day.start) as new_players
    from ttt.freshness(%(from_day)s, %(to_day)s) f
    left join generate_series(
      %(from_day)s::timestamptz, %(to_day)s::timestamptz - interval '24 hours', interval '24 hours'
    ) as day (start) on true
    left join active a on a.day = day.start
    left join first on first.steam_id = a.steam_id
    group by f.as_of, f.raw_tail, day.start
    order by day.start
"""
