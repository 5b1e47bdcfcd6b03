"""A sandbox server: what people build there, as its hooks send it, the same of a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

from infra.demo.people import Player, make_people

Event = dict[str, Any]
_MAPS = ("gm_construct", "gm_flatgrass", "gm_lakeside_b3", "gm_hangar_v2")
_MAP_MINUTES = 90
_MODELS = tuple(
    f"models/{one}.mdl"
    for one in (
        *("props_c17/oildrum001", "props_junk/wood_crate002a", "props_phx/construct/plate4x4"),
        *("props_lab/blastdoor001c", "hunter/blocks/cube2x2x2", "props_vehicles/tire001"),
        *("props_c17/bench01a", "props_phx/wheels/trucktire", "hunter/tubes/tube2x2x4 c"),
    )
)
_ENTITIES = ("item_healthkit", "gmod_lamp", "sent_ball", "edit_sky", "gmod_wire_button")
_CREATURES = ("npc_crow", "npc_citizen", "npc_headcrab", "npc_antlion")
_TOOLS = (
    *("material", "weld", "weld", "remover", "remover", "colour", "rope", "axis", "thruster"),
    *("wire_adv", "advdupe2", "advdupe2", "stacker_improved", "precision", "nocollide"),
)
_CARS = ("Jeep", "Airboat", "Chair_Office1", "prop_vehicle_prisoner_pod")
_WEAPONS = ("weapon_crowbar", "weapon_physcannon", "weapon_smg1", "weapon_rpg", "prop_physics")
_WORDS = (
    *("olá!", "hi all", "look at my bridge", "who took my car?", "can I build here?", "brb"),
    *("nice one ☭", "é grande demais", "the wire does nothing again", "gg", "does it fly?", "lol"),
)
_COMMANDS = ("!menu", "!goto {}", "!pac", "/advert new tower at the lake", "!afk")
_REASONS = ("Disconnect by user.", "Disconnect by user.", "timed out", "Connection closing")
_CITIES = (("PT", "Porto", "Norte"), ("BR", "Recife", "Pernambuco"), ("DE", "Jena", "Thuringia"))
# What somebody does next, each as often as its number says.
_DEEDS = {"prop": 38, "tool": 36, "chat": 12, "ride": 6, "harm": 4, "order": 3, "admin": 1}


@dataclass(slots=True)
class _Builder:
    """Somebody, and how they are there right now."""

    person: Player
    address: str
    place: tuple[str, str, str]
    keyed: bool  # whether the server gives their sessions a key
    session: str = ""


@dataclass
class _Now:
    """A minute on the server."""

    start: datetime
    map: str
    online: list[_Builder]
    seconds: dict[int, list[Event]] = field(default_factory=dict)
    _prefix: str = field(init=False)

    def __post_init__(self) -> None:
        self._prefix = f"{self.start:%Y-%m-%dT%H:%M}"

    def add(self, second: int, kind: str, who: Player | None, metadata: Event, **more: Any) -> None:
        """Notes an event; what happens in one second stays in order."""
        event: Event = {
            "type": kind,
            "gameMode": "SANDBOX",
            "timestamp": f"{self._prefix}:{second:02}Z",
            "map": self.map,
            "metadata": metadata,
            **more,
        }
        if who:
            event |= {"steamId": who.steam_id, "playerName": who.name}
        self.seconds.setdefault(second, []).append(event)


@dataclass(frozen=True)
class Sandbox:
    """Invented people on a server. Everything follows from these numbers.

    `pace`: what each of them does in a minute; `crowd`: the share of them who are there when most
    are. Benchmarks take as many `events` as they need: `islice(Sandbox(1, 300).events(…), 10**6)`.
    """

    seed: int
    players: int = 24
    pace: float = 2.0
    crowd: float = 0.6

    @cached_property
    def _builders(self) -> list[_Builder]:
        everybody = make_people(self.seed, self.players, 2)
        rng = Random(f"builders {self.seed}")  # noqa: S311  play
        return [
            _Builder(one, _address(number), rng.choice(_CITIES), number % 2 == 0)
            for number, one in enumerate(everybody)
        ]

    def events(self, start: datetime, end: datetime) -> Iterator[Event]:
        """What happens between two times, in order, as bodies of /api/ingest/logs have it."""
        rng = Random(f"{self} {start.isoformat()}")  # noqa: S311  play
        deeds = _Deeds(rng)
        online: list[_Builder] = []
        minute = start.astimezone(UTC).replace(second=0, microsecond=0)
        number = 0
        while minute < end:
            now = _Now(minute, _MAPS[number // _MAP_MINUTES % len(_MAPS)], online)
            if number and number % _MAP_MINUTES == 0:
                deeds.change_map(now)
            self._come_and_go(now, rng, deeds, number)
            for builder in online:
                for _ in range(int(self.pace * 2 * rng.random() + 0.5)):
                    deeds.something(now, builder)
            for second in sorted(now.seconds):
                yield from now.seconds[second]
            minute += timedelta(minutes=1)
            number += 1
        last = _Now(now.start, now.map, online) if number else None
        while last and online:
            deeds.leave(last, online[0], second=59)
        yield from last.seconds.get(59, ()) if last else ()

    def _come_and_go(self, now: _Now, rng: Random, deeds: _Deeds, number: int) -> None:
        """Lets the server fill up in its first hour, and then some leave and others come."""
        wanted = self.players * self.crowd * min(1.0, (number + 5) / 60)
        idle = [one for one in self._builders if one not in now.online]
        for builder in list(now.online):
            if rng.random() < 1 / 45:
                deeds.leave(now, builder)
        while idle and len(now.online) < wanted and rng.random() < 0.7:
            deeds.join(now, idle.pop(int(rng.random() * len(idle))))


class _Deeds:
    """What can happen; each verb adds its events to a minute."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._verbs: list[Callable[[_Now, _Builder, int], None]] = [
            getattr(self, f"_{name}") for name, times in _DEEDS.items() for _ in range(times)
        ]

    def something(self, now: _Now, who: _Builder) -> None:
        """One thing that somebody does."""
        self._rng.choice(self._verbs)(now, who, 10 + int(self._rng.random() * 45))

    def join(self, now: _Now, who: _Builder) -> None:
        """Somebody connects and appears."""
        second = int(self._rng.random() * 8)
        who.session = f"{who.person.steam_id}@{now.start:%H%M}" if who.keyed else ""
        now.online.append(who)
        self._connect(now, who, second)

    def _connect(self, now: _Now, who: _Builder, second: int) -> None:
        country, city, state = who.place
        metadata = {"ip": who.address, "authType": "steam", "group": "user"}
        geo = {"country": country, "city": city, "state": state}
        more = {"playerCount": float(len(now.online)), **_session(who)}
        now.add(second, "CONNECT", who.person, metadata | {"geo": geo}, **more)
        spawn = {"eventKind": "SPAWN", "hp": 100.0, "armor": 0.0}
        now.add(second + 1, "GAME_EVENT", who.person, spawn)

    def leave(self, now: _Now, who: _Builder, second: int = 9) -> None:
        """Somebody disconnects."""
        now.online.remove(who)
        more = {"playerCount": float(len(now.online)), **_session(who)}
        now.add(second, "DISCONNECT", who.person, {"reason": self._rng.choice(_REASONS)}, **more)

    def change_map(self, now: _Now) -> None:
        """The map changes, and all who are there come in again."""
        now.add(0, "GAME_EVENT", None, {"eventKind": "MAP_CHANGE"})
        for number, who in enumerate(now.online):
            if who.keyed:
                who.session = f"{who.person.steam_id}@{now.start:%H%M}"
            self._connect(now, who, 1 + number % 7)

    def _prop(self, now: _Now, who: _Builder, second: int) -> None:
        kind = self._rng.choice(("PROP", "PROP", "PROP", "PROP", "SENT", "NPC"))
        classes = {"PROP": ("prop_physics",), "SENT": _ENTITIES, "NPC": _CREATURES}[kind]
        metadata: Event = {"spawnKind": kind, "entityClass": self._rng.choice(classes)}
        metadata |= {"entIndex": float(self._index()), "propModel": self._rng.choice(_MODELS)}
        now.add(second, "PROP_SPAWN", who.person, metadata)

    def _tool(self, now: _Now, who: _Builder, second: int) -> None:
        x, y, z = (round(self._rng.uniform(-4000, 4000), 1) for _ in "xyz")
        metadata: Event = {"toolName": self._rng.choice(_TOOLS), "targetClass": "prop_physics"}
        metadata |= {"entIndex": float(self._index()), "propModel": self._rng.choice(_MODELS)}
        metadata |= {"position": {"x": x, "y": y, "z": z}}
        now.add(second, "TOOL_USE", who.person, metadata)

    def _chat(self, now: _Now, who: _Builder, second: int) -> None:
        self._say(now, who, second, self._rng.choice(_WORDS))

    def _say(self, now: _Now, who: _Builder, second: int, message: str) -> None:
        metadata = {
            "message": message,
            "chatScope": "GLOBAL",
            "lifeState": "ALIVE",
            "group": "user",
        }
        now.add(second, "CHAT", who.person, metadata, rawText=f"{who.person.name}: {message}")

    def _order(self, now: _Now, who: _Builder, second: int) -> None:
        """A chat command, which hooks send twice."""
        line = self._rng.choice(_COMMANDS).format(self._rng.choice(now.online).person.name)
        command, *words = line.split()
        now.add(second, "COMMAND", who.person, {"command": command, "args": words}, rawText=line)
        self._say(now, who, second, line)

    def _ride(self, now: _Now, who: _Builder, second: int) -> None:
        car = {"vehicleClass": self._rng.choice(_CARS), "vehicleIndex": float(self._index())}
        now.add(second, "GAME_EVENT", who.person, {"eventKind": "ENTER_VEHICLE", **car})
        if second < 50:
            now.add(second + 4, "GAME_EVENT", who.person, {"eventKind": "LEAVE_VEHICLE", **car})

    def _harm(self, now: _Now, who: _Builder, second: int) -> None:
        victim, attacker = self._rng.choice(now.online).person, who.person
        metadata = {"victimName": victim.name, "victimSteamId": victim.steam_id}
        metadata |= {"attackerName": attacker.name, "attackerSteamId": attacker.steam_id}
        metadata |= {"weapon": self._rng.choice(_WEAPONS)}
        hurt = {"damage": float(self._rng.randrange(5, 100)), "hitgroup": "chest"}
        now.add(second, "DAMAGE", victim, metadata | hurt)
        if self._rng.random() < 0.4:
            now.add(second, "KILL", victim, {"eventKind": "DEATH", **metadata})

    def _admin(self, now: _Now, who: _Builder, second: int) -> None:
        """Staff does something through ULX, whose hook knows no SteamID."""
        target = self._rng.choice(now.online).person
        verb = self._rng.choice(("brought", "froze", "slapped", "teleported to"))
        now.add(second, "ULX", None, {"message": f"{who.person.name} {verb} {target.name}"})

    def _index(self) -> int:
        return int(self._rng.random() * 2048) + 64


def _session(who: _Builder) -> dict[str, str]:
    return {"sessionId": who.session} if who.session else {}


def _address(number: int) -> str:
    """Where somebody connects from: the first two share one, the ninth is near, others are not."""
    if number in (0, 1, 8):
        return f"203.0.113.{9 + number // 8 * 68}:{27005 + number}"
    return f"[2001:db8:{number:x}::1]:27005"
