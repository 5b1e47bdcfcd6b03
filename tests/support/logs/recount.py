"""What the panel is to show, counted one by one from everything that was ever stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import Any

from functions.shared import json_codec
from tests.support.logs import rounds
from tests.support.logs.oracle import Beat, Event, Oracle, Session, is_person

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
STEPS = {"24h": (timedelta(hours=1), 24), "7d": (DAY, 7), "30d": (DAY, 30)}


def tenths(number: Fraction) -> float:
    return floor(number * 10 + Fraction(1, 2)) / 10


def hours(seconds: int) -> float:
    return tenths(Fraction(seconds, 3600))


def method(sessions: Iterable[Session]) -> str:
    kinds = {one.method for one in sessions}
    return "mixed" if len(kinds) == 2 else kinds.pop() if kinds else "none"


def union(
    played: list[Session],
    since: datetime = ALWAYS[0],
    until: datetime = ALWAYS[1],
) -> int:
    """The seconds that sessions take together, hour by hour: what lies over each other once."""
    by_hour: dict[datetime, list[tuple[datetime, datetime, Session]]] = defaultdict(list)
    for one in played:
        hour = one.start.replace(minute=0, second=0, microsecond=0)
        while hour < one.end:
            if since <= hour < until:
                part = max(one.start, hour), min(one.end, hour + HOUR), one
                by_hour[hour].append(part)
            hour += HOUR
    total = 0
    for parts in by_hour.values():
        islands: list[list[tuple[datetime, datetime, Session]]] = []
        for part in sorted(parts):
            if islands and part[0] < max(end for _, end, _ in islands[-1]):
                islands[-1].append(part)
            else:
                islands.append([part])
        for island in islands:
            begin, end = island[0][0], max(end for _, end, _ in island)
            if len(island) == 1:
                total += island[0][2].within(begin, end)
            else:
                total += int((end - begin).total_seconds())
    return total


def day_of(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def name_of(oracle: Oracle, who: str) -> str:
    named = [one for one in oracle.events if one.steam_id == who and one.name]
    newest = max(named, key=lambda one: (one.at, one.id), default=None)
    return newest.name if newest and newest.name else who


def people(oracle: Oracle) -> list[str]:
    return sorted({one.steam_id for one in oracle.events if is_person(one.steam_id)})  # type: ignore[type-var]


def card(oracle: Oracle, who: str) -> dict[str, Any]:
    own = [one for one in oracle.events if one.steam_id == who]
    played = [one for one in oracle.sessions() if one.steam_id == who]
    servers = {one.server for one in own}
    return {
        "steamId": who,
        "name": name_of(oracle, who),
        "lastSeen": json_codec.format_time(max(one.at for one in own)),
        "firstSeen": json_codec.format_time(min(one.at for one in own)),
        "totalConnections": sum(one.steam_id == who for one in oracle.connects()),
        "playTimeHours": hours(union(played)),
        "isVip": False,
        "serverStats": {
            server: {
                "playTimeHours": hours(sum(one.seconds for one in played if one.server == server)),
                "connections": sum(
                    o.steam_id == who and o.server == server for o in oracle.connects()
                ),
            }
            for server in servers
        },
        "punishments": [],
    }


def profile(oracle: Oracle, who: str) -> dict[str, Any]:
    own = [one for one in oracle.events if one.steam_id == who]
    played = [one for one in oracle.sessions() if one.steam_id == who]
    today = day_of(oracle.now)
    names = []
    for name in {one.name for one in own if one.name}:
        times = [one.at for one in own if one.name == name]
        names.append((max(times), min(times), name))
    return {
        **card(oracle, who),
        "playTimeSeconds": union(played),
        "playTimeMethod": method(played),
        "names": {
            name: (json_codec.format_time(first), json_codec.format_time(last))
            for last, first, name in names
        },
        "notes": [],
        "activityHistory": [
            {
                "date": f"{day:%Y-%m-%d}",
                "hoursPlayed": hours(union(played, day, day + DAY)),
                "sessions": sum(day <= one.start < day + DAY for one in played),
            }
            for day in (today - DAY * ago for ago in range(13, -1, -1))
        ],
        "gameModeStats": modes(oracle, who, own, played),
    }


def modes(oracle: Oracle, who: str, own: list[Event], played: list[Session]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if any(one.mode == "Sandbox" for one in own):
        there = [one for one in played if oracle.modes[one.server] == "Sandbox"]
        found["sandbox"] = {
            "totalPlayTimeHours": hours(sum(one.seconds for one in there)),
            "totalSessions": len(there),
            "propsSpawned": sum(o.type == "PROP_SPAWN" and o.mode == "Sandbox" for o in own),
        }
    if any(one.mode == "TTT" for one in own):
        found["ttt"] = rounds.terror(oracle, who)
    if any(one.mode == "Murder" for one in own):
        found["murder"] = rounds.murder(oracle, who)
    return found


def analytics(oracle: Oracle, server: str, range_: str) -> dict[str, Any]:
    step, count = STEPS[range_]
    now = oracle.now
    last = now.replace(minute=0, second=0, microsecond=0) if count == 24 else day_of(now)
    buckets = [last - step * ago for ago in range(count - 1, -1, -1)]
    since = buckets[0]
    form = "%H:00" if count == 24 else "%Y-%m-%d"
    played = [one for one in oracle.sessions() if one.server == server]
    here = [one for one in played if one.end > since or one.start >= since]
    events = [one for one in oracle.events if one.server == server]
    beats = [one for one in oracle.beats if one.server == server and one.at >= since]
    told = [one.players for one in beats if one.players is not None]
    told += [one.count for one in events if one.at >= since and one.count is not None]
    firsts = [
        min(o.at for o in events if o.steam_id == who)
        for who in {o.steam_id for o in events if is_person(o.steam_id)}
    ]
    totals: Counter[str] = Counter()
    for one in here:
        totals[one.steam_id] += one.within(since, now + DAY)
    top = sorted((-seconds, who) for who, seconds in totals.items() if seconds)[:5]
    return {
        "totalPlayTimeHours": hours(sum(totals.values())),
        "totalSessions": sum(one.start >= since for one in here),
        "newPlayers": sum(first >= since for first in firsts),
        "peakPlayers": max(told) if told else most_at_once(here, since),
        "playTimeTrend": [
            {"date": f"{at:{form}}", "hours": hours(sum(one.within(at, at + step) for one in here))}
            for at in buckets
        ],
        "playerCountTrend": [
            {"date": f"{at:{form}}", "count": count_of(beats, here, at, at + step, now)}
            for at in buckets
        ],
        "topPlayers": [
            {"steamId": who, "name": name_of(oracle, who), "hours": hours(-seconds)}
            for seconds, who in top
        ],
        "playTimeMethod": method(here),
        "from": json_codec.format_time(since),
    }


def most_at_once(sessions: list[Session], since: datetime) -> int:
    starts = [max(one.start, since) for one in sessions]
    return max((sum(o.start <= at < o.end for o in sessions) for at in starts), default=0)


def count_of(
    beats: list[Beat], played: list[Session], since: datetime, until: datetime, now: datetime
) -> float:
    told = [o.players for o in beats if since <= o.at < until and o.players is not None]
    if told:
        return tenths(Fraction(sum(told), len(told)))
    seconds = sum(one.within(since, until) for one in played)
    elapsed = int((min(until, now) - since).total_seconds())
    return tenths(Fraction(seconds, elapsed)) if elapsed else 0.0


def dashboard(oracle: Oracle) -> dict[str, Any]:
    events, today = oracle.events, day_of(oracle.now)
    recent = [one for one in events if one.at >= oracle.now - DAY]
    newest = sorted(events, key=lambda one: (one.at, one.id), reverse=True)[:5]
    days = [today - DAY * ago for ago in range(6, -1, -1)]
    return {
        "uniquePlayers24h": len({one.steam_id for one in recent if is_person(one.steam_id)}),
        "totalConnections": len(oracle.connects()),
        "roundsPlayed": sum(one.type == "ROUND_END" for one in events),
        "activeBans": 0,
        "chartData": [
            {
                "date": f"{day:%Y-%m-%d}",
                "players": len(
                    {
                        one.steam_id
                        for one in events
                        if day <= one.at < day + DAY and is_person(one.steam_id)
                    }
                ),
                "rounds": sum(
                    one.type == "ROUND_END" and day <= one.at < day + DAY for one in events
                ),
            }
            for day in days
        ],
        "mapStats": maps(oracle),
        "liveActivity": [
            {
                "id": one.id,
                "message": one.text,
                "type": "WARNING" if one.type == "ULX" else "INFO",
                "timestamp": json_codec.format_time(one.at),
                "serverName": f"Server {one.server}",
            }
            for one in newest
        ],
        "financialStats": {"revenueToday": 0, "revenueMonth": 0, "transactionsToday": 0},
    }


def maps(oracle: Oracle) -> dict[str, list[dict[str, Any]]]:
    since = oracle.now - DAY * 30
    seen = [(o.server, o.mode, o.at, 1, o.id, o.map) for o in oracle.events if o.map]
    seen += [(o.server, oracle.modes[o.server], o.at, 0, "", o.map) for o in oracle.beats if o.map]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    ordered = sorted(one for one in seen if one[2] >= since)
    for (_, mode), line in groupby(ordered, key=lambda one: one[:2]):
        for map_, _run in groupby(one[5] for one in line):
            counts[mode][map_ or ""] += 1
    return {
        mode: [
            {
                "name": name,
                "playCount": number,
                "percentage": floor(Fraction(100 * number, sum(of.values())) + Fraction(1, 2)),
            }
            for name, number in sorted(of.items(), key=lambda item: (-item[1], item[0]))[:10]
        ]
        for mode, of in counts.items()
    }
