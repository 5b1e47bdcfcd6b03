"""Profile: everything about one player."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from functions.logs.moderation import notes
from functions.logs.players import mode_stats, players, playtime
from functions.logs.privacy import ip_sightings
from functions.shared import db, fields
from functions.shared.errors import NotFound

_DAYS = 14
_MAX_NAMES = 1000  # answered, the newest first: players may change names every second


class PlayerPath(fields.BracketPathModel):
    """Which player."""

    steam_id: str


class PastName(fields.CamelResponse):
    """A name that a player has or had."""

    name: str
    first_seen: datetime
    last_seen: datetime


class PlayedDay(fields.CamelResponse):
    """What a player played on one UTC day, and the sessions that began."""

    date: date
    hours_played: float
    sessions: int


class Geo(fields.ResponseModel):
    """Where an address is, as the server sent it."""

    country: str | None = None
    city: str | None = None
    state: str | None = None
    lat: float | None = None
    lng: float | None = None


class Profile(players.Player):
    """Everything about a player; `ip` is there while it is kept, a game mode's part if the player
    has events in it."""

    play_time_seconds: int
    play_time_method: playtime.Method
    ip: str | None = None
    geo: Geo | None = None
    names: list[PastName]
    notes: list[notes.Note]
    activity_history: list[PlayedDay]
    game_mode_stats: mode_stats.ModeStats


def get_profile(steam_id: str) -> dict[str, Any]:
    """A player's Profile; raises NotFound. A handful of round trips."""
    card = players.get_players([steam_id]).get(steam_id)
    if card is None:
        raise NotFound("Player not found")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=_DAYS - 1)
    [row] = db.query(_PROFILE, {"who": steam_id, "since": since, "most_names": _MAX_NAMES})
    seen = ip_sightings.list_newest([steam_id]).get(steam_id, {})
    return {
        **card,
        "playTimeSeconds": row["seconds"],
        "playTimeMethod": playtime.get_method(row["is_exact"], row["is_inferred"]),
        **{name: value for name, value in seen.items() if value is not None},
        "names": row["names"],
        "notes": notes.list_notes(steam_id),
        "activityHistory": [
            _day(today - timedelta(days=ago), row["days"]) for ago in reversed(range(_DAYS))
        ],
        "gameModeStats": mode_stats.get_mode_stats(steam_id),
    }


def _day(day: datetime, played: dict[str, list[int]]) -> dict[str, Any]:
    seconds, count = played.get(f"{day:%Y-%m-%d}", (0, 0))
    return {"date": day.date(), "hoursPlayed": playtime.to_hours(seconds), "sessions": count}


_PROFILE = """
    with queued as materialized (
      select row(p.*)::logs.session_diff as diff
      from logs.diff_queued_sessions(%(who)s, null) as p
    ), session as (
      select (diff).sign, (diff).started_at, (diff).ended_at, (diff).method = 'exact' as is_exact
      from queued
      where (diff).kind = 'session'
    ), method as (
      select is_exact, sum(seconds) as seconds, sum(sessions) as sessions
      from (
        select is_exact, seconds, sessions
        from logs.play_totals
        where steam_id = %(who)s
        union all
        select is_exact, sign * logs.overlap_seconds(started_at, ended_at, h.at, 'infinity'),
          case when started_at >= h.at then sign else 0 end
        from session
        cross join (select rollups.retained_from('logs.session_hours') as at) as h
      ) as m
      group by is_exact
      having sum(seconds) > 0
        or sum(sessions) > 0
    )
    select (
        select coalesce(sum(seconds), 0)::bigint
        from (
          select seconds
          from logs.person_totals
          where steam_id = %(who)s
          union all
          select seconds
          from logs.diff_playtime(array(select diff from queued))
        ) as t
      ) as seconds,
      exists (select from method where is_exact) as is_exact,
      exists (select from method where not is_exact) as is_inferred,
      coalesce((
        select json_agg(json_build_object(
            'name', n.name, 'firstSeen', shared.iso_time(n.first_at),
            'lastSeen', shared.iso_time(n.last_at)
          ) order by n.last_at desc, n.first_at desc, n.name collate "C")
        from (
          select name, min(first_at) as first_at, max(last_at) as last_at
          from logs.player_name_sums
          where steam_id = %(who)s
          group by name
          order by max(last_at) desc
          limit %(most_names)s
        ) as n
      ), '[]') as names,
      coalesce((
        select json_object_agg(shared.iso_day(d.day),
          json_build_array(d.seconds, d.sessions))
        from logs.list_playtime_days(%(who)s, %(since)s, array(select diff from queued)) as d
      ), '{}') as days
"""
