"""Dashboard: all servers at a glance."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from functions.logs import change_queue
from functions.logs.event_text import describe
from functions.shared import db, fields


class Day(fields.ResponseModel):
    """A UTC day: distinct players, and rounds that ended."""

    date: date
    players: int
    rounds: int


class MapCount(fields.CamelResponse):
    """How often a map was played, and which part of its mode's maps that is, in percent."""

    name: str
    play_count: int
    percentage: int


class Activity(fields.CamelResponse):
    """A log event in one line."""

    id: str
    message: str
    type: Literal["INFO", "WARNING"]
    timestamp: datetime
    server_name: str


class Finance(fields.CamelResponse):
    """Zeros: money is not part of this product."""

    revenue_today: int
    revenue_month: int
    transactions_today: int


class Dashboard(fields.CamelResponse):
    """All servers at a glance; maps of 30 days by game mode."""

    unique_players_24h: int = Field(alias="uniquePlayers24h")
    total_connections: int
    rounds_played: int
    active_bans: int
    chart_data: list[Day]
    map_stats: dict[str, list[MapCount]]
    live_activity: list[Activity]
    financial_stats: Finance


def get_dashboard() -> dict[str, Any]:
    """The Dashboard of this moment. Two round trips."""
    change_queue.fold_some()
    now = datetime.now(UTC)
    since = now - timedelta(days=30)
    [row] = db.query(
        _DASHBOARD,
        {
            "now": now,
            "day_ago": now - timedelta(hours=24),
            "today": now.replace(hour=0, minute=0, second=0, microsecond=0),
            "first_day": now.date() - timedelta(days=6),
            "since": since,
            "week_ago": now - timedelta(days=7),
            "edge": _hour(since),
            "whole": _hour(since) + timedelta(hours=1),
        },
    )
    row["liveActivity"] = [_line(event) for event in row["liveActivity"]]
    row["financialStats"] = {"revenueToday": 0, "revenueMonth": 0, "transactionsToday": 0}
    return row


def _line(event: dict[str, Any]) -> dict[str, Any]:
    """An event as its Activity."""
    text = event["text"] or describe(event["type"], event["name"], event["metadata"])
    return {
        "id": event["id"],
        "message": text,
        "type": "WARNING" if event["type"] == "ULX" else "INFO",
        "timestamp": event["timestamp"],
        "serverName": event["serverName"],
    }


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


_DASHBOARD = """
    with day as (
      select d.day, coalesce(p.players, 0) as players, coalesce(r.rounds, 0) as rounds
      from generate_series(
        %(today)s - interval '144 hours', %(today)s, interval '1 day', 'UTC'
      ) as d (day)
      left join (
        select day, count(distinct steam_id) as players
        from logs.active_day_sums
        where day >= %(first_day)s
        group by day
      ) as p on p.day = date(d.day at time zone 'UTC')
      left join (
        select day, sum(events)::bigint as rounds
        from logs.type_day_sums
        where day >= %(first_day)s
          and type = 'ROUND_END'
        group by day
      ) as r on r.day = date(d.day at time zone 'UTC')
    ),
    -- The hour in which the 30 days begin counts from that moment on, while its rows are there.
    hour as (
      select hour, server_id, mode, maps
      from logs.list_map_hours(case
        when %(edge)s < rollups.retained_from('logs.event_hours') then %(edge)s::timestamptz
        else %(whole)s
      end)
      union all
      select %(edge)s, server_id, mode, logs.runs(map order by occurred_at, rank, id)
      from (
        select occurred_at, server_id, mode, map, 1 as rank, id
        from logs.events
        where map is not null
          and occurred_at >= %(since)s
          and occurred_at < %(whole)s
          and sent_at >= %(edge)s - interval '10 minutes'
        union all
        select h.occurred_at, h.server_id, s.mode, h.map, 0, null
        from logs.heartbeats h
        join logs.servers s on s.id = h.server_id
        where h.map is not null
          and h.occurred_at >= %(since)s
          and h.occurred_at < %(whole)s
      ) as seen
      where %(edge)s >= rollups.retained_from('logs.event_hours')
      group by server_id, mode
    ), run as (
      select h.mode, m.map,
        m.map is distinct from lag(m.map)
          over (partition by h.server_id, h.mode order by h.hour, m.place) as is_new
      from hour h
      cross join lateral unnest(h.maps) with ordinality as m (map, place)
    ), play as (
      select mode, map, count(*) as plays, sum(count(*)) over (partition by mode) as total,
        row_number() over (partition by mode order by count(*) desc, map collate "C") as place
      from run
      where is_new
      group by mode, map
    ), recent as materialized (
      -- Old chunks of the columnstore would be sorted whole.
      select id, server_id, type, occurred_at, player_name, raw_text, metadata, arrival
      from logs.events
      where occurred_at >= %(week_ago)s
        and sent_at >= %(week_ago)s - interval '10 minutes'
      order by occurred_at desc, arrival desc, id desc
      limit 5
    ), newest as (
      select id, server_id, type, occurred_at, player_name, raw_text, metadata, arrival
      from recent
      union all (
        select id, server_id, type, occurred_at, player_name, raw_text, metadata, arrival
        from logs.events
        where occurred_at < %(week_ago)s
          and (select count(*) from recent) < 5
        order by occurred_at desc, arrival desc, id desc
        limit 5
      )
      order by occurred_at desc, arrival desc, id desc
      limit 5
    )
    select (
        select count(distinct steam_id)
        from logs.player_sums
        where last_at >= %(day_ago)s
      ) as "uniquePlayers24h",
      t.connections as "totalConnections", t.rounds as "roundsPlayed",
      (
        select count(*)
        from logs.punishments
        where type = 'BAN'
          and active
      ) as "activeBans",
      (
        select json_agg(json_build_object(
            'date', shared.iso_day(day), 'players', players,
            'rounds', rounds
          ) order by day)
        from day
      ) as "chartData",
      coalesce((
        select json_object_agg(mode, maps)
        from (
          select mode, json_agg(json_build_object(
              'name', map, 'playCount', plays,
              'percentage', floor(100 * plays / total + 0.5)::integer
            ) order by place) as maps
          from play
          where place <= 10
          group by mode
        ) as by_mode
      ), '{}') as "mapStats",
      coalesce((
        select json_agg(json_build_object(
            'id', n.id, 'type', n.type, 'name', n.player_name, 'text', n.raw_text,
            'metadata', n.metadata, 'timestamp', shared.iso_time(n.occurred_at),
            'serverName', coalesce(s.name, n.server_id)
          ) order by n.occurred_at desc, n.arrival desc, n.id desc)
        from newest n
        left join logs.servers s on s.id = n.server_id
      ), '[]') as "liveActivity"
    from (
      select (
          coalesce(sum(connections) filter (where type = 'CONNECT'), 0)
          + coalesce((
            select sum(sign)
            from logs.diff_queued_sessions(null, null)
            where is_counted
          ), 0)
        )::bigint as connections,
        coalesce(sum(events) filter (where type = 'ROUND_END'), 0)::bigint as rounds
      from logs.type_day_sums
      where type in ('CONNECT', 'ROUND_END')
    ) as t
"""
