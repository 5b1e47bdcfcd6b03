"""ULX logs: who bears which name, and what free text means among strange names."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.logs.text_import import ulx_parser
from functions.logs.text_import.log_lines import parse_times
from functions.logs.text_import.roster import Roster

ANA, BO, CY = "STEAM_0:1:101", "STEAM_0:1:102", "STEAM_0:1:103"


def spawned(name: str, sid: str) -> str:
    return f'Client "{name}" spawned in server <{sid}> (took 12 seconds).'


def read(*texts: str) -> list[dict[str, Any]]:
    """The events of texts that are written a second apart."""
    lines = [f"[00:00:{second:02}] {text}" for second, text in enumerate(texts)]
    events, errors = ulx_parser.parse(parse_times(lines, date(2026, 3, 2), 0))
    assert errors == []
    return [told.event for told in events]


def only(text: str, *roster: str) -> dict[str, Any]:
    """The event of a text in a log where players of the roster spawned before."""
    ids = [spawned(name, f"STEAM_0:0:{number}") for number, name in enumerate(roster, 1)]
    *joined, event = read(*ids, text)
    assert [one["type"] for one in joined] == ["CONNECT"] * len(roster)
    return event


def sids(events: list[dict[str, Any]]) -> list[str | None]:
    return [one.get("steamId") for one in events if one["type"] == "CHAT"]


def test_maps_begin_and_end() -> None:
    _, started, chat, ended, closed = read(
        spawned("Ana", ANA),
        "New map: gm_flatgrass",
        "Ana: oi",
        "Server is shutting down/changing levels.",
        "Server is changing levels",
    )
    assert started["type"] == "GAME_EVENT"
    assert started["metadata"] == {"eventKind": "MAP_CHANGE"}
    assert ended["metadata"] == closed["metadata"] == {"eventKind": "MAP_CYCLE_END"}
    assert {one["map"] for one in (started, chat, ended, closed)} == {"gm_flatgrass"}


def test_nothing_is_on_a_map_before_one_is_named() -> None:
    for event in read(spawned("Ana", ANA), "Ana: oi", "Server is shutting down/changing levels."):
        assert "map" not in event


def test_a_player_called_new_map_changes_no_map() -> None:
    """Regression: what they said was a map, and a server that shut down in their name did."""
    name, line = "New map", "New map: gm_flatgrass"
    first, _, chat, over, second, third = read(
        "New map: gm_construct",
        spawned(name, ANA),
        line,
        "Server is shutting down/changing levels.",
        line,
        line,
    )
    kinds = [one["metadata"].get("eventKind") for one in (first, chat, over, second, third)]
    assert kinds == ["MAP_CHANGE", None, "MAP_CYCLE_END", "MAP_CHANGE", None]
    assert (chat["playerName"], chat["metadata"]["message"]) == (name, "gm_flatgrass")
    assert (chat["map"], third["map"]) == ("gm_construct", "gm_flatgrass")
    # A server that crashed says nothing before it starts again, but leaves some lines blank.
    lines = [f"[00:00:01] {spawned(name, ANA)}", "", f"[00:00:02] {line}", f"[00:00:03] {line}"]
    events, _ = ulx_parser.parse(parse_times(lines, date(2026, 3, 2), 0))
    assert [told.event["type"] for told in events] == ["CONNECT", "GAME_EVENT", "CHAT"]
    assert only("New map: hi there")["type"] == "ULX"
    assert only("Server is shutting down: hi", "Server is shutting down")["type"] == "CHAT"


def test_a_player_comes_and_goes() -> None:
    """Regression: they came when they began to join, where no hook fires."""
    joined, left = read(
        'Client "Ana [BR] "x"" connected.',
        spawned('Ana [BR] "x"', ANA),
        f'Dropped "Ana [BR] "x"" from server<{ANA}> (Disconnect by user.)',
    )
    session = f"legacy:{ANA}:2026-03-02T00:00:01Z"
    assert joined == {
        "type": "CONNECT",
        "timestamp": "2026-03-02T00:00:01Z",
        "rawText": "[00:00:01] " + spawned('Ana [BR] "x"', ANA),
        "metadata": {},
        "steamId": ANA,
        "playerName": 'Ana [BR] "x"',
        "sessionId": session,
    }
    assert left["type"] == "DISCONNECT"
    assert left["steamId"] == ANA
    assert left["sessionId"] == session
    assert left["metadata"] == {"reason": "(Disconnect by user.)"}


def test_lines_of_old_versions_tell_addresses() -> None:
    joined, lost, left = read(
        'Client "Ana" connected (203.0.113.9:27005).',
        f'Client "Ana" spawned in server (203.0.113.9:27005)<{ANA}>.',
        'Client "Bo" connected (203.0.113.10:27005).',
        f'Dropped "Bo" from server<{BO}>',
    )
    assert joined["metadata"] == {"ip": "203.0.113.9", "port": 27005}
    assert lost["metadata"] == {"ip": "203.0.113.10", "port": 27005}
    assert left["type"] == "DISCONNECT"


def test_who_never_spawns_has_no_account() -> None:
    joined, left = read('Client "Ana" connected.', f'Dropped "Ana" from server<{ANA}>')
    assert joined["type"] == "CONNECT"
    assert joined["timestamp"] == "2026-03-02T00:00:00Z"
    assert "steamId" not in joined
    assert "sessionId" not in joined
    assert (left["steamId"], "sessionId" in left) == (ANA, False)
    assert read('Client "Ana" connected.') == []  # and may still be joining


def test_each_visit_is_a_session_of_its_own() -> None:
    visit = ['Client "Ana" connected.', spawned("Ana", ANA), f'Dropped "Ana" from server<{ANA}>']
    sessions = [event.get("sessionId") for event in read(*visit, *visit, visit[2])]
    assert sessions[0] == sessions[1] != sessions[2] == sessions[3]
    assert sessions[4] is None


def test_two_people_of_one_name_have_a_visit_each() -> None:
    """Regression: Bob A's half an hour ended when Bob B left."""
    first, second, left, last = read(
        'Client "Bob" connected.',
        spawned("Bob", ANA),
        'Client "Bob" connected.',
        spawned("Bob", BO),
        f'Dropped "Bob" from server<{BO}>',
        f'Dropped "Bob" from server<{ANA}>',
    )
    assert [one["steamId"] for one in (first, second, left, last)] == [ANA, BO, BO, ANA]
    assert first["sessionId"] == last["sessionId"] != second["sessionId"] == left["sessionId"]


def test_bots_do_not_share_a_session() -> None:
    one, two, gone = read(
        'Client "Bot01" connected.',
        'Client "Bot02" connected.',
        spawned("Bot01", "BOT"),
        spawned("Bot02", "BOT"),
        'Dropped "Bot01" from server<BOT>',
    )
    assert one["steamId"] == two["steamId"] == "BOT"
    assert one["sessionId"] == gone["sessionId"] != two["sessionId"]


def test_a_name_of_two_accounts_is_of_who_is_there_alone() -> None:
    who = read(
        "Ana: anybody?",
        spawned("Ana", ANA),
        "Ana: me",
        f'Dropped "Ana" from server<{ANA}>',
        "Ana: nobody",
        spawned("Ana", BO),
        "Ana: me too",
        spawned("Ana", ANA),
        "Ana: one of us",
        f'Dropped "Ana" from server<{BO}>',
        "Ana: me again",
        "New map: gm_construct",
        "Ana: nobody yet",
    )
    assert sids(who) == [None, ANA, None, BO, None, ANA, None]


def test_a_name_of_one_account_is_known_all_along() -> None:
    joins = spawned("Ana", "STEAM_ID_PENDING"), spawned("Ana", ANA)
    assert sids(read("Ana: oi", *joins, "Ana: oi")) == [ANA, ANA]
    assert sids(read("Bo: oi", spawned("Bo", "STEAM_ID_PENDING"))) == [None]


def test_who_came_before_midnight_is_known_by_what_they_spawn() -> None:
    assert sids(read("Ana: oi", f"Ana<{ANA}> spawned model models/x.mdl")) == [ANA]


def test_a_new_name_is_theirs_from_then_on() -> None:
    """Regression: a name with a colon was somebody who chats."""
    _, change, chat, left = read(
        spawned("Ana", ANA),
        f"Ana<{ANA}> changed their name to B: x",
        "B: x: hi",
        f'Dropped "B: x" from server<{ANA}>',
    )
    assert change["type"] == "GAME_EVENT"
    assert change["metadata"] == {"eventKind": "NAME_CHANGE", "from": "Ana", "to": "B: x"}
    assert (change["steamId"], change["playerName"]) == (ANA, "B: x")
    assert (chat["steamId"], chat["metadata"]["message"]) == (ANA, "hi")
    assert left["sessionId"] == f"legacy:{ANA}:2026-03-02T00:00:00Z"


FORGED = f"x<{ANA}> changed their name to Admin"


@pytest.mark.parametrize(
    "line",
    [f"Bo: {FORGED}", f"(TEAM) Bo: {FORGED}", f"*** Bo {FORGED}", f"(tsay from Bo) {FORGED}"],
)
def test_nobody_takes_a_name_by_talking_of_it(line: str) -> None:
    *_, chat = read(spawned("Admin", CY), line, "Admin: hi")
    assert chat["steamId"] == CY


CHATS = [
    ("Ana: oi", ["Ana"], "GLOBAL", "Ana", "oi"),
    ("(TEAM) Ana: oi", ["Ana"], "TEAM", "Ana", "oi"),
    ("Ana to admins: help", ["Ana"], "ADMINS", "Ana", "help"),
    ("(tsay from Ana) hello", ["Ana"], "TSAY", "Ana", "hello"),
    ("(tsay from Console) restart", [], "TSAY", "Console", "restart"),
    ("(TEAM) a: b: oi", ["a: b"], "TEAM", "a: b", "oi"),
    ("a: b to admins: x", ["a: b"], "ADMINS", "a: b", "x"),
    ("a: b: oi", ["a: b"], "GLOBAL", "a: b", "oi"),
    ("a: b: oi", ["a", "a: b"], "GLOBAL", "a: b", "oi"),
    ("a: b: oi", ["a"], "GLOBAL", "a", "b: oi"),
    ("Zé | x. ☭: oi", ["Zé | x. ☭"], "GLOBAL", "Zé | x. ☭", "oi"),
    ("Ana: I said x to admins: y", ["Ana"], "GLOBAL", "Ana", "I said x to admins: y"),
    ("(TEAM) Ana: oi", [], "TEAM", "Ana", "oi"),
    ("Ana to admins: help: me", [], "ADMINS", "Ana", "help: me"),
    ("(tsay from Ana) hi: all", [], "TSAY", "Ana", "hi: all"),
    ("Ana: he killed me using hacks", ["Ana"], "GLOBAL", "Ana", "he killed me using hacks"),
    ("Ana: Bo killed Cy using x", ["Ana", "Bo", "Cy"], "GLOBAL", "Ana", "Bo killed Cy using x"),
    ("Ana: Bo was killed by x", ["Ana", "Bo"], "GLOBAL", "Ana", "Bo was killed by x"),
    ("Ana: Bo suicided!", ["Ana", "Bo"], "GLOBAL", "Ana", "Bo suicided!"),
    (f"Ana: Bo<{BO}> spawned sent x", ["Ana", "Bo"], "GLOBAL", "Ana", f"Bo<{BO}> spawned sent x"),
    ("Ana: Bo to Cy: x", ["Ana", "Bo", "Cy"], "GLOBAL", "Ana", "Bo to Cy: x"),
    ("Ana: ", ["Ana"], "GLOBAL", "Ana", ""),
]


@pytest.mark.parametrize(("text", "roster", "scope", "name", "message"), CHATS)
def test_somebody_talks(text: str, roster: list[str], scope: str, name: str, message: str) -> None:
    event = only(text, *roster)
    assert event["type"] == "CHAT"
    assert event["metadata"] == {"message": message, "chatScope": scope}
    assert event["playerName"] == name
    assert event.get("steamId") == (
        f"STEAM_0:0:{roster.index(name) + 1}" if name in roster else None
    )


def test_a_private_message_has_a_target() -> None:
    event = only("a to b to Bo: psst: x", "a", "a to b", "Bo")
    assert event["metadata"] == {
        "message": "psst: x",
        "chatScope": "PRIVATE",
        "targetName": "Bo",
        "targetSteamId": "STEAM_0:0:3",
    }
    assert event["playerName"] == "a to b"
    for strangers in ([], ["Ana"], ["Bo"]):
        assert only("Ana to Bo: psst", *strangers)["type"] == "ULX"


KILLS = [
    ("Ana killed Bo using weapon_ar2", ["Ana", "Bo"], "Ana", "Bo", "weapon_ar2"),
    ("Ana killed Bo using weapon_ar2", [], "Ana", "Bo", "weapon_ar2"),
    ("prop_physics killed Bo using prop_physics", ["Bo"], "prop_physics", "Bo", "prop_physics"),
    ("a: b killed Bo using x", ["a: b", "Bo"], "a: b", "Bo", "x"),
    ("a: b killed Bo using x", ["a", "a: b", "Bo"], "a: b", "Bo", "x"),
    ("a killed b killed c using x", ["a killed b", "c"], "a killed b", "c", "x"),
    ("a killed b killed c using x", ["a", "b killed c"], "a", "b killed c", "x"),
    ("a killed b killed c using x", [], "a", "b killed c", "x"),
    ("a killed b using c using x", ["a", "b using c"], "a", "b using c", "x"),
    ("a killed b using c using x", ["a", "b"], "a", "b", "c using x"),
    ("a killed b using c using x", [], "a", "b using c", "x"),
    ("Ana killed b: using x", [], "Ana", "b:", "x"),
    ("Ana killed Bo", ["Ana", "Bo"], "Ana", "Bo", None),
    ("Ana killed Bo", [], "Ana", "Bo", None),
    ("Bo was killed by prop_physics", ["Bo"], "prop_physics", "Bo", None),
    ("Bo was killed by npc_zombie", [], "npc_zombie", "Bo", None),
    ("Bo was killed by Ana of x", ["Bo", "Ana of x"], "Ana of x", "Bo", None),
    ("Bo was killed by x", ["Bo was", "by x"], "Bo was", "by x", None),
    ("a: b was killed by x", ["a", "a: b"], "x", "a: b", None),
    ("Ana suicided!", ["Ana"], "Ana", "Ana", "suicide"),
    ("Ana suicided!", [], "Ana", "Ana", "suicide"),
    ("a: b suicided!", ["a: b"], "a: b", "a: b", "suicide"),
]


@pytest.mark.parametrize(("text", "roster", "attacker", "victim", "weapon"), KILLS)
def test_somebody_dies(
    text: str, roster: list[str], attacker: str, victim: str, weapon: str | None
) -> None:
    """Regression: who was killed by an entity was no death at all, a suicide's attacker `world`."""

    def sid(name: str) -> str | None:
        return f"STEAM_0:0:{roster.index(name) + 1}" if name in roster else None

    event = only(text, *roster)
    assert event["type"] == "KILL"
    assert event["metadata"] == {
        "eventKind": "DEATH",
        "attackerName": attacker,
        "attackerSteamId": sid(attacker),
        "victimName": victim,
        "victimSteamId": sid(victim),
    } | ({"weapon": weapon} if weapon else {})
    assert event["playerName"] == victim
    assert event.get("steamId") == sid(victim)


SPAWNS = [
    ("model models/a b.mdl", {"spawnKind": "PROP", "propModel": "models/a b.mdl"}),
    ("ragdoll models/x.mdl", {"spawnKind": "RAGDOLL", "propModel": "models/x.mdl"}),
    ("effect models/x.mdl", {"spawnKind": "EFFECT", "propModel": "models/x.mdl"}),
    ("vehicle unknown", {"spawnKind": "VEHICLE", "propModel": "unknown"}),
    ("sent item_healthkit", {"spawnKind": "SENT", "entityClass": "item_healthkit"}),
    ("NPC npc_zombie", {"spawnKind": "NPC", "entityClass": "npc_zombie"}),
]


@pytest.mark.parametrize(("what", "metadata"), SPAWNS)
@pytest.mark.parametrize("name", ["Bo", "Cy killed Bo", "<x> Bo", "(x) Bo"])
def test_somebody_spawns_something(name: str, what: str, metadata: dict[str, str]) -> None:
    """Regression: most of a sandbox's log was the doing of admins."""
    _, event = read(spawned(name, BO), f"{name}<{BO}> spawned {what}")
    assert event["type"] == "PROP_SPAWN"
    assert event["metadata"] == metadata
    assert (event["steamId"], event["playerName"]) == (BO, name)


def test_a_stranger_spawns_something() -> None:
    assert only(f"Cy<{CY}> spawned sent x")["steamId"] == CY
    # It may be what somebody says.
    for text in (f"Bo: Cy<{CY}> spawned sent x", f"*** Bo Cy<{CY}> spawned sent x"):
        assert only(text)["type"] == "ULX"


@pytest.mark.parametrize("sign", ["!", "/"])
def test_a_chat_command_is_a_command_first_and_talk_too(sign: str) -> None:
    _, command, chat = read(spawned("Ana", ANA), f"Ana: {sign}goto Bo\u00a0x now ")
    assert (command["type"], chat["type"]) == ("COMMAND", "CHAT")
    assert command["metadata"] == {"command": f"{sign}goto", "args": ["Bo\u00a0x", "now"]}
    _, lone, _ = read(spawned("Ana", ANA), f"Ana: {sign} hi")
    assert lone["metadata"] == {"command": f"{sign} hi", "args": []}  # as hooks have it
    assert only("(TEAM) Ana: !goto Bo", "Ana")["type"] == "CHAT"


@pytest.mark.parametrize(
    "text",
    [
        "(ADMIN) Ana slayed Bo",
        "Ana kicked Bo (spam)",
        "Ana kicked Bo (reason: spam)",
        "Ana banned Bo for 1 hour (reason: x: y)",
        'Client "Ana" timed out',
        "(SILENT) (Console) ran rcon command: say Ana: hi",
        "(Console) ran lua: print(1)",
        "Ana ran lua: Bo: hi",
        "Ana voted for: gm_construct",
        "Vote results: Option 'x' won. (2/3)",
        "(csay from Ana) hi: all",
        "(ADMINS) *** Ana waves: hi",
        "*** Ana waves: hi",
        "(TEAM) *** Ana waves: hi",
        "Ana transported Bo to Cy",
        "(Console) to Bo: hi",
        "Ana using x slayed Bo",
    ],
)
def test_other_texts_are_what_admins_did(text: str) -> None:
    """Regression: each text with a colon was somebody who chats, of whom nobody had heard."""
    for roster in ([], ["Ana", "Bo", "Cy"]):
        event = only(text, *roster)
        assert event["type"] == "ULX"
        assert event["metadata"] == {"message": text}
        assert "steamId" not in event
        assert "playerName" not in event


def test_an_action_of_a_name_with_a_colon_is_no_talk_of_a_shorter_name() -> None:
    for text in ("Bo: [x] slayed Cy", "Bo: [x] ran lua: y", "Bo: [x] voted for: y"):
        assert only(text, "Bo", "Bo: [x]", "Cy")["metadata"] == {"message": text}
    assert only("Bo: [x]: hi", "Bo", "Bo: [x]")["playerName"] == "Bo: [x]"
    assert only("Bo: [y] slayed Cy", "Bo", "Bo: [x]")["type"] == "CHAT"
    assert only("Bo: [x] killed Cy", "Bo", "Bo: [x]", "Cy")["type"] == "KILL"


@pytest.mark.parametrize(
    "text", ["Zoe: oi", "a: b: oi", "Zoe: he killed me using hacks", "Zoe: Yan suicided!"]
)
def test_a_stranger_does_not_chat(text: str) -> None:
    assert only(text, "Ana")["metadata"] == {"message": text}


def test_lines_without_a_time_tell_nothing() -> None:
    texts = ["<Logging continued from x>", "Ana: oi", "", "[00:00:01] ", "[00:00:01] Ana: oi"]
    events, errors = ulx_parser.parse(parse_times(texts, date(2026, 3, 2), 0))
    assert [told.line for told in events] == [5]
    assert [(error.line, error.text) for error in errors] == [(2, "Ana: oi"), (4, "[00:00:01] ")]


def test_a_name_of_thousands_is_nobodys_until_one_is_left() -> None:
    """Regression: each that left was looked for among all who had come."""
    crowd = Roster()
    people = [f"STEAM_0:1:{number}" for number in range(1, 20_001)]
    for who in people:
        crowd.add("Ana", who)
        crowd.connect("Ana", who)
    crowd.connect("Ana", people[0])
    for who in reversed(people[1:]):
        assert crowd.find_steam_id("Ana") is None
        crowd.disconnect("Ana", who)
    crowd.disconnect("Ana", "STEAM_0:1:999999")
    crowd.disconnect("Ana", people[0])
    assert crowd.find_steam_id("Ana") == people[0]  # who came twice
    crowd.disconnect("Ana", people[0])
    assert crowd.find_steam_id("Ana") is None
