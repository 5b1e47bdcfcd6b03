"""TAGGED lines: every tail, every way to put a token where none belongs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.logs.text_import import tagged_parser
from functions.logs.text_import.log_lines import parse_times


def read(*texts: str) -> list[dict[str, Any]]:
    """The events of lines that all tell some."""
    events, errors = tagged_parser.parse(parse_times(texts, date(2026, 3, 2), 0))
    assert errors == []
    return [told.event for told in events]


def only(*texts: str) -> dict[str, Any]:
    (event,) = read(*texts)
    return event


LINES: list[tuple[str, str, str | None, str | None, dict[str, Any]]] = [
    (  # the placeholder of the recommendation is a SteamID by its form
        "[00:00:03] [CHAT] nick [STEAM_0:0:ID|user] [GLOBAL/ALIVE] mensagem",
        "CHAT",
        "nick",
        "STEAM_0:0:ID",
        {"message": "mensagem", "chatScope": "GLOBAL", "lifeState": "ALIVE", "group": "user"},
    ),
    (
        "[00:00:23] [CONNECT] Leo_x [STEAM_0:0:111|user] authed steamid=STEAM_0:0:111 uniqueid=21",
        "GAME_EVENT",
        "Leo_x",
        "STEAM_0:0:111",
        {"eventKind": "AUTH", "uniqueId": "21", "group": "user"},
    ),
    (
        "[00:00:23] [CONNECT] Doom Cart [STEAM_0:0:111|user] initial spawn ip=203.0.113.9:48878",
        "CONNECT",
        "Doom Cart",
        "STEAM_0:0:111",
        {"ip": "203.0.113.9", "port": 48878, "authType": "steam", "group": "user"},
    ),
    (
        "[00:00:37] [CONNECT] pk15 [STEAM_0:0:414|user] disconnected reason=unknown",
        "DISCONNECT",
        "pk15",
        "STEAM_0:0:414",
        {"reason": "unknown"},
    ),
    (
        "[SPAWN] ARM2.0 [STEAM_0:0:765|user] spawned SENT item_healthkit[655]"
        " model=models/items/healthkit.mdl",
        "PROP_SPAWN",
        "ARM2.0",
        "STEAM_0:0:765",
        {
            "spawnKind": "SENT",
            "entityClass": "item_healthkit",
            "entIndex": 655,
            "propModel": "models/items/healthkit.mdl",
        },
    ),
    (
        "[SPAWN] Doom Cart [STEAM_0:0:884|user] spawned PROP prop_physics[661] model=models/a.mdl",
        "PROP_SPAWN",
        "Doom Cart",
        "STEAM_0:0:884",
        {
            "spawnKind": "PROP",
            "entityClass": "prop_physics",
            "entIndex": 661,
            "propModel": "models/a.mdl",
        },
    ),
    (
        "[SPAWN] Ea-E [STEAM_0:0:872|user] spawned NPC npc_fastzombie[634] model=models/z/fast.mdl",
        "PROP_SPAWN",
        "Ea-E",
        "STEAM_0:0:872",
        {
            "spawnKind": "NPC",
            "entityClass": "npc_fastzombie",
            "entIndex": 634,
            "propModel": "models/z/fast.mdl",
        },
    ),
    (
        "[TOOLS] nick [STEAM_0:1:939|operator] used tool 'material' on prop_dynamic[757]"
        " model=models/hunter/tube4.mdl @ 103.0 9080.4 -347.7",
        "TOOL_USE",
        "nick",
        "STEAM_0:1:939",
        {
            "toolName": "material",
            "targetClass": "prop_dynamic",
            "entIndex": 757,
            "propModel": "models/hunter/tube4.mdl",
            "position": {"x": 103, "y": 9080.4, "z": -347.7},
            "usage": "tool",
        },
    ),
    (
        "[SPAWN] [BR] Zé [x] ☭ [STEAM_0:1:5|vip] spawned PROP prop_physics[12]"
        " model=models/a b.mdl",
        "PROP_SPAWN",
        "[BR] Zé [x] ☭",
        "STEAM_0:1:5",
        {
            "spawnKind": "PROP",
            "entityClass": "prop_physics",
            "entIndex": 12,
            "propModel": "models/a b.mdl",
        },
    ),
    (
        "[00:02:00] [CONNECT] b [STEAM_0:0:1|a] initial [STEAM_0:0:7|user] initial spawn"
        " ip=[2001:db8::1]:27005",
        "CONNECT",
        "b [STEAM_0:0:1|a] initial",
        "STEAM_0:0:7",
        {"ip": "2001:db8::1", "port": 27005, "authType": "steam", "group": "user"},
    ),
    (
        "[00:01:00] [CHAT] ana [STEAM_0:0:7|user] [GLOBAL/ALIVE] veja [STEAM_0:0:8|user] isso",
        "CHAT",
        "ana",
        "STEAM_0:0:7",
        {
            "message": "veja [STEAM_0:0:8|user] isso",
            "chatScope": "GLOBAL",
            "lifeState": "ALIVE",
            "group": "user",
        },
    ),
    (
        "[00:01:00] [CHAT] ana [STEAM_0:0:7|user] [TEAM/DEAD] x [STEAM_0:0:8|user]"
        " [GLOBAL/ALIVE] y",
        "CHAT",
        "ana",
        "STEAM_0:0:7",
        {
            "message": "x [STEAM_0:0:8|user] [GLOBAL/ALIVE] y",
            "chatScope": "TEAM",
            "lifeState": "DEAD",
            "group": "user",
            "ambiguous": True,
        },
    ),
    (
        "[00:01:00] [CHAT] ana [STEAM_0:0:7] [GLOBAL] oi: tudo [bem]?",
        "CHAT",
        "ana",
        "STEAM_0:0:7",
        {"message": "oi: tudo [bem]?", "chatScope": "GLOBAL"},
    ),
    (
        "[00:01:01] [TOOLS] x [STEAM_0:0:7|user] used tool 'material' on worldspawn[0]"
        " @ -0.0 1 2.5",
        "TOOL_USE",
        "x",
        "STEAM_0:0:7",
        {
            "toolName": "material",
            "targetClass": "worldspawn",
            "entIndex": 0,
            "position": {"x": 0, "y": 1, "z": 2.5},
            "usage": "tool",
        },
    ),
    (
        "[00:02:00] [CONNECT] x [STEAM_0:0:7|user] disconnected reason=Disconnect by user.",
        "DISCONNECT",
        "x",
        "STEAM_0:0:7",
        {"reason": "Disconnect by user."},
    ),
    (
        "[00:02:00] [CONNECT] Bot01 [BOT|user] initial spawn ip=none",
        "CONNECT",
        "Bot01",
        "BOT",
        {"authType": "steam", "group": "user"},
    ),
    (
        "[CONNECT] x [STEAM_0:0:7|user] authed steamid=STEAM_0:0:8 uniqueid=1",
        "GAME_EVENT",
        "x",
        "STEAM_0:0:7",
        {"eventKind": "AUTH", "uniqueId": "1", "group": "user", "ambiguous": True},
    ),
    (
        "[CONNECT] x [STEAM_0:0:7|super admin] disconnected reason=",
        "DISCONNECT",
        "x",
        "STEAM_0:0:7",
        {"reason": ""},
    ),
    (
        "[CHAT] x [STEAM_0:0:7|user] [GLOBAL/ALIVE]",
        "CHAT",
        "x",
        "STEAM_0:0:7",
        {"message": "", "chatScope": "GLOBAL", "lifeState": "ALIVE", "group": "user"},
    ),
    (
        "[CHAT] [STEAM_0:0:7|] [TSAY]  spaced ",
        "CHAT",
        None,
        "STEAM_0:0:7",
        {"message": " spaced ", "chatScope": "TSAY"},
    ),
    (
        "[SPAWN] x   [STEAM_0:0:7]  spawned EFFECT a[1][2]",
        "PROP_SPAWN",
        "x",
        "STEAM_0:0:7",
        {"spawnKind": "EFFECT", "entityClass": "a[1]", "entIndex": 2},
    ),
    (
        "[SPAWN] x [STEAM_0:0:7] spawned NPC npc_x model=",
        "PROP_SPAWN",
        "x",
        "STEAM_0:0:7",
        {"spawnKind": "NPC", "entityClass": "npc_x"},
    ),
    (
        "[TOOLS] x [STEAM_0:0:7] used property 'it's on' on prop[3] model=a @ b @ 1 2 3",
        "TOOL_USE",
        "x",
        "STEAM_0:0:7",
        {
            "toolName": "it's on",
            "targetClass": "prop",
            "entIndex": 3,
            "propModel": "a @ b",
            "position": {"x": 1, "y": 2, "z": 3},
            "usage": "property",
        },
    ),
    (
        "[TOOLS] x [STEAM_0:0:7] used tool 'remover' on prop[3]",
        "TOOL_USE",
        "x",
        "STEAM_0:0:7",
        {"toolName": "remover", "targetClass": "prop", "entIndex": 3, "usage": "tool"},
    ),
    (
        "[COMMAND] x [STEAM_0:0:7] executed ulx kick perm=ulx kick raw=[!kick bob [now]]",
        "COMMAND",
        "x",
        "STEAM_0:0:7",
        {"command": "ulx kick", "args": ["bob", "[now]"], "perm": "ulx kick"},
    ),
    (
        "[COMMAND] x [STEAM_0:0:7] executed noclip",
        "COMMAND",
        "x",
        "STEAM_0:0:7",
        {"command": "noclip", "args": []},
    ),
    (
        "[COMMAND] x [STEAM_0:0:7] executed menu raw=[]",
        "COMMAND",
        "x",
        "STEAM_0:0:7",
        {"command": "menu", "args": []},
    ),
    (
        "[PLAYER] ana [STEAM_0:0:7|user] died to [BR] bo [STEAM_0:0:8|vip] via prop_physics"
        " (crush) model=models/a.mdl at 1 2",
        "KILL",
        "ana",
        "STEAM_0:0:7",
        {
            "eventKind": "DEATH",
            "victimName": "ana",
            "victimSteamId": "STEAM_0:0:7",
            "attackerName": "[BR] bo",
            "attackerSteamId": "STEAM_0:0:8",
            "weapon": "prop_physics",
            "propModel": "models/a.mdl",
        },
    ),
    (
        "[PLAYER] [BOT] died to [BOT] via weapon_ar2",
        "KILL",
        None,
        "BOT",
        {
            "eventKind": "DEATH",
            "victimName": "",
            "victimSteamId": "BOT",
            "attackerName": "",
            "attackerSteamId": "BOT",
            "weapon": "weapon_ar2",
        },
    ),
    (
        "[TEAM] ana [STEAM_0:0:7|user] joined Citizens",
        "GAME_EVENT",
        "ana",
        "STEAM_0:0:7",
        {"tag": "TEAM", "raw": "ana [STEAM_0:0:7|user] joined Citizens"},
    ),
    (
        "[PLAYER] ana [STEAM_0:0:7|user] died to world via fall",
        "GAME_EVENT",
        "ana",
        "STEAM_0:0:7",
        {"tag": "PLAYER", "raw": "ana [STEAM_0:0:7|user] died to world via fall"},
    ),
    (
        "[CHAT] ana [STEAM_0:0:7|user] [global] oi [STEAM_0:0:8]",
        "GAME_EVENT",
        None,
        None,
        {"tag": "CHAT", "raw": "ana [STEAM_0:0:7|user] [global] oi [STEAM_0:0:8]"},
    ),
    ("[MAP_END] ", "GAME_EVENT", None, None, {"tag": "MAP_END", "raw": ""}),
]


@pytest.mark.parametrize(("line", "kind", "name", "sid", "metadata"), LINES, ids=lambda one: None)
def test_a_line_becomes_its_event(
    line: str, kind: str, name: str | None, sid: str | None, metadata: dict[str, Any]
) -> None:
    event = only(line)
    assert event["type"] == kind
    assert event.get("playerName") == name
    assert event.get("steamId") == sid
    assert event["metadata"] == metadata
    assert event["rawText"] == line
    assert event["timestamp"] == f"2026-03-02T{line[1:9] if line[3] == ':' else '00:00:00'}Z"


@pytest.mark.parametrize(
    "line",
    [
        "no tag at all",
        "[00:00:01] Ana: oi",
        "[chat] x",
        "[CHAT]",
        "[CHAT]x",
        "[C4] x",
        "[_X] x",
        " [CHAT] x",
        "[00:00:01][CHAT] x",
        "[É] x",
    ],
)
def test_a_line_without_a_tag_is_not_recognised(line: str) -> None:
    events, errors = tagged_parser.parse(parse_times(["", line], date(2026, 3, 2), 0))
    assert events == []
    assert errors == [(2, line, "unrecognised_line")]


@pytest.mark.parametrize("sign", ["!", "/"])
def test_a_chat_command_is_a_command_first_and_talk_too(sign: str) -> None:
    command, chat = read(f"[CHAT] ana [STEAM_0:0:7|user] [GLOBAL/ALIVE] {sign}ban bo  60 RDM")
    assert command["type"] == "COMMAND"
    assert command["metadata"] == {"command": f"{sign}ban", "args": ["bo", "60", "RDM"]}
    assert command["steamId"] == chat["steamId"] == "STEAM_0:0:7"
    assert chat["type"] == "CHAT"
    assert chat["metadata"]["message"] == f"{sign}ban bo  60 RDM"


@pytest.mark.parametrize(
    "token",
    ["[STEAM_]", "[STEAM_0:0:7|user]x", "x[STEAM_0:0:7|user]", "[BOTS]", "[STEAM_0 0:7]", "[bot]"],
)
def test_what_only_resembles_a_token_is_none(token: str) -> None:
    event = only(f"[CHAT] ana {token} [GLOBAL] oi")
    assert event["type"] == "GAME_EVENT"
    assert "steamId" not in event


def test_the_name_and_id_of_another_line_settle_whose_line_it_is() -> None:
    forged = "[CHAT] ana [STEAM_0:0:7|user] [TEAM/DEAD] x [STEAM_0:0:8|user] [GLOBAL/ALIVE] y"
    name = "ana [STEAM_0:0:7|user] [TEAM/DEAD] x"
    proof = f"[CONNECT] {name} [STEAM_0:0:8|user] disconnected reason=x"
    for lines in ([forged, proof], [proof, forged]):
        chat = next(event for event in read(*lines) if event["type"] == "CHAT")
        assert chat["steamId"] == "STEAM_0:0:8"
        assert chat["playerName"] == name
        assert chat["metadata"]["message"] == "y"
        assert chat["metadata"]["ambiguous"] is True
    other = proof.replace("STEAM_0:0:8", "STEAM_0:0:9")
    assert read(forged, other)[0]["steamId"] == "STEAM_0:0:7"


def test_a_forged_line_is_no_proof() -> None:
    forged = "[CHAT] ana [STEAM_0:0:7|user] [TEAM/DEAD] x [STEAM_0:0:8|user] [GLOBAL/ALIVE] y"
    first, second = read(forged, forged)
    assert first["steamId"] == second["steamId"] == "STEAM_0:0:7"
    named = "ana [STEAM_0:0:7|user] [TEAM/DEAD] x"
    authed = f"[CONNECT] {named} [STEAM_0:0:8|user] authed steamid=STEAM_0:0:7 uniqueid=1"
    assert read(forged, authed)[0]["steamId"] == "STEAM_0:0:7"


def test_a_name_that_opens_a_token_hides_nobody() -> None:
    event = only("[CHAT] [STEAM_0:0:1| [STEAM_0:0:7|user] [GLOBAL/ALIVE] oi")
    assert event["metadata"]["ambiguous"] is True
    event = read(
        "[CHAT] [STEAM_0:0:1| [STEAM_0:0:7|user] [GLOBAL/ALIVE] oi",
        "[SPAWN] [STEAM_0:0:1| [STEAM_0:0:7|user] spawned PROP a",
        "[CHAT] [STEAM_0:0:1|x [STEAM_0:0:7|user] [GLOBAL/ALIVE] oi",
    )[0]
    assert event["metadata"]["ambiguous"] is True


def test_two_attackers_are_one_too_many() -> None:
    line = "[PLAYER] a [STEAM_0:0:1] died to b [STEAM_0:0:2] via x [STEAM_0:0:3] via y"
    event = only(line)
    assert event["metadata"]["attackerSteamId"] == "STEAM_0:0:2"
    assert event["metadata"]["ambiguous"] is True
    proof = "[CHAT] b [STEAM_0:0:2] via x [STEAM_0:0:3] [GLOBAL] oi"
    event = read(line, proof)[0]
    assert event["metadata"]["attackerName"] == "b [STEAM_0:0:2] via x"
    assert event["metadata"]["attackerSteamId"] == "STEAM_0:0:3"
    assert event["metadata"]["weapon"] == "y"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("[SPAWN] x [STEAM_0:0:7] spawned PROP a[12345678901]", "entIndex"),
        ("[SPAWN] x [STEAM_0:0:7] spawned PROP a[٣]", "entIndex"),
        (f"[TOOLS] x [STEAM_0:0:7] used tool 'x' on a model=b @ {'9' * 400} 1 1", "position"),
        ("[CONNECT] x [STEAM_0:0:7] initial spawn ip=Error!", "ip"),
        ("[CONNECT] x [STEAM_0:0:7] initial spawn ip=loopback", "ip"),
        ("[CONNECT] x [STEAM_0:0:7] initial spawn ip=300.1.1.1:5", "ip"),
    ],
)
def test_what_cannot_be_read_is_left_out(line: str, key: str) -> None:
    assert key not in only(line)["metadata"]


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30).map(
    lambda name: name.replace("[", "(").rstrip(" ")
)


@given(NAMES, st.integers(1, 10**9), st.text(st.characters(exclude_characters="\n\r["), min_size=1))
def test_names_and_messages_may_hold_anything_else(name: str, number: int, message: str) -> None:
    line = f"[00:00:01] [CHAT] {name} [STEAM_0:1:{number}|user] [GLOBAL/ALIVE] {message}"
    event = read(line)[-1]
    assert event.get("playerName", "") == name
    assert event["steamId"] == f"STEAM_0:1:{number}"
    assert event["metadata"]["message"] == message
