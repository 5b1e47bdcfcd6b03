"""Made-up days on made-up servers: events of every kind that a statistic reads, from one seed."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.support.logs import stored
from tests.support.logs.oracle import Beat, Event

MODES = {"sand": "Sandbox", "terror": "TTT", "dark": "Murder"}
PEOPLE = tuple(f"STEAM_0:{n % 2}:{n}" for n in range(1, 8))
_NOBODY = ("BOT", "STEAM_0:0:0", None, "NULL")
_NAMES = ("Ana", "ana ☭", "Bo%_", "Ĉy", None)
_MAPS = ("gm_construct", "ttt_harbor", "md_clue", None, None)
_ROLES = ("traitor", "Detective", "innocent", "murderer", "bystander", "none", None)
_WINNERS = ("2", 3, 4, "TRAITORS", "innocents", "time is up", "murderer", "bystander", None)
_TYPES = (
    *("CONNECT", "DISCONNECT", "CHAT", "CHAT", "PROP_SPAWN", "KILL", "KILL", "DAMAGE", "ULX"),
    *("ROUND_START", "ROUND_END", "BUILD_SAVE"),
)
_GAPS = (0, 1, 5, 40, 200, 290, 301, 700, 1900, 4000, 9000)


def things(seed: int, start: datetime, until: datetime, size: int = 120) -> list[Event | Beat]:
    """Events and heartbeats between two moments, in the order of time."""
    random = Random(seed)
    found: list[Event | Beat] = []
    step = (until - start) / size
    at = start
    for number in range(size):
        at = min(at + random.choice((step, timedelta(seconds=random.choice(_GAPS)))), until)
        at = at.replace(microsecond=random.choice((0, 0, 250_000, 999_000)))
        server = random.choice(tuple(MODES))
        if at <= until:
            found.append(_thing(random, number + 100_000 * seed, at, server))
    beats = {(one.at, one.server): one for one in found if isinstance(one, Beat)}
    return [one for one in found if isinstance(one, Event)] + list(beats.values())


def _thing(random: Random, number: int, at: datetime, server: str) -> Event | Beat:
    map_ = random.choice(_MAPS)
    if random.random() < 0.3:
        return Beat(at, server, random.choice((None, 0, 1, 3, 12)), map_)
    kind = random.choice(_TYPES)
    who = random.choice((*PEOPLE, *PEOPLE, *_NOBODY))
    return Event(
        id=stored.event_id(at, number),
        at=at,
        server=server,
        type=kind,
        steam_id=who,
        name=random.choice(_NAMES),
        mode=random.choice((MODES[server], MODES[server], "TTT", "Sandbox")),
        key=random.choice((None, None, f"s{random.randint(1, 3)} of {at:%j}")),
        map=map_,
        count=random.choice((None, None, 0, 4, 30)),
        metadata=_told(random, kind),
    )


def _told(random: Random, kind: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if kind in ("KILL", "DAMAGE", "ROUND_END", "ROUND_START") or random.random() < 0.2:
        told["roundId"] = random.choice(("r1", "r2", "r3", "r4", None))
    if kind in ("KILL", "DAMAGE"):
        told["attackerSteamId"] = random.choice((*PEOPLE, "BOT", None))
        told["victimSteamId"] = random.choice((*PEOPLE, *PEOPLE, None))
        told["attackerRole"], told["victimRole"] = random.choice(_ROLES), random.choice(_ROLES)
    if kind == "ROUND_END":
        told[random.choice(("winner", "result"))] = random.choice(_WINNERS)
    if random.random() < 0.1:
        told["role"] = random.choice(_ROLES)
    return {name: value for name, value in told.items() if value is not None}
