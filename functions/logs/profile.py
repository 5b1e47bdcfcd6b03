"""Profile: everything about one player."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from functions.logs import modes, notes, players, playtime, sightings
from functions.shared import db, wire
from functions.shared.errors import NotFound

_DAYS = 14
_MOST_NAMES = 1000  # that are told, the newest: who plays may take another every second


class PlayerPath(wire.Terse):
    """Which player."""

    steam_id: str


class PastName(wire.Shape):
    """A name that a player has or had."""

    name: str
    firstSeen: datetime  # noqa: N815  the wire's name
    lastSeen: datetime  # noqa: N815


class PlayedDay(wire.Shape):
    """What a player played on one UTC day, and the sessions that began."""

    date: date
    hoursPlayed: float  # noqa: N815
    sessions: int


class Geo(wire.Shape):
    """Where an address is, as the server said."""

    country: str | None = None
    city: str | None = None
    state: str | None = None
    lat: float | None = None
    lng: float | None = None


class Profile(players.Player):
    """A player in every respect; `ip` is there while it is kept, a game mode's part if the player
    has events in it."""

    playTimeSeconds: int  # noqa: N815
    playTimeMethod: playtime.Method  # noqa: N815
    ip: str | None = None
    geo: Geo | None = None
    names: list[PastName]
    notes: list[notes.Note]
    activityHistory: list[PlayedDay]  # noqa: N815
    gameModeStats: modes.Modes  # noqa: N815


def of(steam_id: str) -> dict[str, Any]:
    """A player's Profile; raises NotFound. A handful of round trips."""
    card = players.cards([steam_id]).get(steam_id)
    if card is None:
        raise NotFound("Player not found")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=_DAYS - 1)
    [row] = db.run(_PROFILE, {"who": steam_id, "since": since, "most_names": _MOST_NAMES})
    seen = sightings.newest([steam_id]).get(steam_id, {})
    return {
        **card,
        "playTimeSeconds": row["seconds"],
        "playTimeMethod": playtime.method(row["is_exact"], row["is_inferred"]),
        **{name: value for name, value in seen.items() if value is not None},
        "names": row["names"],
        "notes": notes.of(steam_id),
        "activityHistory": [
            _day(today - timedelta(days=ago), row["days"]) for ago in reversed(range(_DAYS))
        ],
        "gameModeStats": modes.of(steam_id),
    }


def _day(day: datetime, played: dict[str, list[int]]) -> dict[str, Any]:
    seconds, count = played.get(f"{day:%Y-%m-%d}", (0, 0))
    return {"date": day.date(), "hoursPlayed": playtime.hours(seconds), "sessions": count}


_PROFILE = """
    select coalesce(sum(m.seconds), 0)::bigint as seconds,
      coalesce(bool_or(m.is_exact), false) as is_exact,
      coalesce(bool_or(not m.is_exact), false) as is_inferred,
      coalesce((
        select json_agg(json_build_object(
            'name', n.name, 'firstSeen', logs.iso(n.first_at), 'lastSeen', logs.iso(n.last_at)
          ) order by n.last_at desc, n.first_at desc, n.name collate "C")
        from (
          select name, min(first_at) as first_at, max(last_at) as last_at
          from logs.name_days
          where steam_id = %(who)s
          group by name
          order by max(last_at) desc
          limit %(most_names)s
        ) as n
      ), '[]') as names,
      coalesce((
        select json_object_agg(to_char(d.day at time zone 'UTC', 'YYYY-MM-DD'),
          json_build_array(d.seconds, d.sessions))
        from (
          select day, sum(seconds)::bigint as seconds, sum(sessions)::bigint as sessions
          from logs.play_days
          where steam_id = %(who)s
            and day >= %(since)s
          group by day
        ) as d
      ), '{}') as days
    from logs.play_months m
    where m.steam_id = %(who)s
"""
