"""Which log events the live tail shows: those that the search would find."""

from __future__ import annotations

from typing import Any

from tests.support.modules import evaluate

EVENT: dict[str, Any] = {
    "id": "1",
    "serverId": "srv_1",
    "gameMode": "TTT",
    "type": "CHAT",
    "timestamp": "2026-03-01T20:00:00Z",
    "steamId": "STEAM_0:1:101",
    "playerName": "Ana Ønsker",
    "rawText": "Guten Abend [now]",
    "metadata": {"map": "ttt_attic", "targetSteamId": "STEAM_0:1:102"},
}


FOUND: list[dict[str, str]] = [
    {},
    {"serverId": "srv_1", "type": "chat", "map": "ttt_attic", "gameMode": "ttt"},
    {"steamId": "STEAM_0:1:101"},
    {"from": "2026-03-01T20:00:00Z", "to": "2026-03-01T20:00:00Z"},
    {"search": "ABEND [n"},
    {"search": "ønsk"},
    {"search": "eam_0:1:10"},
    {"search": "STEAM_0:1:102"},  # a whole one also as whom the event names
    {"from": "nonsense"},
]
OTHERS = [
    {"serverId": "srv_2"},
    {"type": "ULX"},
    {"map": "ttt"},
    {"gameMode": "Murder"},
    {"steamId": "STEAM_0:1:102"},
    {"from": "2026-03-01T20:00:01Z"},
    {"to": "2026-03-01T19:59:59Z"},
    {"search": "ab.nd"},
    {"search": "STEAM_0:1:1"},  # whole, and of somebody else
    {"search": "ttt_attic"},
]


def test_what_an_event_matches() -> None:
    given = {"event": EVENT, "queries": [*FOUND, *OTHERS]}
    expression = "given.queries.filter((query) => m.matches(given.event, query))"
    assert evaluate("log_events.js", expression, given) == FOUND


def test_an_event_without_a_player() -> None:
    given = EVENT | {"steamId": None, "playerName": None}
    bare = {key: value for key, value in given.items() if value is not None}
    expression = "m.matches(given, { search: 'abend' }) && !m.matches(given, { search: 'ana' })"
    assert evaluate("log_events.js", expression, bare)
