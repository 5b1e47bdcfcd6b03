"""What free text of a ULX log says: somebody talks or somebody dies, among names of any shape.

A name may hold a colon and a message the words of a kill. The names that joined or left in the
same log decide; without one of them, what comes first does.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from functions.logs.lines import MAX_NAME


class Chat(NamedTuple):
    """Somebody says something to `scope`: GLOBAL, TEAM, ADMINS or TSAY."""

    scope: str
    name: str
    message: str


class Kill(NamedTuple):
    """Somebody dies; a suicide's attacker is `world`."""

    attacker: str
    victim: str
    weapon: str


Said = Chat | Kill

_SCOPES = (("TEAM", "(TEAM) ", ": "), ("TSAY", "(tsay from ", ") "), ("ADMINS", "", " to admins: "))
_KILLED, _USING, _SUICIDED = " killed ", " using ", " suicided!"


def read(text: str, names: Container[str]) -> Said | None:
    """Who says or does what, where `names` are known players; None for neither."""
    return _by_names(text, names) or _by_place(text)


def _by_names(text: str, names: Container[str]) -> Said | None:
    """The reading whose names are all known, that of the longest name if there are several."""
    for scope, prefix, separator in _SCOPES:
        if text.startswith(prefix):
            for name, message in _names(text, len(prefix), separator, names):
                return Chat(scope, name, message)
    found: list[tuple[int, Said]] = []
    if text.endswith(_SUICIDED) and text.removesuffix(_SUICIDED) in names:
        found.append((len(text), _suicide(text)))
    for attacker, rest in _names(text, 0, _KILLED, names):
        for victim, weapon in _names(rest, 0, _USING, names):
            found.append((len(attacker), Kill(attacker, victim, weapon)))
            break
    for name, message in _names(text, 0, ": ", names):
        found.append((len(name), Chat("GLOBAL", name, message)))
        break
    return max(found, key=lambda one: one[0])[1] if found else None


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


def _by_place(text: str) -> Said | None:
    colon = text.find(": ")
    for scope, prefix, separator in _SCOPES:
        at = text.find(separator, len(prefix))
        if text.startswith(prefix) and at >= 0 and (scope == "TSAY" or at <= colon):
            return Chat(scope, text[len(prefix) : at], text[at + len(separator) :])
    killed = text.find(_KILLED)
    using = text.rfind(_USING)
    if killed >= 0 and killed + len(_KILLED) <= using and not 0 <= colon < killed:
        weapon = text[using + len(_USING) :]
        return Kill(text[:killed], text[killed + len(_KILLED) : using], weapon)
    if text.endswith(_SUICIDED) and colon < 0:
        return _suicide(text)
    if colon >= 0:
        return Chat("GLOBAL", text[:colon], text[colon + 2 :])
    return None


def _suicide(text: str) -> Kill:
    return Kill("world", text.removesuffix(_SUICIDED), "suicide")
