"""ULX logs: `[HH:MM:SS] ` and free text in which players have names but no SteamIDs.

The first pass finds the SteamIDs of names in joins and leaves; the second parses the events.
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
from functions.logs.text_import.roster import Connection, Roster

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
    is_over: bool = False  # the map: by the line before

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
    is_spoken = _MAP in log.roster.accounts and not line.after_gap and not was_over
    if not is_spoken and (found := _NEW_MAP.fullmatch(text)):
        log.map = found[1]
        log.roster.clear()
        return [log.to_event(line, "GAME_EVENT", {"eventKind": "MAP_CHANGE"})]
    connection = (
        roster.parse_connection(text) if text.startswith(('Client "', 'Dropped "')) else None
    )
    if connection:
        return _connection(line, log, connection)
    message = ulx_messages.parse(text, log.roster.accounts)
    if isinstance(message, ulx_messages.Chat):
        return _chat(line, log, message)
    if isinstance(message, ulx_messages.Kill):
        return [_kill(line, log, message)]
    if isinstance(message, ulx_messages.Spawn):
        return [_spawn(line, log, message)]
    if isinstance(message, ulx_messages.Rename):
        return [_rename(line, log, message)]
    return [log.to_event(line, "ULX", {"message": text})]


def _connection(line: Line, log: _Log, connection: Connection) -> list[ParsedEvent]:
    """A CONNECT where the hook fires, which is when somebody has spawned, or a DISCONNECT."""
    name, sid = connection.name, connection.steam_id
    who = sid if steam_ids.is_real(sid) else name  # bots share theirs
    if connection.step == "dropped":
        log.roster.disconnect(name, sid)
        session = log.sessions.pop(who, None)
        reason = {"reason": connection.detail} if connection.detail else {}
        fields = {"steamId": sid, "playerName": name, "sessionId": session}
        return [log.to_event(line, "DISCONNECT", reason, **fields)]
    ip, port = ip_addresses.split_port(connection.detail) or (None, None)
    metadata: dict[str, Any] = {"ip": ip, "port": port} if ip else {}
    if connection.step == "connected":
        is_unspawned = line.number in log.roster.unspawned
        return [log.to_event(line, "CONNECT", metadata, playerName=name)] if is_unspawned else []
    log.roster.connect(name, sid)
    session = log.sessions[who] = f"legacy:{who[:64]}:{line.at}"
    fields = {"steamId": sid, "playerName": name, "sessionId": session}
    return [log.to_event(line, "CONNECT", metadata, **fields)]


def _chat(line: Line, log: _Log, message: ulx_messages.Chat) -> list[ParsedEvent]:
    fields = {"steamId": log.roster.find_steam_id(message.name), "playerName": message.name}
    metadata: dict[str, Any] = {"message": message.message, "chatScope": message.scope}
    if message.target is not None:
        metadata["targetName"] = message.target
        # Who is erased must be found in what others wrote to them.
        metadata["targetSteamId"] = log.roster.find_steam_id(message.target)
    command = parse_command(message.message) if message.scope == "GLOBAL" else None
    chat = log.to_event(line, "CHAT", metadata, **fields)
    return [log.to_event(line, "COMMAND", command, **fields), chat] if command else [chat]


def _kill(line: Line, log: _Log, message: ulx_messages.Kill) -> ParsedEvent:
    sid = log.roster.find_steam_id(message.victim)
    metadata: dict[str, Any] = {
        "eventKind": "DEATH",
        "attackerName": message.attacker,
        "attackerSteamId": log.roster.find_steam_id(message.attacker),
        "victimName": message.victim,
        "victimSteamId": sid,
    }
    if message.weapon is not None:
        metadata["weapon"] = message.weapon
    return log.to_event(line, "KILL", metadata, steamId=sid, playerName=message.victim)


def _spawn(line: Line, log: _Log, message: ulx_messages.Spawn) -> ParsedEvent:
    kind = "PROP" if message.kind == "model" else message.kind.upper()
    key = "entityClass" if message.kind in _CLASSES else "propModel"
    metadata = {"spawnKind": kind, key: message.what}
    return log.to_event(
        line, "PROP_SPAWN", metadata, steamId=message.steam_id, playerName=message.name
    )


def _rename(line: Line, log: _Log, message: ulx_messages.Rename) -> ParsedEvent:
    log.roster.disconnect(message.name, message.steam_id)
    log.roster.connect(message.new_name, message.steam_id)
    metadata = {"eventKind": "NAME_CHANGE", "from": message.name, "to": message.new_name}
    fields = {"steamId": message.steam_id, "playerName": message.new_name}
    return log.to_event(line, "GAME_EVENT", metadata, **fields)
