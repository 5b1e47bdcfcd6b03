"""Names of a ULX log and their SteamIDs, which only lines of joins, leaves and renames hold.

A name that one account has is that account's in the whole log. One that several have is that of the
only one who is connected.
"""

from __future__ import annotations

import re
from collections import Counter
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


class Connection(NamedTuple):
    """Somebody joins (`connected`), is in the game (`spawned`) or leaves (`dropped`).

    `detail`: the address, if the line has it, or the reason of leaving. A `connected`
    line has no SteamID.
    """

    step: str
    name: str
    steam_id: str
    detail: str


def parse_connection(text: str) -> Connection | None:
    """The join or leave that a text describes."""
    if found := _CONNECTED.fullmatch(text):
        return Connection("connected", found[1], "", found[2] or "")
    if found := _SPAWNED.fullmatch(text):
        return Connection("spawned", found[1], found[3], found[2] or "")
    if found := _DROPPED.fullmatch(text):
        return Connection("dropped", found[1], found[2], found[3].strip())
    return None


@dataclass
class Roster:
    """The names of a whole log, and who is connected at one line of it.

    `unspawned`: the numbers of lines at which somebody joined who never spawned.
    """

    accounts: dict[str, set[str]] = field(default_factory=dict)
    unspawned: set[int] = field(default_factory=set)
    _connected: dict[str, Counter[str]] = field(default_factory=dict)

    def find_steam_id(self, name: str) -> str | None:
        """Whose name it is; None if two who are connected have it."""
        found = self.accounts.get(name, set())
        if len(found) == 1:
            return next(iter(found))
        there = self._connected.get(name) or Counter()
        return next(iter(there)) if len(there) == 1 else None

    def connect(self, name: str, steam_id: str) -> None:
        """Somebody is connected from now on."""
        if steam_id in self.accounts.get(name, ()):
            self._connected.setdefault(name, Counter())[steam_id] += 1

    def disconnect(self, name: str, steam_id: str) -> None:
        """Somebody is no longer connected."""
        there = self._connected.get(name, Counter())
        if there[steam_id] > 1:
            there[steam_id] -= 1
        else:
            del there[steam_id]  # a Counter takes what it does not hold

    def clear(self) -> None:
        """Nobody is connected: after a change of the map everybody joins again."""
        self._connected.clear()

    def add(self, name: str, steam_id: str) -> None:
        """Somebody has a name; an unreal SteamID stands for nobody."""
        known = self.accounts.setdefault(name, set())
        if steam_id == "BOT" or steam_ids.is_real(steam_id):
            known.add(steam_id)


def build_roster(lines: Iterable[Line]) -> Roster:
    """The roster of a log, with nobody connected."""
    roster = Roster()
    others: list[str] = []
    joining: dict[str, list[int]] = {}
    spawned: set[tuple[str, str]] = set()
    for line in lines:
        connection = parse_connection(line.text) if line.timed else None
        if connection is None:
            others += [line.text] if line.timed and "<" in line.text else []
        elif connection.step == "connected":
            joining.setdefault(connection.name, []).append(line.number)
        else:
            roster.add(connection.name, connection.steam_id)
            waiting = joining.get(connection.name)
            if connection.step == "spawned":
                spawned.add(connection[1:3])
                if waiting:
                    waiting.pop()
            elif connection[1:3] in spawned:
                spawned.remove(connection[1:3])
            elif waiting:
                roster.unspawned.add(waiting.pop())
    for text in others:
        message = ulx_messages.parse_account_message(text, roster.accounts)
        if message:
            roster.add(message.name, message.steam_id)
        if isinstance(message, ulx_messages.Rename):
            roster.add(message.new_name, message.steam_id)
    return roster
