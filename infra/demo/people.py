"""The people of a season: who they are, what they are used to, and how they stand right now."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from infra.demo import words

IDLE = -1  # the server of somebody who is on none
FULL_KARMA = 1000.0
# Whether somebody who thinks of playing does, by UTC hour.
_HOURS = (
    (0.1,) * 6 + (0.02,) * 9 + (0.1, 0.2, 0.5, 0.9, 1.0, 1.0, 1.0, 0.8, 0.4),  # after work
    (0.05,) * 8 + (0.1,) * 4 + (0.5, 0.8, 1.0, 1.0, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.05),
    (1.0, 0.9, 0.6, 0.3, 0.1) + (0.02,) * 12 + (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.0),  # night owls
)
_WEEK = ((0.8, 0.7, 0.7, 0.8, 1.0, 1.0, 0.9), (0.1, 0.1, 0.1, 0.2, 0.7, 1.0, 1.0))
_CLIQUES = (1, 1, 1, 2, 2, 3, 4)
_FIRST_NUMBER = 1_900_000_000  # beyond the accounts that Steam has given out


@dataclass(slots=True, eq=False)
class Player:
    """Somebody with habits; `server` to `role` are how they stand right now."""

    steam_id: str
    name: str
    home: int  # the server they like best
    skill: float
    aim: float  # the share of their kills that are headshots
    careless: float  # the share of their kills that meet their own team
    patience: float  # the chance to stay for another round
    arsenal: Sequence[str]  # what they kill with, each as often as they do
    traitor_arsenal: Sequence[str]
    traitor_wishes: Sequence[str]
    detective_wishes: Sequence[str]
    hours: Sequence[float]
    week: Sequence[float]
    friends: list[Player] = field(default_factory=list)
    first_day: int = 0
    last_day: int = 0
    server: int = IDLE
    karma: float = FULL_KARMA
    points: float = 0.0
    role: str = "innocent"


def make_people(seed: int, count: int, servers: int) -> list[Player]:
    """So many invented people, always the same of a seed; friends follow each other."""
    rng = Random(f"people {seed}")  # noqa: S311 — play
    found: list[Player] = []
    while len(found) < count:
        clique = min(rng.choice(_CLIQUES), count - len(found))
        home = rng.randrange(servers)
        friends = [_player(rng, len(found) + number, home) for number in range(clique)]
        for one in friends:
            one.friends = [other for other in friends if other is not one]
        found += friends
    return found


def make_bots(count: int) -> list[Player]:
    """Computer players, which all have the same SteamID."""
    gun = words.GUNS[:1]
    return [
        Player("BOT", "BOT", 0, 0.1, 0.05, 0.05, 1, gun, gun, gun, gun, (), ())
        for _ in range(count)
    ]


def _player(rng: Random, number: int, home: int) -> Player:
    guns = _liked(rng, words.GUNS)
    wishes = _liked(rng, words.TRAITOR_ITEMS)
    tools = [one for one in wishes if one in words.TRAITOR_WEAPONS][:5] or words.TRAITOR_WEAPONS[:1]
    digit, tail = rng.randrange(2), rng.randrange(101)
    return Player(
        steam_id=f"STEAM_0:{digit}:{_FIRST_NUMBER + number * 101 + tail}",
        name=_name(rng, number),
        home=home,
        skill=min(1.0, max(0.0, rng.gauss(0.5, 0.2))),
        aim=rng.uniform(0.08, 0.45),
        careless=rng.betavariate(1.2, 12),
        patience=rng.uniform(0.8, 0.96),
        arsenal=[*guns, "weapon_zm_improvised"],
        traitor_arsenal=[*guns, *tools],
        traitor_wishes=wishes,
        detective_wishes=_liked(rng, words.DETECTIVE_ITEMS),
        hours=rng.choices(_HOURS, (6, 3, 2))[0],
        week=rng.choices(_WEEK, (3, 1))[0],
    )


def _liked(rng: Random, offered: Sequence[str]) -> list[str]:
    """Sixteen choices: a favourite seven times, a second three times, else what is popular."""
    popular = words.zipf_totals(len(offered))
    drawn = [offered[bisect(popular, rng.random() * popular[-1])] for _ in range(8)]
    return [drawn[0]] * 7 + [drawn[1]] * 3 + drawn[2:]


def _name(rng: Random, number: int) -> str:
    if number % 5 == 3:
        fancy = words.UNICODE[number // 5 % len(words.UNICODE)]
        return fancy if number < 5 * len(words.UNICODE) else f"{fancy} {rng.randrange(100)}"
    shape = rng.choice(words.SHAPES)
    return shape.format(rng.choice(words.FIRST), rng.choice(words.SECOND), rng.randrange(1000))
