"""What is read of an event that was sent without a rawText."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.logs.event_text import describe
from functions.logs.ingest.normalise import TYPES
from functions.shared import db
from tests.support.client import Client
from tests.support.logs.panel import ago, make_staff, send, stamp
from tests.support.logs.sending import JSON

KILL = {"victimName": "Bo", "attackerName": "Ana", "weapon": "weapon_ttt_knife"}
SELF = {"victimName": "Bo", "attackerName": "Bo"}
SENTENCES: list[tuple[str, dict[str, Any], str]] = [
    ("PROP_SPAWN", {"spawnKind": "SENT", "entityClass": "item_x"}, "spawned SENT item_x"),
    ("PROP_SPAWN", {"spawnKind": "PROP", "propModel": "models/x.mdl"}, "spawned PROP models/x.mdl"),
    ("PROP_SPAWN", {"propModel": "models/x.mdl"}, "spawned models/x.mdl"),
    (
        "TOOL_USE",
        {"toolName": "material", "targetClass": "prop_dynamic"},
        "used tool 'material' on prop_dynamic",
    ),
    ("TOOL_USE", {"toolName": "material"}, "used tool 'material'"),
    ("KILL", KILL, "Bo was killed by Ana with weapon_ttt_knife"),
    ("KILL", KILL | {"weapon": None}, "Bo was killed by Ana"),
    ("KILL", {"attackerName": "world"}, "Zoe was killed by world"),
    ("KILL", SELF, "Bo suicided"),
    ("KILL", SELF | {"victimSteamId": "a", "attackerSteamId": "b"}, "Bo was killed by Bo"),
    ("DAMAGE", KILL | {"damage": 30}, "Bo took 30 damage from Ana with weapon_ttt_knife"),
    ("DAMAGE", {}, "Zoe took damage"),
    ("CONNECT", {"ip": "203.0.113.9"}, "connected"),
    ("DISCONNECT", {"reason": " bye "}, "disconnected (bye)"),
    ("DISCONNECT", {}, "disconnected"),
    ("COMMAND", {"command": "!ban", "args": ["STEAM_0:1:5", 60, "RDM"]}, "!ban STEAM_0:1:5 60 RDM"),
    ("COMMAND", {"command": "!slay", "argsRaw": ["Target 1"]}, "!slay Target 1"),
    ("COMMAND", {"command": "!slay", "args": "Bo"}, "!slay Bo"),
    ("ULX", {"message": "Ana slapped Bo", "command": "!slap"}, "Ana slapped Bo"),
    ("ULX", {"command": "!slap", "args": ["Bo", {"x": 1}]}, "!slap Bo"),
    ("CHAT", {"message": "hi"}, "hi"),
    ("ROUND_START", {"roundNumber": 4}, "round 4 started"),
    ("ROUND_END", {"roundNumber": 4, "winner": "traitor"}, "round 4 ended: traitor"),
    ("ROUND_END", {}, "round ended"),
    ("GAME_EVENT", {"eventKind": "SPAWN", "hp": 100}, "spawned"),
    ("GAME_EVENT", {"eventKind": "MAP_CHANGE", "map": "gm_a"}, "map changed to gm_a"),
    ("GAME_EVENT", {"eventKind": "TEAM_CHANGE", "fromTeam": "a"}, "changed team"),
    (
        "GAME_EVENT",
        {"eventKind": "TEAM_CHANGE", "fromTeam": "a", "toTeam": "{} b"},
        "changed team from a to {} b",
    ),
    ("GAME_EVENT", {"eventKind": "DANCE"}, "DANCE"),
    *[(kind, {}, kind) for kind in ("PROP_SPAWN", "TOOL_USE", "COMMAND", "ULX", "CHAT")],
    *[(kind, {"x": 1}, kind) for kind in ("GAME_EVENT", "BUILD_SAVE", "UNKNOWN")],
]


@pytest.mark.parametrize(("kind", "metadata", "sentence"), SENTENCES)
def test_an_event_is_described(kind: str, metadata: dict[str, Any], sentence: str) -> None:
    """Regression: its type was read, which the panel proposed as a filter of the whole type."""
    assert describe(kind, "Zoe", metadata) == sentence


def test_a_death_of_nobody_is_only_a_death() -> None:
    assert describe("KILL", None, {"weapon": "x"}) == "KILL"
    assert describe("DAMAGE", "", {"damage": 3}) == "DAMAGE"


NAMES = ["message", "args", "eventKind", "map", "command", "spawnKind", "victimName", "winner"]


@given(
    st.sampled_from([*sorted(TYPES), "X"]),
    st.none() | st.text(),
    st.dictionaries(st.sampled_from(NAMES), JSON),
)
def test_a_description_is_never_empty(
    kind: str, name: str | None, metadata: dict[str, Any]
) -> None:
    assert describe(kind, name, metadata).strip()


SPAWN = {
    "type": "PROP_SPAWN",
    "timestamp": stamp(ago(minutes=1)),
    "steamId": "STEAM_0:1:12",
    "metadata": {"spawnKind": "SENT", "entityClass": "item_healthkit"},
}


def test_it_is_made_on_reading_everywhere(game: Client) -> None:
    [sent] = send(game, SPAWN)["results"]
    staff = make_staff()
    [read] = staff.get("/api/logs").json
    assert read["rawText"] == "spawned SENT item_healthkit"
    assert staff.get(f"/api/logs/{sent['id']}").json == read
    [activity] = staff.get("/api/dashboard").json["liveActivity"]
    assert (activity["message"], activity["type"]) == (read["rawText"], "INFO")
    assert db.query("select raw_text from logs.events")[0]["raw_text"] == ""


@pytest.mark.parametrize("text", ["spawned", "PROP_SPAWN", "item_healthkit"])
def test_neither_searches_nor_filters_meet_it(game: Client, text: str) -> None:
    staff = make_staff()
    staff.put("/api/site-config", {"logs": {"rawTextFilters": [text]}})
    assert send(game, SPAWN)["stored"] == 1
    assert staff.get(f"/api/logs?search={text}").json == []


def test_without_a_text_an_event_is_the_same_as_with_an_empty_one(game: Client) -> None:
    """And another one than with its type as the text, which a server may really have sent."""
    event = SPAWN | {"type": "BUILD_SAVE"}
    assert send(game, event)["stored"] == 1
    assert send(game, event | {"rawText": ""})["duplicates"] == 1
    assert send(game, event | {"rawText": "BUILD_SAVE"})["stored"] == 1
