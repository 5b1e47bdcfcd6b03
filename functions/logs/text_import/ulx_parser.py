"""ULX logs: `[HH:MM:SS] ` and free text in which players have names but no SteamIDs.

The first pass learns from joins and leaves who bears which name; the second reads the events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from functions.logs import steam_ids
from functions.logs.privacy import ip_addresses
from functions.logs.text_import import roster, ulx_messages
from functions.logs.text_import.log_lines import (
    Line,
    ParsedEvent,
    ParseError,
    parse_command,
    to_error,
    to_event,
)
from functions.logs.text_import.roster import Roster, Visit

_MAP = "New map"  # what a player may be called
_NEW_MAP = re.compile(rf"{_MAP}: ([^ ]++) *+")
_CYCLE = re.compile(
    r"Server is (?:shutting down|changing levels|shutting down/changing levels)\.?",
    re.IGNORECASE,
)
_FRAME = "<Logging continued"  # how the first and the last line of a day begin
_CLASSES = ("sent", "npc")  # kinds of which ULX writes the class; of the others the model


@dataclass
class _Log:
    """What is known at one line of a log: names from all of it, the rest from the lines before."""

    roster: Roster
    sessions: dict[str, str] = field(default_factory=dict)  # SteamID or name: the open session
    map: str | None = None
    is_over: bool = False  # the map: the line before said so

    def to_event(
        self, line: Line, kind: str, metadata: dict[str, Any], **fields: str | None
    ) -> ParsedEvent:
        """An event on the map of this line."""
        return to_event(line, kind, metadata, map=self.map, **fields)


def parse(lines: Iterable[Line]) -> tuple[list[ParsedEvent], list[ParseError]]:
    """The events of a log, and the lines without a time, both in the order of the lines."""
    kept = list(lines)
    log = _Log(roster.build_roster(kept))
    events: list[ParsedEvent] = []
    errors: list[ParseError] = []
    for line in kept:
        if line.timed and line.text:
            events += _events(line, log)
        elif not line.whole.startswith(_FRAME):
            errors.append(to_error(line))
    return events, errors


def _events(line: Line, log: _Log) -> list[ParsedEvent]:
    text, was_over = line.text, log.is_over
    log.is_over = _CYCLE.fullmatch(text) is not None
    if log.is_over:
        return [log.to_event(line, "GAME_EVENT", {"eventKind": "MAP_CYCLE_END"})]
    is_spoken = _MAP in log.roster.accounts and not line.apart and not was_over
    if not is_spoken and (found := _NEW_MAP.fullmatch(text)):
        log.map = found[1]
        log.roster.clear()
        return [log.to_event(line, "GAME_EVENT", {"eventKind": "MAP_CHANGE"})]
    visit = roster.parse_visit(text) if text.startswith(('Client "', 'Dropped "')) else None
    if visit:
        return _visited(line, log, visit)
    said = ulx_messages.parse(text, log.roster.accounts)
    if isinstance(said, ulx_messages.Chat):
        return _chat(line, log, said)
    if isinstance(said, ulx_messages.Kill):
        return [_kill(line, log, said)]
    if isinstance(said, ulx_messages.Spawn):
        return [_spawn(line, log, said)]
    if isinstance(said, ulx_messages.Rename):
        return [_rename(line, log, said)]
    return [log.to_event(line, "ULX", {"message": text})]


def _visited(line: Line, log: _Log, visit: Visit) -> list[ParsedEvent]:
    """A CONNECT where the hook fires, which is when somebody is there, or a DISCONNECT."""
    name, sid = visit.name, visit.steam_id
    who = sid if steam_ids.is_real(sid) else name  # bots share theirs
    if visit.step == "dropped":
        log.roster.go(name, sid)
        session = log.sessions.pop(who, None)
        why = {"reason": visit.more} if visit.more else {}
        fields = {"steamId": sid, "playerName": name, "sessionId": session}
        return [log.to_event(line, "DISCONNECT", why, **fields)]
    ip, port = ip_addresses.split_port(visit.more) or (None, None)
    metadata = {"ip": ip, "port": port} if ip else {}
    if visit.step == "connected":
        is_lost = line.number in log.roster.lost
        return [log.to_event(line, "CONNECT", metadata, playerName=name)] if is_lost else []
    log.roster.come(name, sid)
    session = log.sessions[who] = f"legacy:{who[:64]}:{line.at}"
    fields = {"steamId": sid, "playerName": name, "sessionId": session}
    return [log.to_event(line, "CONNECT", metadata, **fields)]


def _chat(line: Line, log: _Log, said: ulx_messages.Chat) -> list[ParsedEvent]:
    fields = {"steamId": log.roster.steam_id(said.name), "playerName": said.name}
    metadata: dict[str, Any] = {"message": said.message, "chatScope": said.scope}
    if said.target is not None:
        metadata["targetName"] = said.target
        # Who is erased must be found in what others wrote to them.
        metadata["targetSteamId"] = log.roster.steam_id(said.target)
    ordered = parse_command(said.message) if said.scope == "GLOBAL" else None
    chat = log.to_event(line, "CHAT", metadata, **fields)
    return [log.to_event(line, "COMMAND", ordered, **fields), chat] if ordered else [chat]


def _kill(line: Line, log: _Log, said: ulx_messages.Kill) -> ParsedEvent:
    sid = log.roster.steam_id(said.victim)
    metadata: dict[str, Any] = {
        "eventKind": "DEATH",
        "attackerName": said.attacker,
        "attackerSteamId": log.roster.steam_id(said.attacker),
        "victimName": said.victim,
        "victimSteamId": sid,
    }
    if said.weapon is not None:
        metadata["weapon"] = said.weapon
    return log.to_event(line, "KILL", metadata, steamId=sid, playerName=said.victim)


def _spawn(line: Line, log: _Log, said: ulx_messages.Spawn) -> ParsedEvent:
    kind = "PROP" if said.kind == "model" else said.kind.upper()
    of_what = "entityClass" if said.kind in _CLASSES else "propModel"
    metadata = {"spawnKind": kind, of_what: said.what}
    return log.to_event(line, "PROP_SPAWN", metadata, steamId=said.steam_id, playerName=said.name)


def _rename(line: Line, log: _Log, said: ulx_messages.Rename) -> ParsedEvent:
    log.roster.go(said.name, said.steam_id)
    log.roster.come(said.new_name, said.steam_id)
    metadata = {"eventKind": "NAME_CHANGE", "from": said.name, "to": said.new_name}
    fields = {"steamId": said.steam_id, "playerName": said.new_name}
    return log.to_event(line, "GAME_EVENT", metadata, **fields)
