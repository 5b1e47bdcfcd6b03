"""Who was there, and when: a brute-force recount of days, form and sessions of players."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from tests.support.ttt.counted import Counted
from tests.support.ttt.numbers import iso, kd, mean, percent
from tests.support.ttt.oracle import Oracle
from tests.support.ttt.records import Round


def newcomers(oracle: Oracle, begin: str, end: str, **filters: Any) -> list[dict[str, Any]]:
    """Each day's players, and which of them no day before had seen."""
    filters |= {"since": None, "until": date.fromisoformat(end)}
    ever = oracle._count(**filters)
    first = {steam_id: min(_moments(ever.of_player(steam_id))).date() for steam_id in ever.seen}
    day, items = date.fromisoformat(begin), []
    while day < date.fromisoformat(end):
        there = {row.steam_id for one, row in ever.players if one.at.date() == day}
        new = sum(first[steam_id] == day for steam_id in there)
        items.append(
            {
                "day": day.isoformat(),
                "players": len(there),
                "new_players": new,
                "returning_players": len(there) - new,
            }
        )
        day += timedelta(days=1)
    return items


def form(oracle: Oracle, steam_id: str, bucket: str, **filters: Any) -> list[dict[str, Any]]:
    """Somebody's numbers of each bucket in which they were seen."""
    own = oracle._count(**filters).of_player(steam_id)
    starts = sorted({_start(at.date(), bucket) for at in _moments(own)})
    return [
        _form(_part(own, lambda one, day=day: _start(one.at.date(), bucket) == day), day)
        for day in starts
    ]


def _form(own: Counted, start: date) -> dict[str, Any]:
    rounds, kills, deaths = len(own.players), len(own.kills), len(own.deaths)
    karma = [row.karma_diff for _, row in own.players if row.karma_diff is not None]
    return {
        "start": start.isoformat(),
        "rounds": rounds,
        "wins": own.wins(),
        "win_rate": percent(own.wins(), rounds),
        "kills": kills,
        "deaths": deaths,
        "kd": kd(kills, deaths),
        "headshots": own.headshots,
        "team_kills": own.team_kills,
        "avg_karma": mean(karma, 2),
        "seconds": sum(one.duration or 0 for one, _ in own.players),
    }


def sessions(oracle: Oracle, steam_id: str, **filters: Any) -> list[dict[str, Any]]:
    """Somebody's rounds of a server, cut where an hour or more passed between two ends."""
    own = oracle._count(**filters).of_player(steam_id)
    by_server: dict[str | None, list[list[Round]]] = defaultdict(list)
    for one in sorted((one for one, _ in own.players), key=lambda one: one.at):
        runs = by_server[one.server]
        if runs and one.at - runs[-1][-1].at < timedelta(hours=1):
            runs[-1].append(one)
        else:
            runs.append([one])
    found = [(run[0].at, server or "", run) for server, runs in by_server.items() for run in runs]
    found.sort(key=lambda one: one[:2], reverse=True)
    return [_session(own, server or None, run) for _, server, run in found]


def _session(own: Counted, server: str | None, run: list[Round]) -> dict[str, Any]:
    first, last = run[0].at, run[-1].at
    part = _part(own, lambda one: one.server == server and first <= one.at <= last)
    karma = [row.karma_diff for _, row in part.players if row.karma_diff is not None]
    points = [row.points_diff for _, row in part.players if row.points_diff is not None]
    began = min(one.at - timedelta(seconds=one.duration or 0) for one, _ in part.players)
    return {
        "started_at": iso(began),
        "ended_at": iso(last),
        "server": server,
        "rounds": len(part.players),
        "wins": part.wins(),
        "kills": len(part.kills),
        "deaths": len(part.deaths),
        "team_kills": part.team_kills,
        "karma_diff": sum(karma) if karma else None,
        "points_diff": sum(points) if points else None,
    }


def _start(day: date, bucket: str) -> date:
    if bucket == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if bucket == "week" else day


def _moments(own: Counted) -> list[datetime]:
    return [one.at for one, _ in [*own.players, *own.kills, *own.deaths, *own.buys]]


def _part(own: Counted, is_in: Any) -> Counted:
    """What happened in some of the rounds."""
    return Counted(
        rounds=[one for one in own.rounds if is_in(one)],
        players=[row for row in own.players if is_in(row[0])],
        kills=[row for row in own.kills if is_in(row[0])],
        deaths=[row for row in own.deaths if is_in(row[0])],
        buys=[row for row in own.buys if is_in(row[0])],
        timelimit=own.timelimit,
    )
