"""A line of a text log is the event that its server's hook sent, as numbers or as text."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from functions.logs.ingest import event_identity, normalise
from functions.logs.ingest.event_identity import Identity
from functions.logs.ingest.normalise import Server
from functions.logs.text_import import log_file

NOW = datetime(2026, 3, 2, 19, 0, 10, tzinfo=UTC)
SERVER = Server("srv_01", "Arena #1", "Sandbox")
ANA, BO = "STEAM_0:1:101", "STEAM_0:1:102"
TOKEN = f"Ana [{ANA}|user]"
# What a hook sends with every event, and a line does not tell.
LIVE = {
    "timestamp": "2026-03-02T19:00:03Z",
    "steamId": ANA,
    "playerName": "Ana",
    "map": "gm_construct",
    "playerCount": 3.0,
    "sessionId": 17.0,
    "serverName": "Arena",
    "roundId": 4.0,
    "roundNumber": 4.0,
}
DEATH = {"eventKind": "DEATH", "victimName": "Ana", "victimSteamId": ANA}
# A line, and what the hook sends of the same: (type, metadata).
LINES: list[tuple[str, list[tuple[str, dict[str, Any]]]]] = [
    (
        f"[CHAT] {TOKEN} [GLOBAL/ALIVE] olá ☭",
        [("CHAT", {"message": "olá ☭", "chatScope": "GLOBAL"})],
    ),
    (f"[CHAT] {TOKEN} [TEAM] 42", [("CHAT", {"message": 42.0, "chatScope": "TEAM"})]),
    (f"[CHAT] {TOKEN} [GLOBAL/DEAD]", [("CHAT", {"message": ""})]),
    (
        f"[CHAT] {TOKEN} [GLOBAL/ALIVE] !hp bo 100",
        [
            ("COMMAND", {"command": "!hp", "args": ["bo", 100.0]}),
            ("CHAT", {"message": "!hp bo 100"}),
        ],
    ),
    (
        f"[CONNECT] {TOKEN} authed steamid={ANA} uniqueid=2110188157",
        [("GAME_EVENT", {"eventKind": "AUTH", "uniqueId": 2110188157.0})],
    ),
    (
        f"[CONNECT] {TOKEN} authed steamid={ANA} uniqueid=2110188157",
        [("GAME_EVENT", {"eventKind": "AUTH", "uniqueId": "2110188157"})],
    ),
    (
        f"[CONNECT] {TOKEN} initial spawn ip=203.0.113.9:48878",
        [("CONNECT", {"ip": "203.0.113.9", "port": "48878", "authType": "steam"})],
    ),
    (f"[CONNECT] {TOKEN} disconnected reason=x y", [("DISCONNECT", {"reason": "x y"})]),
    (
        f"[SPAWN] {TOKEN} spawned SENT item_healthkit[655] model=models/a b.mdl",
        [
            (
                "PROP_SPAWN",
                {
                    "spawnKind": "SENT",
                    "entityClass": "item_healthkit",
                    "entIndex": 655.0,
                    "propModel": "models/a b.mdl",
                },
            )
        ],
    ),
    (
        f"[SPAWN] {TOKEN} spawned PROP prop_physics[12]",
        [
            (
                "PROP_SPAWN",
                {"spawnKind": "PROP", "entityClass": "prop_physics", "entIndex": "12"},
            )
        ],
    ),
    (
        f"[TOOLS] {TOKEN} used tool 'nail' on prop[7] model=m.mdl @ 1 2.5 -3",
        [("TOOL_USE", {"toolName": "nail", "targetClass": "prop", "entIndex": 7.0})],
    ),
    (
        f"[TOOLS] {TOKEN} used property 'x' on worldspawn[0]",
        [("TOOL_USE", {"toolName": "x", "targetClass": "worldspawn", "entIndex": "0"})],
    ),
    (
        f"[TOOLS] {TOKEN} used tool 'x' on worldspawn",
        [("TOOL_USE", {"toolName": "x", "targetClass": "worldspawn"})],
    ),
    (
        f"[COMMAND] {TOKEN} executed !ban perm=ulx ban raw=[!ban bo 60 1.5]",
        [("COMMAND", {"command": "!ban", "args": {"1": "bo", "2": 60.0, "3": 1.5}})],
    ),
    (f"[COMMAND] {TOKEN} executed 7", [("COMMAND", {"command": 7.0, "args": {}})]),
    (
        f"[PLAYER] {TOKEN} died to Bo [{BO}|user] via ar2 at 1 model=m.mdl",
        [("KILL", DEATH | {"attackerName": "Bo", "attackerSteamId": BO, "weapon": "weapon_ar2"})],
    ),
]
ROSTER = [f'Dropped "{name}" from server<{sid}>' for name, sid in (("Ana", ANA), ("99", BO))]
# The same of ULX logs, in which everybody was there before.
FREE: list[tuple[str, list[tuple[str, dict[str, Any]]]]] = [
    ("New map: gm_construct", [("GAME_EVENT", {"eventKind": "MAP_CHANGE", "map": "gm_construct"})]),
    (
        "Server is shutting down/changing levels.",
        [("GAME_EVENT", {"eventKind": "MAP_CYCLE_END", "map": "gm_construct"})],
    ),
    (
        f'Client "Ana" spawned in server <{ANA}> (took 7 seconds).',
        [("CONNECT", {"ip": "203.0.113.9", "port": 1.0})],
    ),
    (f'Dropped "Ana" from server<{ANA}> (x)', [("DISCONNECT", {"reason": "x"})]),
    ("(TEAM) Ana: 1", [("CHAT", {"message": 1.0})]),
    ("Ana to admins: 2", [("CHAT", {"message": 2.0})]),
    ("(tsay from Ana) 3.5", [("CHAT", {"message": 3.5})]),
    (
        "Ana: /hp 5",
        [("COMMAND", {"command": "/hp", "args": [5.0]}), ("CHAT", {"message": "/hp 5"})],
    ),
    (
        "99 killed Ana using 9mm",
        [("KILL", DEATH | {"attackerName": 99.0, "attackerSteamId": BO, "weapon": 9.0})],
    ),
    (
        "Ana suicided!",
        [("KILL", DEATH | {"attackerName": "Ana", "attackerSteamId": ANA, "weapon": "ak"})],
    ),
    (
        "Ana was killed by prop_physics",
        [("KILL", DEATH | {"attackerName": "prop_physics[827]", "propModel": "models/x.mdl"})],
    ),
    ("99 killed Ana", [("KILL", DEATH | {"attackerSteamId": BO, "weapon": "crowbar"})]),
    ("Ana: ! hp", [("COMMAND", {"command": "! hp"}), ("CHAT", {"message": "! hp"})]),
    ("Ana slapped  99", [("ULX", {"message": "Ana slapped 99"})]),
]
NOBODYS = ("MAP_CHANGE", "MAP_CYCLE_END")  # events of the server, of no player


def of(*given: dict[str, Any]) -> list[Identity]:
    events = (normalise.normalise(one, SERVER, NOW) for one in given)
    return list(map(event_identity.Identities("srv_01", NOW).next_identity, events))


def read(content: str) -> list[dict[str, Any]]:
    day = date(2026, 3, 2)
    return [
        told.event for told in log_file.parse_log(content, "AUTO", day, -180, day, False).events
    ]


def hook(kind: str, metadata: dict[str, Any]) -> dict[str, Any]:
    event = LIVE | {"type": kind, "metadata": metadata}
    if kind == "ULX" or metadata.get("eventKind") in NOBODYS:
        event |= {"steamId": None, "playerName": None}
    return event


@pytest.mark.parametrize(("line", "live"), LINES)
def test_a_tagged_line_is_the_event_that_was_sent_live(
    line: str, live: list[tuple[str, dict[str, Any]]]
) -> None:
    """Regression: what a hook sends as a number and a line tells as text were two events."""
    told = read(f"[16:00:03] {line}")
    assert [event["type"] for event in told] == [kind for kind, _ in live]
    assert of(*told) == of(*[hook(*one) for one in live])


@pytest.mark.parametrize(("line", "live"), FREE)
def test_a_line_of_ulx_is_the_event_that_was_sent_live(
    line: str, live: list[tuple[str, dict[str, Any]]]
) -> None:
    told = read("\n".join(f"[16:00:0{n}] {text}" for n, text in enumerate([*ROSTER, "x", line])))
    told = told[3:]
    assert [event["type"] for event in told] == [kind for kind, _ in live]
    assert of(*told) == of(*[hook(*one) for one in live])


def test_every_event_that_a_line_tells_is_another_one() -> None:
    told = [
        event
        for lines in (LINES[:5] + LINES[6:], FREE)
        for line, _ in lines
        for event in read(f"[16:00:03] {line}")
    ]
    assert len(set(of(*told))) == len(told)


def test_a_second_import_brings_nothing_new() -> None:
    content = "\n".join(f"[16:00:03] {line}" for line, _ in LINES * 2)
    first, second = of(*read(content)), of(*read(content))
    assert first == second
    assert len(set(first)) == len(first)


@pytest.mark.parametrize("index", ["x", "", "12345678901", "²", "-1", True, None, 1.5])
def test_what_is_no_index_stays_what_was_sent(index: Any) -> None:
    event = normalise.normalise(hook("TOOL_USE", {"entIndex": index}), SERVER, NOW)
    assert event_identity.content(event)[-1] == ("" if index is None else index)
