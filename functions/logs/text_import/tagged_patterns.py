"""Tails: what follows the actor of a TAGGED line, by tag, and the events that it describes.

Every pattern ends within reach of where it began, so that a hostile line of five megabytes costs
no more than any other text of that length.
"""

from __future__ import annotations

import re
from typing import Any

from functions.logs.privacy import ip_addresses
from functions.logs.text_import.log_lines import parse_command

TailEvent = tuple[str, dict[str, Any]]  # the type and metadata of an event

_NUMBER = r"(-?[0-9]{1,30}(?:\.[0-9]{1,30})?)"
_XYZ = rf" @ {_NUMBER} {_NUMBER} {_NUMBER}\Z"
_TOOL = r" *+used (tool|property) '(?>(.{0,256}?)' on )([^ ]++)"

# Whether a tail fits its tag. Cheap, since a line may hold a token every few characters.
_FITS = {
    "CHAT": re.compile(r" *+\[[A-Z_]++(?:/[A-Z_]++)?\](?: |\Z)"),
    "CONNECT": re.compile(
        r" *+(?:authed steamid=[^ ]++ uniqueid=[^ ]++\Z"
        r"|initial spawn ip=[^ ]++\Z|disconnected reason=)"
    ),
    "SPAWN": re.compile(r" *+spawned [^ ]++ [^ ]++(?: model=|\Z)"),
    "TOOLS": re.compile(rf"{_TOOL}(?: model=|{_XYZ}|\Z)"),
    "COMMAND": re.compile(r" *+executed [^ ]"),
    "PLAYER": re.compile(r" *+died to "),
}
_VIA = re.compile(r" *+via ([^ ]++)")

# The parts of a tail that fits: matched once a line.
_CHAT = re.compile(r" *+\[([A-Z_]++)(?:/([A-Z_]++))?\](?: (.*))?")
_AUTHED = re.compile(r" *+authed steamid=([^ ]++) uniqueid=([^ ]++)")
_SPAWNED = re.compile(r" *+spawned ([^ ]++) ([^ ]++)(?: model=(.*))?")
_USED = re.compile(rf"{_TOOL}(?: model=(.*?))?(?:{_XYZ})?")
_ENT = re.compile(r"(.+?)(?:\[([0-9]{1,10})\])?")
_MODEL = re.compile(r" model=([^ ]++)")


def is_tag(tag: str) -> bool:
    """Whether tails of this tag have shapes of their own."""
    return tag in _FITS


def fits(tag: str, rest: str, at: int) -> bool:
    """Whether `rest` from `at` on is a tail of a tag of ours; PLAYER tails need a `via` too."""
    return _FITS[tag].match(rest, at) is not None


def is_via(rest: str, at: int) -> bool:
    """Whether `rest` from `at` on names a weapon."""
    return _VIA.match(rest, at) is not None


def find_attacker(rest: str, at: int) -> int:
    """Where the attacker's name begins in a PLAYER tail that fits at `at`."""
    found = _FITS["PLAYER"].match(rest, at)
    return found.end() if found else at


def parse_tail(tag: str, tail: str, sid: str, group: str) -> list[TailEvent]:
    """The events of a tail that fits its tag, in their order; for KILL see `parse_weapon`."""
    if tag == "CHAT":
        return _chat(tail, group)
    if tag == "CONNECT":
        return [_connect(tail.lstrip(" "), sid, group)]
    if tag == "SPAWN":
        return [_spawn(tail)]
    if tag == "TOOLS":
        return [_tool(tail)]
    return [_command(tail.lstrip(" "))]


def parse_weapon(tail: str) -> dict[str, Any]:
    """The weapon, and the model of a prop, that a tail after the attacker names."""
    found = _VIA.match(tail)
    if found is None:
        return {}
    model = _MODEL.search(tail, found.end())
    return _given(weapon=found[1], propModel=model and model[1])


def _chat(tail: str, group: str) -> list[TailEvent]:
    found = _CHAT.fullmatch(tail)
    scope, life, message = found.groups() if found else (None, None, None)
    metadata = {"message": message or ""} | _given(chatScope=scope, lifeState=life, group=group)
    command = parse_command(message or "")
    return [*([("COMMAND", command)] if command else []), ("CHAT", metadata)]


def _connect(tail: str, sid: str, group: str) -> TailEvent:
    authed = _AUTHED.fullmatch(tail)
    if authed:
        other = {"ambiguous": True} if authed[1] != sid else {}
        metadata = {"eventKind": "AUTH", "uniqueId": authed[2]} | _given(group=group)
        return "GAME_EVENT", metadata | other
    kind, _, value = tail.partition("=")
    if kind == "disconnected reason":
        return "DISCONNECT", {"reason": value}
    ip, port = ip_addresses.split_port(value) or (None, None)
    return "CONNECT", _given(ip=ip, port=port, authType="steam", group=group)


def _spawn(tail: str) -> TailEvent:
    found = _SPAWNED.fullmatch(tail)
    kind, ent, model = found.groups() if found else (None, "", None)
    name, index = _ent(ent)
    return "PROP_SPAWN", _given(spawnKind=kind, entityClass=name, entIndex=index, propModel=model)


def _tool(tail: str) -> TailEvent:
    found = _USED.fullmatch(tail)
    usage, tool, ent, model, *xyz = found.groups() if found else (None,) * 7
    target, index = _ent(ent or "")
    position = dict(zip("xyz", map(_number, xyz), strict=True)) if xyz[0] else None
    return "TOOL_USE", _given(
        toolName=tool,
        targetClass=target,
        entIndex=index,
        propModel=model,
        position=position,
        usage=usage,
    )


def _command(tail: str) -> TailEvent:
    command = tail.removeprefix("executed ")
    words: list[str] = []
    command, opened, raw = command.partition(" raw=[") if command[-1:] == "]" else (command, "", "")
    if opened:
        words = raw[:-1].split()
    name, _, permission = command.partition(" perm=")
    return "COMMAND", {"command": name, "args": words[1:]} | _given(perm=permission)


def _ent(text: str) -> tuple[str, int | None]:
    """`prop_physics[12]` as its class and its index."""
    found = _ENT.fullmatch(text)
    name, index = found.groups() if found else (text, None)
    return name, None if index is None else int(index)


def _number(text: Any) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _given(**parts: Any) -> dict[str, Any]:
    """The parts that the line names: an empty one is as good as none."""
    return {key: value for key, value in parts.items() if value not in (None, "")}
