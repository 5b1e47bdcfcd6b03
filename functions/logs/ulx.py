"""ULX logs: `[HH:MM:SS] ` and free text in which players have names but no SteamIDs.

The first pass learns from joins and leaves who bears which name; the second reads the events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from functions.logs import steam, talk
from functions.logs.lines import Line, Told, Unread, command, told, unread

_SPAWNED = re.compile(
    r'Client "(.*)" spawned in server ?<([^<>]*+)>(?: \(took [0-9.]++ seconds?\))?\.?'
)
_DROPPED = re.compile(r'Dropped "(.*)" from server ?<([^<>]*+)>(.*)')
_CONNECTED = re.compile(r'Client "(.*)" connected\.?')
_CYCLE = re.compile(r"server is (?:shutting down|changing levels)", re.IGNORECASE)
_FRAME = "<Logging continued"  # how the first and the last line of a day begin


@dataclass
class _Log:
    """What is known at one line of a log: names from all of it, the rest from the lines before."""

    accounts: dict[str, set[str]]  # name: the SteamIDs that bear it, not always a known one
    latest: dict[str, str] = field(default_factory=dict)  # who spawned last under a name
    sessions: dict[str, str] = field(default_factory=dict)  # SteamID or name: the open session
    map: str | None = None

    def sid(self, name: str) -> str | None:
        """Whose name it is, if only one can be meant."""
        found = self.accounts.get(name, set())
        return next(iter(found)) if len(found) == 1 else self.latest.get(name)


def read(lines: Iterable[Line]) -> tuple[list[Told], list[Unread]]:
    """The events of a log, and the lines without a time, both in the order of the lines."""
    kept = list(lines)
    log = _Log(_accounts(kept))
    events: list[Told] = []
    errors: list[Unread] = []
    for line in kept:
        if line.timed and line.text:
            events += _events(line, log)
        elif not line.whole.startswith(_FRAME):
            errors.append(unread(line))
    return events, errors


def _accounts(lines: list[Line]) -> dict[str, set[str]]:
    """The roster: each name of a join or leave, and the accounts that bore it."""
    accounts: dict[str, set[str]] = {}
    for line in lines:
        found = line.timed and (_SPAWNED.fullmatch(line.text) or _DROPPED.fullmatch(line.text))
        if found:
            account = {found[2]} if found[2] == "BOT" or steam.is_real(found[2]) else set()
            accounts.setdefault(found[1], set()).update(account)
    return accounts


def _events(line: Line, log: _Log) -> list[Told]:
    text = line.text
    if text.startswith("New map: "):
        log.map = text.removeprefix("New map: ").strip()
        return [told(line, "GAME_EVENT", {"eventKind": "MAP_CHANGE"}, map=log.map)]
    if _CYCLE.match(text):
        return [told(line, "GAME_EVENT", {"eventKind": "MAP_CYCLE_END"}, map=log.map)]
    if text.startswith(('Client "', 'Dropped "')):
        joined = _joined(line, log)
        if joined is not None:
            return joined
    said = talk.read(text, log.accounts)
    if isinstance(said, talk.Chat):
        return _chat(line, log, said)
    if isinstance(said, talk.Kill):
        return [_kill(line, log, said)]
    return [told(line, "ULX", {"message": text}, map=log.map)]


def _joined(line: Line, log: _Log) -> list[Told] | None:
    """The event of a join or leave, which may be none; None for other texts."""
    if found := _CONNECTED.fullmatch(line.text):
        name = found[1]
        sid = log.sid(name)
        who = sid if sid and sid != "BOT" else name  # bots share theirs
        session = log.sessions[who] = f"legacy:{who[:64]}:{line.at}"
        fields = {"steamId": sid, "playerName": name, "sessionId": session, "map": log.map}
        return [told(line, "CONNECT", {}, **fields)]
    if found := _SPAWNED.fullmatch(line.text):
        if found[2] in log.accounts.get(found[1], ()):
            log.latest[found[1]] = found[2]
        return []
    if found := _DROPPED.fullmatch(line.text):
        name, sid, why = found[1], found[2], found[3].strip()
        log.latest.pop(name, None)
        session = log.sessions.pop(sid, "") or log.sessions.pop(name, "")
        fields = {"steamId": sid, "playerName": name, "sessionId": session, "map": log.map}
        return [told(line, "DISCONNECT", {"reason": why} if why else {}, **fields)]
    return None


def _chat(line: Line, log: _Log, said: talk.Chat) -> list[Told]:
    fields = {"steamId": log.sid(said.name), "playerName": said.name, "map": log.map}
    ordered = command(said.message) if said.scope == "GLOBAL" else None
    chat = told(line, "CHAT", {"message": said.message, "chatScope": said.scope}, **fields)
    return [told(line, "COMMAND", ordered, **fields), chat] if ordered else [chat]


def _kill(line: Line, log: _Log, said: talk.Kill) -> Told:
    sid = log.sid(said.victim)
    metadata: dict[str, Any] = {
        "eventKind": "DEATH",
        "attackerName": said.attacker,
        "attackerSteamId": log.sid(said.attacker),
        "victimName": said.victim,
        "victimSteamId": sid,
        "weapon": said.weapon,
    }
    return told(line, "KILL", metadata, steamId=sid, playerName=said.victim, map=log.map)
