"""Analytics: one server over a day, a week or a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from functions.logs import change_queue
from functions.logs.players import avatars, playtime
from functions.shared import db, fields
from functions.shared.errors import NotFound

# Of each range the width of a bucket and how many there are.
_RANGES = {
    "24h": (timedelta(hours=1), 24),
    "7d": (timedelta(days=1), 7),
    "30d": (timedelta(days=1), 30),
}


class AnalyticsQuery(fields.BracketPathModel):
    """Which server, and how far back; any other range is a week."""

    server_id: str
    range: Annotated[
        Literal["24h", "7d", "30d"],
        BeforeValidator(lambda value: value if value in _RANGES else "7d"),
    ] = "7d"


class PlayTime(fields.ResponseModel):
    """Hours played in a bucket; `date` is HH:00 or YYYY-MM-DD."""

    date: str
    hours: float


class Count(fields.ResponseModel):
    """How many played on average in a bucket."""

    date: str
    count: float


class TopPlayer(fields.CamelResponse):
    """One of those who played most."""

    steam_id: str
    name: str
    avatar_url: str
    hours: float


class Analytics(fields.CamelResponse):
    """A server's numbers from `from` until now. `asOf`: rollups are complete up to there, and
    `rawTail`: newer rows were counted one by one."""

    total_play_time_hours: float
    total_sessions: int
    new_players: int
    peak_players: int
    play_time_trend: list[PlayTime]
    player_count_trend: list[Count]
    top_players: list[TopPlayer]
    play_time_method: playtime.Method
    since: datetime = Field(alias="from")
    to: datetime
    as_of: datetime
    raw_tail: bool


def get_analytics(query: AnalyticsQuery) -> dict[str, Any]:
    """A server's Analytics; raises NotFound. Two round trips."""
    now = datetime.now(UTC)
    step, count = _RANGES[query.range]
    last = now.replace(minute=0, second=0, microsecond=0)
    if step > timedelta(hours=1):
        last = last.replace(hour=0)
    since = last - step * (count - 1)
    change_queue.fold_some()
    span = {"step": step, "since": since, "last": last, "end": last + step}
    [row] = db.query(_ANALYTICS, {"server": query.server_id, **span})
    if not row["is_known"]:
        raise NotFound("Server not found")
    form = "%H:00" if step == timedelta(hours=1) else "%Y-%m-%d"
    buckets = [
        (datetime.fromisoformat(at).astimezone(UTC), seconds, reports, players)
        for at, seconds, reports, players in row["buckets"]
    ]
    return {
        "totalPlayTimeHours": playtime.to_hours(row["seconds"]),
        "totalSessions": row["sessions"],
        "newPlayers": row["newcomers"],
        "peakPlayers": row["peak"],
        "playTimeTrend": [
            {"date": at.strftime(form), "hours": playtime.to_hours(seconds)}
            for at, seconds, _, _ in buckets
        ],
        "playerCountTrend": [
            {
                "date": at.strftime(form),
                "count": playtime.to_mean(players, reports)
                if reports
                else playtime.to_mean(seconds, int((min(at + step, now) - at).total_seconds())),
            }
            for at, seconds, reports, players in buckets
        ],
        "topPlayers": [
            {
                "steamId": steam_id,
                "name": name,
                "avatarUrl": avatars.get_avatar_url(steam_id),
                "hours": playtime.to_hours(seconds),
            }
            for steam_id, name, seconds in row["top"]
        ],
        "playTimeMethod": playtime.get_method(row["is_exact"], row["is_inferred"]),
        "from": since,
        "to": now,
        "asOf": row["as_of"],
        "rawTail": row["raw_tail"],
    }


_ANALYTICS = """
    with part as materialized (
      select sign, steam_id, hour, seconds, is_start, is_exact
      from logs.list_queued_hours(%(server)s, %(since)s)
    ), hour as (
      select time_bucket(%(step)s, hour) as occurred_at, seconds, sessions, exact, inferred
      from logs.play_hours
      where server_id = %(server)s
        and hour >= %(since)s
        and hour < %(end)s
      union all
      select time_bucket(%(step)s, hour), seconds, case when is_start then sign else 0 end,
        case when is_exact then sign else 0 end, case when is_exact then 0 else sign end
      from part
    ), beat as (
      select time_bucket(%(step)s, slot) as occurred_at, reports, players, peak
      from logs.player_counts
      where server_id = %(server)s
        and slot >= %(since)s
        and slot < %(end)s
    ), bucket as (
      select b.occurred_at, coalesce(h.seconds, 0) as seconds, coalesce(t.reports, 0) as reports,
        coalesce(t.players, 0) as players
      from generate_series(%(since)s, %(last)s, %(step)s, 'UTC') as b (occurred_at)
      left join (
        select occurred_at, sum(seconds)::bigint as seconds
        from hour
        group by occurred_at
      ) as h on h.occurred_at = b.occurred_at
      left join (
        select occurred_at, sum(reports)::bigint as reports, sum(players)::bigint as players
        from beat
        group by occurred_at
      ) as t on t.occurred_at = b.occurred_at
    ), top as (
      select steam_id, sum(seconds)::bigint as seconds
      from (
        select steam_id, seconds
        from logs.play_days
        where %(step)s::interval = interval '1 day'
          and server_id = %(server)s
          and day >= %(since)s
          and day <= %(last)s
        union all
        select steam_id, seconds
        from logs.session_hours
        where %(step)s::interval < interval '1 day'
          and server_id = %(server)s
          and hour >= %(since)s
          and hour <= %(last)s
        union all
        select steam_id, seconds
        from part
      ) as p
      group by steam_id
      having sum(seconds) > 0
      order by seconds desc, steam_id
      limit 5
    ), top_name as (
      select steam_id,
        (array_agg(name order by named_at desc, named_by desc) filter (where name is not null))[1]
          as name
      from logs.player_sums
      where steam_id in (select steam_id from top)
      group by steam_id
    ), queued as (
      select steam_id, first_at
      from logs.sum_players(
        array(select c from logs.change_queue c where c.server_id = %(server)s)
      )
    )
    select exists (
        select
        from logs.servers
        where id = %(server)s
          and deleted_at is null
      ) as is_known,
      w.seconds, w.sessions, w.is_exact, w.is_inferred,
      coalesce(
        greatest(
          (select max(peak) from beat),
          (
            select max(players)
            from logs.peak_sums
            where server_id = %(server)s
              and hour >= %(since)s
              and hour < %(end)s
          )
        ),
        logs.get_peak_sessions(%(server)s, %(since)s, %(end)s),
        0
      ) as peak,
      (
        select count(*)
        from (
          select steam_id
          from logs.player_totals
          where server_id = %(server)s
            and first_at >= %(since)s
          union
          select steam_id
          from queued
          where first_at >= %(since)s
        ) as n
        where not exists (
            select
            from logs.player_totals t
            where t.steam_id = n.steam_id
              and t.server_id = %(server)s
              and t.first_at < %(since)s
          )
          and not exists (
            select
            from queued q
            where q.steam_id = n.steam_id
              and q.first_at < %(since)s
          )
      ) as newcomers,
      (
        select json_agg(json_build_array(occurred_at, seconds, reports,
          players) order by occurred_at)
        from bucket
      ) as buckets,
      coalesce((
        select json_agg(json_build_array(t.steam_id, coalesce(n.name, t.steam_id), t.seconds)
          order by t.seconds desc, t.steam_id)
        from top t
        left join top_name n on n.steam_id = t.steam_id
      ), '[]') as top,
      f.as_of, f.raw_tail
    from (
      select coalesce(sum(seconds), 0)::bigint as seconds,
        coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(exact), 0) > 0 as is_exact,
        coalesce(sum(inferred), 0) > 0 as is_inferred
      from hour
    ) as w
    cross join logs.freshness(%(since)s) as f
"""
