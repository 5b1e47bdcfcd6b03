"""What GMod servers log, to measure logs on: derived from numbers, so that every run has the same.

As the hooks send it: who speaks, orders or kills comes with a text, and most else with none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

Sent = dict[str, Any]  # an event
_PEOPLE = 50_000
_WORDS = 30_000
_COMMON = (
    *("oi", "de", "o", "que", "a", "nao", "e", "um", "pra", "tem", "eu", "vc", "mano", "kkk"),
    *("base", "prop", "admin", "server", "lag", "build", "help", "nice", "bora", "quem", "casa"),
    *("carro", "arma", "ban", "spawn", "mapa", "obrigado", "amigo", "porta", "noob", "morri"),
)
_STARTS = ("b", "br", "c", "d", "dr", "f", "g", "gl", "k", "l", "m", "n", "p", "pr", "r", "s", "st")
_VOWELS = ("a", "ai", "e", "i", "o", "ou", "u", "ã", "é")
_ENDS = ("", "", "n", "r", "s", "l", "x", "z")
_DECORATIONS = ("{}", "{}", "{}", "{}_", "[BR] {}", "{}.tv", "xX{}Xx", "{} ☭", "{}2011", "Doom {}")
MAPS = ("gm_construct", "gm_flatgrass", "rp_downtown_v4", "gm_bigcity", "gm_fork", "gm_genesis")
_CLASSES = ("prop_physics", "prop_dynamic", "item_healthkit", "npc_zombie", "gmod_wheel")
_FOLDERS = ("props_phx", "hunter/plates", "props_c17", "props_junk", "props_lab", "items")
_TOOLS = (
    "material",
    "weld",
    "remover",
    "colour",
    "axis",
    "wheel",
    "rope",
    "thruster",
    "duplicator",
)
_WEAPONS = ("weapon_physcannon", "weapon_crowbar", "weapon_smg1", "weapon_357", "prop_physics")
_COMMANDS = ("!menu", "!goto", "!home", "!rules", "/me", "!vote", "!spectate")
_SCOPES = ("GLOBAL", "GLOBAL", "GLOBAL", "TEAM", "LOCAL")


def events(number: int, start: datetime, length: timedelta, count: int = 1000) -> list[Sent]:
    """As many events from a moment on, in order of time; of another number others."""
    random = Random(number)
    offsets = sorted(random.random() for _ in range(count))
    map_, players = MAPS[number // 50 % len(MAPS)], random.randint(4, 40)
    sent = []
    for offset in offsets:
        kind, text, told = random.choices(_MAKERS, cum_weights=_LIKELY)[0](random)
        who = _anybody(random)
        event = {
            "type": kind,
            "timestamp": f"{(start + length * offset).isoformat()[:19]}Z",
            "steamId": steam_id(who),
            "playerName": name(who),
            "metadata": told,
            "sessionId": f"s{who}-{number // 8}",
            "map": map_,
            "playerCount": float(players),
        }
        if text:
            event["rawText"] = f"{name(who)}{text}"
        sent.append(event)
    return sent


def steam_id(person: int) -> str:
    """Of one of the people, the lower the number the more often met."""
    return f"STEAM_0:{person % 2}:{10_000_000 + person * 7919}"


@cache
def name(person: int) -> str:
    """What one of the people is called."""
    random = Random(f"name {person}")
    return random.choice(_DECORATIONS).format(_word(random).capitalize() + _word(random))


@cache
def word(rank: int) -> str:
    """What people say: the word of a rank is said about that many times less than the first."""
    return _COMMON[rank] if rank < len(_COMMON) else _word(Random(f"word {rank}"), 3)


def said(random: Random, most: int = 9) -> str:
    """What somebody may say, in at most so many words."""
    return " ".join(
        word(int(_WORDS ** random.random()) - 1) for _ in range(random.randint(1, most))
    )


def _word(random: Random, syllables: int = 2) -> str:
    return "".join(
        random.choice(_STARTS) + random.choice(_VOWELS) + random.choice(_ENDS)
        for _ in range(random.randint(1, syllables))
    )


def _anybody(random: Random) -> int:
    return int(_PEOPLE * random.random() ** 3)


def _model(random: Random) -> str:
    folder = random.choice(_FOLDERS)
    return f"models/{folder}/{word(40 + int(800 * random.random() ** 2))}.mdl"


def _chat(random: Random) -> tuple[str, str, Sent]:
    words = said(random)
    told = {"message": words, "chatScope": random.choice(_SCOPES), "lifeState": "ALIVE"}
    return "CHAT", f": {words}", told | {"group": "user"}


def _connect(random: Random) -> tuple[str, str, Sent]:
    host = random.randrange(1 << 16)
    told = {"ip": f"203.0.{host >> 8}.{host & 255}", "port": 27005.0, "authType": "steam"}
    return "CONNECT", "", told | {"group": "user"}


def _disconnect(random: Random) -> tuple[str, str, Sent]:
    return "DISCONNECT", "", {"reason": "Disconnect by user."}


def _spawn(random: Random) -> tuple[str, str, Sent]:
    told = {"spawnKind": random.choice(("PROP", "PROP", "SENT", "NPC"))}
    return "PROP_SPAWN", "", told | _entity(random)


def _tool(random: Random) -> tuple[str, str, Sent]:
    entity = _entity(random)
    entity["targetClass"] = entity.pop("entityClass")
    position = {axis: round(random.uniform(-9999, 9999), 1) for axis in "xyz"}
    return "TOOL_USE", "", {"toolName": random.choice(_TOOLS), "position": position, **entity}


def _entity(random: Random) -> Sent:
    return {
        "entityClass": random.choice(_CLASSES),
        "entIndex": float(random.randrange(2048)),
        "propModel": _model(random),
    }


def _fight(random: Random) -> tuple[int, str, Sent]:
    attacker, victim = _anybody(random), _anybody(random)
    weapon = random.choice(_WEAPONS)
    told = {
        "attackerName": name(attacker),
        "attackerSteamId": steam_id(attacker),
        "victimName": name(victim),
        "victimSteamId": steam_id(victim),
        "weapon": weapon,
    }
    return attacker, weapon, told


def _kill(random: Random) -> tuple[str, str, Sent]:
    attacker, weapon, told = _fight(random)
    return "KILL", f" was killed by {name(attacker)} using {weapon}", told | {"eventKind": "DEATH"}


def _damage(random: Random) -> tuple[str, str, Sent]:
    _, _, told = _fight(random)
    return "DAMAGE", "", told | {"damage": float(random.randint(1, 120)), "hitgroup": 2.0}


def _move(random: Random) -> tuple[str, str, Sent]:
    kind = random.choice(("SPAWN", "SPAWN", "ENTER_VEHICLE", "LEAVE_VEHICLE"))
    if kind == "SPAWN":
        return "GAME_EVENT", "", {"eventKind": kind, "hp": 100.0, "armor": 0.0}
    vehicle = {"vehicleIndex": float(random.randrange(2048)), "seat": 0.0}
    return "GAME_EVENT", "", {"eventKind": kind, "vehicleModel": _model(random), **vehicle}


def _command(random: Random) -> tuple[str, str, Sent]:
    command, words = random.choice(_COMMANDS), said(random, 3)
    return "COMMAND", f": {command} {words}", {"command": command, "args": words.split()}


def _order(random: Random) -> tuple[str, str, Sent]:
    target, words = _anybody(random), said(random, 4)
    told = {"targetSteamId": steam_id(target), "targetName": name(target)}
    order = {"command": "!kick", "args": [name(target), words]}
    return "ULX", f" kicked {name(target)} ({words})", order | told


_SHARES: dict[Callable[[Random], tuple[str, str, Sent]], int] = {
    _spawn: 260,
    _chat: 190,
    _tool: 160,
    _damage: 140,
    _move: 90,
    _kill: 70,
    _command: 40,
    _connect: 20,
    _disconnect: 20,
    _order: 5,
}
_MAKERS = list(_SHARES)
_LIKELY = list(accumulate(_SHARES.values()))
