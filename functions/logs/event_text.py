"""Descriptions: what is read of an event that was sent without a rawText.

Made on reading, so that no search and no filter of rawText meets what nobody wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Metadata = dict[str, Any]
_MAX_LENGTH = 1_000  # characters of one part
# Of a GAME_EVENT by its kind: what is read at least, and with the metadata of these names.
_KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "SPAWN": ("spawned", "", ()),
    "AUTH": ("authenticated", "", ()),
    "TEAM_CHANGE": ("changed team", "changed team from {} to {}", ("fromTeam", "toTeam")),
    "ENTER_VEHICLE": ("entered a vehicle", "entered vehicle {}", ("vehicleClass",)),
    "LEAVE_VEHICLE": ("left a vehicle", "left vehicle {}", ("vehicleClass",)),
    "MAP_CHANGE": ("map changed", "map changed to {}", ("map",)),
    "MAP_CYCLE_END": ("map ended", "map {} ended", ("map",)),
    "NAME_CHANGE": ("changed name", "changed name from {} to {}", ("from", "to")),
}


def describe(kind: str, name: str | None, metadata: Metadata) -> str:
    """A sentence about an event of a type; `name`: its player's. Never empty.

    The type's name where nothing is known.
    """
    build = _BY_TYPE.get(kind)
    return (build(name, metadata) if build else None) or kind


def _word(value: Any) -> str:
    """A text or a number as it is read, and nothing for any other value."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:_MAX_LENGTH]


def _words(metadata: Metadata, *names: str) -> list[str]:
    """What the metadata says under some names; unknown ones are left out."""
    return [word for name in names if (word := _word(metadata.get(name)))]


def _first(metadata: Metadata, *names: str) -> str:
    return next(iter(_words(metadata, *names)), "")


def _chat(_: str | None, metadata: Metadata) -> str:
    return _first(metadata, "message")


def _disconnect(_: str | None, metadata: Metadata) -> str:
    reason = _first(metadata, "reason")
    return f"disconnected ({reason})" if reason else "disconnected"


def _spawn(_: str | None, metadata: Metadata) -> str:
    kind, what = _first(metadata, "spawnKind"), _first(metadata, "entityClass", "propModel")
    return " ".join(filter(None, ("spawned", kind, what))) if kind or what else ""


def _tool(_: str | None, metadata: Metadata) -> str:
    tool, target = _first(metadata, "toolName"), _first(metadata, "targetClass", "propModel")
    if not tool:
        return f"used a tool on {target}" if target else ""
    return f"used tool '{tool}' on {target}" if target else f"used tool '{tool}'"


def _people(name: str | None, metadata: Metadata) -> tuple[str, str]:
    """The victim and the attacker, "" for whom nobody knows."""
    victim = _first(metadata, "victimName", "victimSteamId") or _word(name)
    return victim, _first(metadata, "attackerName", "attackerSteamId")


def _kill(name: str | None, metadata: Metadata) -> str:
    victim, attacker = _people(name, metadata)
    if not victim and not attacker:
        return ""
    weapon = _first(metadata, "weapon")
    sids = [metadata.get(f"{part}SteamId") for part in ("victim", "attacker")]
    if attacker == victim and sids[0] == sids[1]:
        return f"{victim} suicided"
    sentence = f"{victim or 'somebody'} was killed"
    sentence += f" by {attacker}" if attacker else ""
    return f"{sentence} with {weapon}" if weapon else sentence


def _damage(name: str | None, metadata: Metadata) -> str:
    victim, attacker = _people(name, metadata)
    if not victim and not attacker:
        return ""
    amount, weapon = _first(metadata, "damage"), _first(metadata, "weapon")
    sentence = f"{victim or 'somebody'} took {amount}{' ' if amount else ''}damage"
    sentence += f" from {attacker}" if attacker else ""
    return f"{sentence} with {weapon}" if weapon else sentence


def _command(_: str | None, metadata: Metadata) -> str:
    message = _first(metadata, "message")
    if message:
        return message
    words = _words(metadata, "command")
    for name in ("args", "argsRaw"):
        args = metadata.get(name)
        words += filter(None, map(_word, args if isinstance(args, list) else [args]))
    return " ".join(words)[:_MAX_LENGTH]


def _game_event(_: str | None, metadata: Metadata) -> str:
    kind = _first(metadata, "eventKind")
    least, sentence, names = _KINDS.get(kind.upper(), (kind, "", ()))
    words = _words(metadata, *names)
    return sentence.format(*words) if words and len(words) == len(names) else least


def _round(verb: str) -> Callable[[str | None, Metadata], str]:
    def describe_round(_: str | None, metadata: Metadata) -> str:
        number = _first(metadata, "roundNumber")
        winner = _first(metadata, "winner", "result") if verb == "ended" else ""
        sentence = f"round {number} {verb}" if number else f"round {verb}"
        return f"{sentence}: {winner}" if winner else sentence

    return describe_round


_BY_TYPE: dict[str, Callable[[str | None, Metadata], str]] = {
    "CHAT": _chat,
    "CONNECT": lambda *_: "connected",
    "DISCONNECT": _disconnect,
    "PROP_SPAWN": _spawn,
    "TOOL_USE": _tool,
    "GAME_EVENT": _game_event,
    "KILL": _kill,
    "DAMAGE": _damage,
    "COMMAND": _command,
    "ULX": _command,
    "ROUND_START": _round("started"),
    "ROUND_END": _round("ended"),
}
