"""Who bears which name in a ULX log: its lines name a SteamID only where somebody comes or goes.

A name of one account is that account's all along. One of several is whose account is there alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from functions.logs import steam_ids
from functions.logs.text_import import ulx_messages
from functions.logs.text_import.log_lines import Line

# Until 2013 ULX wrote addresses too, and until 2014 not how long joining took.
_CONNECTED = re.compile(r'Client "(.*)" connected(?: \(([^()]*+)\))?\.?')
_SPAWNED = re.compile(
    r'Client "(.*)" spawned in server ?(?:\(([^()]*+)\))?<([^<>]*+)>'
    r"(?: \(took [0-9.]++ seconds?\))?\.?"
)
_DROPPED = re.compile(r'Dropped "(.*)" from server ?<([^<>]*+)>(.*)')


class Visit(NamedTuple):
    """Somebody joins (`connected`), is there (`spawned`) or goes (`dropped`).

    `more`: where from, if the line tells it, or why they went. The SteamID of who joins is unknown.
    """

    step: str
    name: str
    steam_id: str
    more: str


def parse_visit(text: str) -> Visit | None:
    """What a text says of somebody's coming and going."""
    if found := _CONNECTED.fullmatch(text):
        return Visit("connected", found[1], "", found[2] or "")
    if found := _SPAWNED.fullmatch(text):
        return Visit("spawned", found[1], found[3], found[2] or "")
    if found := _DROPPED.fullmatch(text):
        return Visit("dropped", found[1], found[2], found[3].strip())
    return None


@dataclass
class Roster:
    """The names of a whole log, and who is there at one line of it.

    `lost`: the numbers of the lines at which somebody joined who never was there.
    """

    accounts: dict[str, set[str]] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    _there: dict[str, list[str]] = field(default_factory=dict)

    def steam_id(self, name: str) -> str | None:
        """Whose name it is, if only one can be meant: of two who are there, neither."""
        found = self.accounts.get(name, set())
        if len(found) != 1:
            found = set(self._there.get(name, ()))
        return next(iter(found)) if len(found) == 1 else None

    def come(self, name: str, steam_id: str) -> None:
        """Somebody is there from now on."""
        if steam_id in self.accounts.get(name, ()):
            self._there.setdefault(name, []).append(steam_id)

    def go(self, name: str, steam_id: str) -> None:
        """Somebody is not there any more."""
        there = self._there.get(name, [])
        if steam_id in there:
            there.remove(steam_id)

    def clear(self) -> None:
        """Nobody is there: after a change of the map everybody comes in again."""
        self._there.clear()

    def add(self, name: str, steam_id: str) -> None:
        """Somebody bears a name; whom an unreal SteamID means nobody knows."""
        known = self.accounts.setdefault(name, set())
        if steam_id == "BOT" or steam_ids.is_real(steam_id):
            known.add(steam_id)


def build_roster(lines: Iterable[Line]) -> Roster:
    """The roster of a log, with nobody there."""
    roster = Roster()
    others: list[str] = []
    joining: dict[str, list[int]] = {}
    there: set[tuple[str, str]] = set()
    for line in lines:
        one = parse_visit(line.text) if line.timed else None
        if one is None:
            others += [line.text] if line.timed and "<" in line.text else []
        elif one.step == "connected":
            joining.setdefault(one.name, []).append(line.number)
        else:
            roster.add(one.name, one.steam_id)
            waiting = joining.get(one.name)
            if one.step == "spawned":
                there.add(one[1:3])
                if waiting:
                    waiting.pop()
            elif one[1:3] in there:
                there.remove(one[1:3])
            elif waiting:
                roster.lost.add(waiting.pop())
    for text in others:
        said = ulx_messages.parse_account_message(text, roster.accounts)
        if said:
            roster.add(said.name, said.steam_id)
        if isinstance(said, ulx_messages.Rename):
            roster.add(said.new_name, said.steam_id)
    return roster
