"""Sessions: a player's rounds on one server that follow each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.shared import cursors, db, fields
from functions.ttt.filters import MAX_LIMIT, Page, Paged, PeriodOfAllMaps, to_page


class SessionsQuery(PeriodOfAllMaps, Paged):
    """Whose sessions, and in which rounds."""

    steam_id: fields.Name64


class RoundSession(fields.ResponseModel):
    """Rounds of a player on a server, the end of each less than an hour after that of the one
    before; `started_at` is when the first began. `server` is null for rounds sent without a key."""

    started_at: datetime
    ended_at: datetime
    server: str | None
    rounds: int
    wins: int
    kills: int
    deaths: int
    team_kills: int
    karma_diff: int | None
    points_diff: int | None


class RoundSessions(Page):
    """A page of a player's sessions, the newest first; those of rounds that are still kept."""

    items: list[RoundSession]


def list_sessions(query: SessionsQuery) -> dict[str, Any]:
    """A page of a player's RoundSessions. One round trip; raises Invalid for a foreign cursor."""
    page = cursors.Keyset(
        query, min(query.limit, MAX_LIMIT), after_at="first_at", after_server="place"
    )
    rows = db.query(_SESSIONS, {**query.window, **page.values, "who": query.steam_id})
    found = [row for row in rows if row["first_at"]]
    shown = found[: page.limit]
    more = page.next_cursor(shown, len(found))
    head = {name: rows[0][name] for name in ("as_of", "raw_tail")}
    items = [{name: row[name] for name in RoundSession.model_fields} for row in shown]
    return {"items": items, "next_cursor": more, **to_page(query), **head}


# Times of rounds come from the index alone; only the page's sessions are added up.
_SESSIONS = """
    with mine as (
      select occurred_at, coalesce(server, '') as place,
        lag(occurred_at) over (partition by coalesce(server, '') order by occurred_at) as before
      from ttt.players
      where steam_id = %(who)s
        and occurred_at >= %(from_day)s
        and occurred_at < %(to_day)s
        and (%(server)s::text is null or server = %(server)s)
        and (%(bots)s or not ttt.is_pseudo(steam_id))
    ), numbered as (
      select occurred_at, place,
        count(*) filter (where before is null or occurred_at - before >= interval '1 hour')
          over (partition by place order by occurred_at rows unbounded preceding) as number
      from mine
    ), page as materialized (
      select place, min(occurred_at) as first_at, max(occurred_at) as last_at
      from numbered
      group by place, number
      having %(after_at)s::timestamptz is null
        or (min(occurred_at), place) < (%(after_at)s, %(after_server)s)
      order by first_at desc, place desc
      limit %(one_more)s
    ), summed as (
      select s.first_at, s.place, s.last_at,
        min(p.occurred_at - make_interval(secs => p.seconds)) filter (where p.rounds = 1)
          as started_at,
        sum(p.rounds)::bigint as rounds,
        sum(p.innocent_wins + p.traitor_wins + case when %(timelimit)s then p.timelimits else 0 end)
          ::bigint as wins,
        sum(p.kills)::bigint as kills, sum(p.deaths)::bigint as deaths,
        sum(p.team_kills)::bigint as team_kills, sum(p.karma_diff)::bigint as karma_diff,
        sum(p.points_diff)::bigint as points_diff
      from page s
      join ttt.player_facts p on p.occurred_at >= s.first_at
        and p.occurred_at <= s.last_at
        and coalesce(p.server, '') = s.place
      where p.steam_id = %(who)s
        and p.occurred_at >= (select min(first_at) from page)
        and p.occurred_at <= (select max(last_at) from page)
      group by s.first_at, s.place, s.last_at
    )
    select f.as_of, f.raw_tail, s.first_at, s.place, s.started_at, s.last_at as ended_at,
      nullif(s.place, '') as server, s.rounds, s.wins, s.kills, s.deaths, s.team_kills,
      s.karma_diff, s.points_diff
    from ttt.freshness(%(from_day)s, %(to_day)s) f
    left join summed s on true
    order by s.first_at desc, s.place desc
"""
