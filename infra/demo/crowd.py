"""Who is around on a day of a season: people come, play for a while, and are gone."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from random import Random

from infra.demo.people import IDLE, Player

_LONGEST = 365
_PATIENCE = 30


class Crowd:
    """The people of `days` days, about as many of them each day; most stay only a few."""

    def __init__(self, rng: Random, people: list[Player], days: int, servers: int, wanted: int):
        self._random = rng.random
        self._servers = servers
        self._lay_out(rng, people, days, min(wanted, len(people) * 0.8))
        self._coming = sorted(people, key=lambda one: one.first_day, reverse=True)
        self._today = -1
        self.around: list[Player] = []
        self._chances: list[list[float]] = []

    def _lay_out(self, rng: Random, people: list[Player], days: int, wanted: float) -> None:
        lives = [int(min(_LONGEST, rng.paretovariate(1))) for _ in people]
        # Few people have to stay longer: the servers of a small community are full too.
        while sum(life / (life + days - 1) for life in lives) < wanted:
            lives = [2 * life for life in lives]
        for one, life in zip(people, lives, strict=True):
            leader = one.friends[0] if one.friends and one.friends[0].last_day else one
            if leader is one:  # some came before the season: nobody sees where it begins
                one.first_day = rng.randrange(1 - life, days)
                one.last_day = one.first_day + life
            else:
                one.first_day, one.last_day = leader.first_day, leader.last_day

    def begin_day(self, day: int, weekday: int) -> None:
        """Lets that day begin, counted from the season's first; again on the same day is free."""
        if day == self._today:
            return
        self._today = day
        self.around = [one for one in self.around if one.last_day > day]
        while self._coming and self._coming[-1].first_day <= day:
            come = self._coming.pop()
            if come.last_day > day:
                self.around.append(come)
        self._chances = [
            list(
                accumulate(
                    one.week[weekday] * (1 if one.home == server else 0.15) for one in self.around
                )
            )
            for server in range(self._servers)
        ]

    def stays(self, player: Player, hour: int) -> bool:
        """Whether somebody on a server plays another round; at an odd hour they soon go."""
        if player.last_day <= self._today or self._random() > player.patience:
            return False
        return self._random() < 0.6 + player.hours[hour]

    def pick_comer(self, server: int, hour: int) -> Player | None:
        """Somebody idle who comes to the server at that hour, if there is anybody."""
        around, chances, random = self.around, self._chances[server], self._random
        if not around:
            return None
        for _ in range(_PATIENCE):
            one = around[bisect(chances, random() * chances[-1])]
            if one.server == IDLE and random() < one.hours[hour]:
                return one
        start = int(random() * len(around))
        return next((one for one in around[start:] + around[:start] if one.server == IDLE), None)
