"""ULX logs: who bears which name, and what free text means among strange names."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.logs import ulx
from functions.logs.lines import timed

ANA, BO, CY = "STEAM_0:1:101", "STEAM_0:1:102", "STEAM_0:1:103"


def spawned(name: str, sid: str) -> str:
    return f'Client "{name}" spawned in server <{sid}> (took 12 seconds).'


def read(*texts: str) -> list[dict[str, Any]]:
    """The events of texts that are written a second apart."""
    lines = [f"[00:00:{second:02}] {text}" for second, text in enumerate(texts)]
    events, errors = ulx.read(timed(lines, date(2026, 3, 2), 0))
    assert errors == []
    return [told.event for told in events]


def only(text: str, *roster: str) -> dict[str, Any]:
    """The event of a text in a log where players of the roster spawned before."""
    ids = [spawned(name, f"STEAM_0:0:{number}") for number, name in enumerate(roster, 1)]
    (event,) = read(*ids, text)
    return event


def test_maps_begin_and_end() -> None:
    started, chat, ended, closed = read(
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
    chat, ended = read("Ana: oi", "Server is shutting down/changing levels.")
    assert "map" not in chat
    assert "map" not in ended


def test_a_player_comes_and_goes() -> None:
    joined, left = read(
        'Client "Ana [BR] "x"" connected.',
        spawned('Ana [BR] "x"', ANA),
        f'Dropped "Ana [BR] "x"" from server<{ANA}> (Disconnect by user.)',
    )
    session = f"legacy:{ANA}:2026-03-02T00:00:00Z"
    assert joined == {
        "type": "CONNECT",
        "timestamp": "2026-03-02T00:00:00Z",
        "rawText": '[00:00:00] Client "Ana [BR] "x"" connected.',
        "metadata": {},
        "steamId": ANA,
        "playerName": 'Ana [BR] "x"',
        "sessionId": session,
    }
    assert left["type"] == "DISCONNECT"
    assert left["steamId"] == ANA
    assert left["sessionId"] == session
    assert left["metadata"] == {"reason": "(Disconnect by user.)"}


def test_each_visit_is_a_session_of_its_own() -> None:
    visit = ['Client "Ana" connected.', f'Dropped "Ana" from server<{ANA}>']
    sessions = [event.get("sessionId") for event in read(*visit, *visit, visit[1])]
    assert sessions[0] == sessions[1] != sessions[2] == sessions[3]
    assert sessions[4] is None


def test_a_session_of_a_name_is_closed_by_its_account() -> None:
    joined, left, other = read(
        'Client "Ana" connected.',
        f'Dropped "Ana" from server<{ANA}>',
        f'Dropped "Ana" from server<{BO}>',
    )
    assert "steamId" not in joined
    assert joined["sessionId"] == left["sessionId"] == "legacy:Ana:2026-03-02T00:00:00Z"
    assert "sessionId" not in other


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


def test_a_name_of_two_accounts_is_of_who_spawned_last() -> None:
    who = [
        event.get("steamId")
        for event in read(
            "Ana: anybody?",
            spawned("Ana", ANA),
            "Ana: me",
            f'Dropped "Ana" from server<{ANA}>',
            "Ana: nobody",
            spawned("Ana", BO),
            "Ana: me too",
        )
    ]
    assert who == [None, ANA, ANA, None, BO]


def test_a_name_of_one_account_is_known_all_along() -> None:
    joins = spawned("Ana", "STEAM_ID_PENDING"), spawned("Ana", ANA)
    early, late = read("Ana: oi", *joins, "Ana: oi")
    assert early["steamId"] == late["steamId"] == ANA
    assert "steamId" not in read("Bo: oi", spawned("Bo", "STEAM_ID_PENDING"))[0]


CHATS = [
    ("Ana: oi", ["Ana"], "GLOBAL", "Ana", "oi"),
    ("(TEAM) Ana: oi", ["Ana"], "TEAM", "Ana", "oi"),
    ("Ana to admins: help", ["Ana"], "ADMINS", "Ana", "help"),
    ("(tsay from Ana) hello", ["Ana"], "TSAY", "Ana", "hello"),
    ("(tsay from (Console)) restart", ["(Console)"], "TSAY", "(Console)", "restart"),
    ("(TEAM) a: b: oi", ["a: b"], "TEAM", "a: b", "oi"),
    ("a: b to admins: x", ["a: b"], "ADMINS", "a: b", "x"),
    ("a: b: oi", ["a: b"], "GLOBAL", "a: b", "oi"),
    ("a: b: oi", ["a", "a: b"], "GLOBAL", "a: b", "oi"),
    ("a: b: oi", ["a"], "GLOBAL", "a", "b: oi"),
    ("a: b: oi", [], "GLOBAL", "a", "b: oi"),
    ("Zé | x. ☭: oi", [], "GLOBAL", "Zé | x. ☭", "oi"),
    ("Ana: I said x to admins: y", [], "GLOBAL", "Ana", "I said x to admins: y"),
    ("Ana: I said x to admins: y", ["Ana"], "GLOBAL", "Ana", "I said x to admins: y"),
    ("(TEAM) Ana: oi", [], "TEAM", "Ana", "oi"),
    ("Ana to admins: help: me", [], "ADMINS", "Ana", "help: me"),
    ("(tsay from Ana) hi: all", [], "TSAY", "Ana", "hi: all"),
    ("Ana: he killed me using hacks", ["Ana"], "GLOBAL", "Ana", "he killed me using hacks"),
    ("Ana: he killed me using hacks", [], "GLOBAL", "Ana", "he killed me using hacks"),
    ("Ana: Bo killed Cy using x", ["Ana", "Bo", "Cy"], "GLOBAL", "Ana", "Bo killed Cy using x"),
    ("Ana: Bo suicided!", ["Ana", "Bo"], "GLOBAL", "Ana", "Bo suicided!"),
    ("Ana: Bo suicided!", [], "GLOBAL", "Ana", "Bo suicided!"),
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
    ("Ana suicided!", ["Ana"], "world", "Ana", "suicide"),
    ("Ana suicided!", [], "world", "Ana", "suicide"),
    ("a: b suicided!", ["a: b"], "world", "a: b", "suicide"),
]


@pytest.mark.parametrize(("text", "roster", "attacker", "victim", "weapon"), KILLS)
def test_somebody_dies(
    text: str, roster: list[str], attacker: str, victim: str, weapon: str
) -> None:
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
        "weapon": weapon,
    }
    assert event["playerName"] == victim
    assert event.get("steamId") == sid(victim)


@pytest.mark.parametrize("sign", ["!", "/"])
def test_a_chat_command_is_a_command_first_and_talk_too(sign: str) -> None:
    command, chat = read(f"Ana: {sign}goto Bo now")
    assert (command["type"], chat["type"]) == ("COMMAND", "CHAT")
    assert command["metadata"] == {"command": f"{sign}goto", "args": ["Bo", "now"]}
    assert [event["type"] for event in read("(TEAM) Ana: !goto Bo")] == ["CHAT"]


@pytest.mark.parametrize(
    "text",
    [
        "(ADMIN) Ana slayed Bo",
        "Ana kicked Bo (spam)",
        'Client "Ana" timed out',
        "Ana killed time",
        "Ana using x killed Bo",
    ],
)
def test_other_texts_are_what_admins_did(text: str) -> None:
    event = only(text)
    assert event["type"] == "ULX"
    assert event["metadata"] == {"message": text}
    assert "steamId" not in event
    assert "playerName" not in event
    assert event["rawText"] == f"[00:00:00] {text}"


def test_lines_without_a_time_tell_nothing() -> None:
    texts = ["<Logging continued from x>", "Ana: oi", "", "[00:00:01] ", "[00:00:01] Ana: oi"]
    events, errors = ulx.read(timed(texts, date(2026, 3, 2), 0))
    assert [told.line for told in events] == [5]
    assert [(error.line, error.text) for error in errors] == [(2, "Ana: oi"), (4, "[00:00:01] ")]
