"""Overview: a community's rounds in a handful of numbers."""

from __future__ import annotations

from typing import Any

from functions.shared import db, fields
from functions.ttt.filters import Counted, Period, to_page


class OverviewQuery(Period):
    """Which rounds to count."""


class Wins(fields.ResponseModel):
    """Rounds by who won them; together all rounds."""

    innocents: int
    traitors: int
    timelimit: int
    other: int


class Overview(Counted):
    """Totals of a period. `kill_rows` and `headshot_rows` count every death that was sent, bots,
    suicides and deaths by the world among them; durations are seconds."""

    rounds: int
    players: int
    kills: int
    deaths: int
    headshots: int
    team_kills: int
    suicides: int
    world_deaths: int
    kill_rows: int
    headshot_rows: int
    avg_duration: int | None
    wins: Wins


def get_overview(query: OverviewQuery) -> dict[str, Any]:
    """The Overview of a period. One round trip."""
    [row] = db.query(
        """
        select r.rounds, p.players, p.kills, p.deaths, p.headshots, p.team_kills, p.suicides,
          p.world_deaths, k.kill_rows, k.headshot_rows, r.avg_duration,
          json_build_object('innocents', r.innocents, 'traitors', r.traitors,
            'timelimit', r.timelimit, 'other', r.rounds - r.innocents - r.traitors - r.timelimit)
            as wins,
          f.as_of, f.raw_tail
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        cross join (
          select coalesce(sum(rounds), 0)::bigint as rounds,
            coalesce(sum(rounds) filter (where winner = 'innocents'), 0)::bigint as innocents,
            coalesce(sum(rounds) filter (where winner = 'traitors'), 0)::bigint as traitors,
            coalesce(sum(rounds) filter (where winner = 'timelimit'), 0)::bigint as timelimit,
            ttt.ratio(coalesce(sum(seconds), 0), sum(timed), 0, null) as avg_duration
          from ttt.round_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where %(server)s::text is null
            or server = %(server)s
        ) as r
        cross join (
          select count(distinct steam_id) filter (where rounds > 0) as players,
            coalesce(sum(kills), 0)::bigint as kills, coalesce(sum(deaths), 0)::bigint as deaths,
            coalesce(sum(headshots), 0)::bigint as headshots,
            coalesce(sum(team_kills), 0)::bigint as team_kills,
            coalesce(sum(suicides), 0)::bigint as suicides,
            coalesce(sum(world_deaths), 0)::bigint as world_deaths
          from ttt.player_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where (%(server)s::text is null or server = %(server)s)
            and (%(bots)s or not ttt.is_pseudo(steam_id))
        ) as p
        cross join (
          select coalesce(sum(kill_rows), 0)::bigint as kill_rows,
            coalesce(sum(headshot_rows), 0)::bigint as headshot_rows
          from ttt.weapon_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where %(server)s::text is null
            or server = %(server)s
        ) as k
        """,
        query.window,
    )
    return {**to_page(query), **row}
