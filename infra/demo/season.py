"""A season of Trouble in Terrorist Town: rounds as game servers post them, the same of a seed."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from random import Random
from typing import Any, NamedTuple

from infra.demo import words
from infra.demo.crowd import Crowd
from infra.demo.game import WINNERS, Game, to_role_list
from infra.demo.people import IDLE, Player, make_bots, make_people

_FEWEST = 4  # with fewer, bots come in
_EMPTY_AFTER = 5400  # seconds without a round, after which everybody went home
_PREPARING = 30
_MAPS = words.zipf_totals(len(words.MAPS))
# How busy the servers are, by UTC hour.
_WEEKDAY = (5, 3, 2, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 8, 10, 13, 15, 16, 15, 12, 8)
_WEEKEND = (9, 6, 4, 2, 1, 1, 1, 2, 3, 5, 7, 9, 11, 13, 14, 15, 15, 16, 17, 18, 18, 17, 14, 12)


class Played(NamedTuple):
    """A round: the server that it was played on, from 0, and the body for /api/collect."""

    server: int
    body: dict[str, Any]


class _Moment(NamedTuple):
    at: float  # Unix time
    text: str
    day: int  # of the season, from 0
    weekday: int
    hour: int


@dataclass(slots=True)
class _Server:
    index: int
    ended: float
    wanted: int
    roster: list[Player] = field(default_factory=list)
    map_name: str = ""
    rounds_left: int = 0


@dataclass(frozen=True)
class Season:
    """Invented people on some servers. Everything follows from these numbers.

    A round has `size` players, from the least to the most, if there are that many. For a long
    season give people in proportion to its days: each stays a few days, some for months, and with
    fewer than the servers need they all stay longer.
    """

    seed: int
    players: int = 20
    servers: int = 2
    size: tuple[int, int] = (8, 16)
    kills_per_round: float | None = None  # the mean; None: nobody is revived
    buys_per_round: float = 20

    def names(self) -> list[tuple[str, str]]:
        """Everybody's SteamID and display name, as posted to /api/player/update."""
        return [
            (one.steam_id, one.name) for one in make_people(self.seed, self.players, self.servers)
        ]

    def rounds(self, count: int, start: datetime, end: datetime) -> Iterator[Played]:
        """So many rounds that end between the two times, in order of time, server by server.

        Their ids follow from the season and all three arguments: another call, other rounds.
        """
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        name = f"{self} {count} {start.isoformat()} {end.isoformat()}"
        rng = Random(name)  # noqa: S311 — play
        kills, usual = self.kills_per_round, sum(self.size) / 2
        game = Game(rng, kills / usual if kills else None, self.buys_per_round / usual)
        everybody = make_people(self.seed, self.players, self.servers)
        days = (end.date() - start.date()).days + 1
        crowd = Crowd(rng, everybody, days, self.servers, self.servers * self.size[1] * 3 // 2)
        begun = start.timestamp() - 300
        hosts = [_Server(index, begun, self.size[1]) for index in range(self.servers)]
        for number, moment in enumerate(_moments(rng, count, start, end)):
            host = hosts[number % self.servers]
            crowd.begin_day(moment.day, moment.weekday)
            if moment.at - host.ended > _EMPTY_AFTER:
                _dismiss(host.roster)
                host.roster = []
            self._fill(host, crowd, rng, moment.hour)
            body = {"round_id": _uuid(f"{name} {number}")}
            yield Played(host.index, body | self._round(host, game, crowd, rng, moment))

    def _fill(self, host: _Server, crowd: Crowd, rng: Random, hour: int) -> list[Player]:
        """Lets people come until the server has as many as it attracts; those who came."""
        share = max(2, len(crowd.around) * 9 // 10 // self.servers)
        least, most = min(self.size[0], share), min(self.size[1], share)
        host.wanted = min(most, max(least, host.wanted + int(rng.random() * 3) - 1))
        came: list[Player] = []
        while len(host.roster) < host.wanted:
            one = crowd.pick_comer(host.index, hour)
            if one is None:
                break
            friends = [friend for friend in one.friends if friend.server == IDLE]
            came_along = [one, *(friend for friend in friends if rng.random() < 0.6)]
            for comer in came_along[: host.wanted - len(host.roster)]:
                comer.server = host.index
                comer.points = 0.0
                comer.role = "innocent"  # what the game calls those who only watch
                host.roster.append(comer)
                came.append(comer)
        return came

    def _round(
        self, host: _Server, game: Game, crowd: Crowd, rng: Random, moment: _Moment
    ) -> dict[str, Any]:
        lacking = _FEWEST - len(host.roster)
        players = host.roster + make_bots(max(lacking, 2 if rng.random() < 0.04 else 0))
        sides = game.assign_roles(players)
        before = to_role_list(players)
        buys = game.shop(players)
        winner, kills = game.fight(sides)
        game.heal(players)
        if rng.random() < 0.01:
            winner = "none"  # an admin changed the map
        lasted = 300 if winner == "timelimit" else int(100 + 11 * len(kills) * (0.4 + rng.random()))
        free = max(1, int((moment.at - host.ended) * 0.95) - _PREPARING)
        host.ended = moment.at
        return {
            "map_name": _map(host, rng.random()),
            "winner": WINNERS[winner][host.index % 2],
            "duration": float(min(lasted, free)),
            "ended_at": moment.text,
            "start_roles": before,
            "end_roles": to_role_list(self._changed(host, players, crowd, rng, moment.hour)),
            "kills": kills,
            "buys": buys,
        }

    def _changed(
        self, host: _Server, players: list[Player], crowd: Crowd, rng: Random, hour: int
    ) -> list[Player]:
        """Lets people leave and come; who is there at the end, as some do it during the round."""
        gone = [one for one in host.roster if not crowd.stays(one, hour)]
        host.roster = [one for one in host.roster if one not in gone] if gone else host.roster
        came = self._fill(host, crowd, rng, hour)
        _dismiss(gone)  # now: nobody comes back at once
        left = [one for one in gone if rng.random() < 0.3]
        joined = [one for one in came if rng.random() < 0.3]
        return [one for one in players if one not in left] + joined


def _dismiss(players: list[Player]) -> None:
    for one in players:
        one.server = IDLE


def _map(host: _Server, chance: float) -> str:
    """What the server plays; it changes after some rounds."""
    if not host.rounds_left:
        host.map_name = words.MAPS[bisect(_MAPS, chance * _MAPS[-1])]
        host.rounds_left = 8
    host.rounds_left -= 1
    return host.map_name


def _uuid(name: str) -> str:
    digits = blake2b(name.encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _moments(rng: Random, count: int, start: datetime, end: datetime) -> Iterator[_Moment]:
    """So many moments, in order, close together when the servers are busy."""
    hours = []
    hour = start.replace(minute=0, second=0, microsecond=0)
    total = 0.0
    while hour < end:
        begin, stop = max(hour, start), min(hour + timedelta(hours=1), end)
        busy = (_WEEKEND if hour.weekday() > 4 else _WEEKDAY)[hour.hour]
        total += (stop - begin).total_seconds() * busy
        hours.append((hour, begin.timestamp(), total, busy))
        hour += timedelta(hours=1)
    slots = iter(hours)
    after = -1.0
    for number in range(count):
        wanted = (number + 0.9 * rng.random()) / count * total
        while wanted >= after:
            before = max(after, 0.0)
            hour, begun, after, busy = next(slots)
            full, day = hour.timestamp(), (hour.date() - start.date()).days
            weekday, clock, prefix = hour.weekday(), hour.hour, hour.strftime("%Y-%m-%dT%H:")
        at = begun + (wanted - before) / busy
        seconds, milliseconds = divmod(int((at - full) * 1000), 1000)
        text = f"{prefix}{seconds // 60:02}:{seconds % 60:02}.{milliseconds:03}Z"
        yield _Moment(at, text, day, weekday, clock)
