"""Form: how one player did, day by day, week by week or month by month."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any, Literal

from functions.shared import db, fields
from functions.ttt.filters import Counted, PeriodOfAllMaps, to_page


class FormQuery(PeriodOfAllMaps):
    """Whose form, in which rounds, and by how long buckets; weeks begin on Monday."""

    steam_id: fields.Name64
    bucket: Literal["day", "week", "month"] = "day"


class Form(fields.ResponseModel):
    """A player's numbers in the bucket that begins on this UTC day; rates are percent."""

    start: date
    rounds: int
    wins: int
    win_rate: float
    kills: int
    deaths: int
    kd: float
    headshots: int
    team_kills: int
    avg_karma: float | None
    seconds: int


class PlayerForm(Counted):
    """A player's buckets in order; those in which nothing happened are left out."""

    steam_id: str
    bucket: Literal["day", "week", "month"]
    items: list[Form]


def get_form(query: FormQuery) -> dict[str, Any]:
    """A player's PlayerForm, empty for who was never seen. One round trip."""
    rows = db.query(
        """
        with part as (
          select date_trunc(%(bucket)s, day, 'UTC') as start, sum(rounds)::bigint as rounds,
            sum(innocent_wins + traitor_wins + case when %(timelimit)s then timelimits else 0 end)
              ::bigint as wins,
            sum(kills)::bigint as kills, sum(deaths)::bigint as deaths,
            sum(headshots)::bigint as headshots, sum(team_kills)::bigint as team_kills,
            sum(karma_total)::bigint as karma_total, sum(karma_rounds)::bigint as karma_rounds,
            sum(seconds)::bigint as seconds
          from ttt.player_days
          where steam_id = %(who)s
            and day >= %(from_day)s
            and day < %(to_day)s
            and (%(server)s::text is null or server = %(server)s)
            and (%(bots)s or not ttt.is_pseudo(steam_id))
          group by 1
        )
        select f.as_of, f.raw_tail, p.start, p.rounds, p.wins,
          ttt.ratio(100 * p.wins, p.rounds, 1, 0) as win_rate, p.kills, p.deaths,
          ttt.ratio(p.kills, p.deaths, 2, p.kills) as kd, p.headshots, p.team_kills,
          ttt.ratio(p.karma_total, p.karma_rounds, 2, null) as avg_karma, p.seconds
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        left join part p on true
        order by p.start
        """,
        {**query.window, "who": query.steam_id, "bucket": query.bucket},
    )
    head = {name: rows[0][name] for name in ("as_of", "raw_tail")}
    for row in rows:
        del row["as_of"], row["raw_tail"]
    items = [{**row, "start": row["start"].astimezone(UTC).date()} for row in rows if row["start"]]
    known = {"steam_id": query.steam_id, "bucket": query.bucket, "items": items}
    return {**known, **to_page(query), **head}
