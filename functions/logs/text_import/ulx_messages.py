"""Messages of a ULX log: somebody talks, dies, spawns something or takes a new name.

A name may hold a colon and a message the words of a kill. The names that joined or left in the
same log decide; without one of them, what comes first does. ULX's own format strings are those of
`lua/ulx/log.lua` and `lua/ulx/modules/`; what none of these readings fits is an admin's action.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import NamedTuple

from functions.logs.coerce import MAX_NAME


class Chat(NamedTuple):
    """Somebody says something to `scope`: GLOBAL, TEAM, ADMINS, TSAY, or PRIVATE to a target."""

    scope: str
    name: str
    message: str
    target: str | None = None


class Kill(NamedTuple):
    """Somebody dies; the attacker is a player or the class of an entity."""

    attacker: str
    victim: str
    weapon: str | None


class Spawn(NamedTuple):
    """Somebody spawns a model, ragdoll, effect, vehicle, sent or npc of some model or class."""

    name: str
    steam_id: str
    kind: str
    what: str


class Rename(NamedTuple):
    """Somebody takes a new name."""

    name: str
    steam_id: str
    new_name: str


class Action(NamedTuple):
    """A known player whose name holds a colon does something that only ULX's sentence tells."""

    name: str


Message = Chat | Kill | Spawn | Rename | Action

_SCOPES = (("TEAM", "(TEAM) ", ": "), ("TSAY", "(tsay from ", ") "), ("ADMINS", "", " to admins: "))
_ACTS = "*** "  # what `/me` begins with: nobody's name, and logged again as it was typed
_KILLED, _USING, _SUICIDED = " killed ", " using ", " suicided!"
_WAS_KILLED, _TO, _SAYS = " was killed by ", " to ", ": "
# Only ULX writes a SteamID behind a name.
_ACCOUNT_MESSAGE = re.compile(
    r"<([^<>]{1,64})> (?:"
    r"spawned (model|ragdoll|effect|vehicle|sent|npc) (.+)|changed their name to (.*))",
    re.IGNORECASE,
)
_CLASS = re.compile(r"[^ ]++")


def parse(text: str, names: Container[str]) -> Message | None:
    """Who says or does what, where `names` are known players; None for neither."""
    return _by_names(text, names) or _by_position(text)


def parse_account_message(text: str, names: Container[str]) -> Spawn | Rename | None:
    """The message with a name and its SteamID, unless a player can have written it.

    A player's words follow a name and a colon, a sign of ULX's, or a bracket.
    """
    first = None
    for message in _account_messages(text):
        if message.name in names:
            return message
        first = first or message
    if first is None or _SAYS in first.name or first.name.startswith(("(", _ACTS)):
        return None
    return first


def _by_names(text: str, names: Container[str]) -> Message | None:
    """The reading whose names are all known, that of the longest name if there are several."""
    for scope, prefix, separator in _SCOPES:
        if text.startswith(prefix):
            for name, message in _names(text, len(prefix), separator, names):
                return Chat(scope, name, message)
    readings: list[tuple[str, Message]] = [*_kills(text, names), *_chats(text, names)]
    readings += (
        (message.name, message) for message in _account_messages(text) if message.name in names
    )
    if readings:  # else there is nothing that the sentence could be taken for
        acting = (name for name, _ in _names(text, 0, " ", names) if _SAYS in name)
        readings += ((name, Action(name)) for name in acting)
    return max(readings, key=lambda reading: len(reading[0]))[1] if readings else None


def _kills(text: str, names: Container[str]) -> Iterator[tuple[str, Kill]]:
    """The possible deaths of known players in a text, each with the name that it begins with."""
    if text.endswith(_SUICIDED) and text.removesuffix(_SUICIDED) in names:
        yield text.removesuffix(_SUICIDED), _suicide(text)
    for attacker, rest in _names(text, 0, _KILLED, names):
        for victim, weapon in _names(rest, 0, _USING, names):
            yield attacker, Kill(attacker, victim, weapon)
            break
        if rest in names:
            yield attacker, Kill(attacker, rest, None)
    for victim, attacker in _names(text, 0, _WAS_KILLED, names):
        if attacker in names or _CLASS.fullmatch(attacker):
            yield victim, Kill(attacker, victim, None)


def _chats(text: str, names: Container[str]) -> Iterator[tuple[str, Chat]]:
    """What known players may say in a text, each with the name that it begins with."""
    for name, rest in _names(text, 0, _TO, names):
        for target, message in _names(rest, 0, _SAYS, names):
            yield name, Chat("PRIVATE", name, message, target)
            break
    for name, message in _names(text, 0, _SAYS, names):
        yield name, Chat("GLOBAL", name, message)
        break


def _names(
    text: str, begin: int, separator: str, names: Container[str]
) -> Iterator[tuple[str, str]]:
    """Each known name from `begin` to a separator, the longest first, and what follows."""
    most = begin + MAX_NAME + len(separator)
    at = text.rfind(separator, begin, most)
    while at >= 0:
        if text[begin:at] in names:
            yield text[begin:at], text[at + len(separator) :]
        at = text.rfind(separator, begin, at + len(separator) - 1)


def _account_messages(text: str) -> Iterator[Spawn | Rename]:
    """The messages of a text by each name that a SteamID may follow."""
    at = text.find("<", 0, MAX_NAME + 1)
    while at >= 0:
        found = _ACCOUNT_MESSAGE.match(text, at)
        if found:
            steam_id, kind, what, new_name = found.groups()
            if kind:
                yield Spawn(text[:at], steam_id, kind.lower(), what)
            else:
                yield Rename(text[:at], steam_id, new_name)
        at = text.find("<", at + 1, MAX_NAME + 1)


def _by_position(text: str) -> Message | None:
    colon = text.find(_SAYS)
    for scope, prefix, separator in _SCOPES:
        at = text.find(separator, len(prefix))
        if text.startswith(prefix) and at >= 0 and (scope == "TSAY" or at <= colon):
            name, message = text[len(prefix) : at], text[at + len(separator) :]
            return None if name.startswith(_ACTS) else Chat(scope, name, message)
    return parse_account_message(text, ()) or _killed(text, colon)


def _killed(text: str, colon: int) -> Kill | None:
    """A death among strangers; behind a colon it is what somebody says."""
    victim, was_killed, attacker = text.partition(_WAS_KILLED)
    if was_killed:
        return None if 0 <= colon < len(victim) else Kill(attacker, victim, None)
    if 0 <= colon < text.find(_KILLED):
        return None
    attacker, killed, rest = text.partition(_KILLED)
    if killed:
        victim, using, weapon = rest.rpartition(_USING)
        return Kill(attacker, victim, weapon) if using else Kill(attacker, rest, None)
    return _suicide(text) if text.endswith(_SUICIDED) and colon < 0 else None


def _suicide(text: str) -> Kill:
    """As the live hook has it: who kills themselves is their own attacker."""
    name = text.removesuffix(_SUICIDED)
    return Kill(name, name, "suicide")
