"""Ids of log events: one for the same event, whichever way it comes."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.logs.ingest import event_identity, normalise
from functions.logs.ingest.event_identity import Identity
from functions.logs.ingest.normalise import Server
from functions.shared import ids

NOW = datetime(2026, 3, 2, 19, 0, 10, tzinfo=UTC)
SERVER = Server("srv_01", "Arena #1", "Sandbox")
CHAT = {
    "type": "CHAT",
    "timestamp": "2026-03-02T19:00:03Z",
    "steamId": "STEAM_0:1:101",
    "playerName": "Ana",
    "rawText": "Ana: olá ☭",
    "metadata": {"message": "olá ☭", "chatScope": "GLOBAL", "lifeState": "ALIVE"},
}


def of(*given: dict[str, Any], server: str = "srv_01", receipt: datetime = NOW) -> list[Identity]:
    events = (normalise.normalise(one, SERVER, receipt) for one in given)
    return list(map(event_identity.Identities(server, receipt).next_identity, events))


def one(given: dict[str, Any], **where: Any) -> Identity:
    (found,) = of(given, **where)
    return found


def content(**fields: Any) -> list[Any]:
    return event_identity.content(normalise.normalise(CHAT | fields, SERVER, NOW))


def changed(metadata: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The chat, a little different."""
    return CHAT | fields | {"metadata": CHAT["metadata"] | (metadata or {})}  # type: ignore[operator]


def test_the_key_of_a_chat() -> None:
    second = "2026-03-02T19:00:03Z"
    at_ms = 1_772_478_003_000
    expected = ids.make_event_id(
        at_ms, "srv_01", "CHAT", second, "STEAM_0:1:101", ["olá ☭"], ordinal=0
    )
    assert one(CHAT) == Identity(expected, None)
    assert ids.get_time(expected) == datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "same",
    [
        changed(timestamp="2026-03-02T19:00:03.999Z"),
        changed(timestamp="2026-03-02T16:00:03-03:00"),
        changed(timestamp=1_772_478_003),
        changed(rawText="something else"),
        changed(rawText=None),
        changed(playerName="Ana, renamed"),
        changed(map="gm_flatgrass", playerCount=7, serverName="x", sessionId="s", roundId="r"),
        changed({"map": "x", "group": "vip", "chatScope": "TEAM"}),
        changed(gameMode="TTT"),
        changed(type=" chat "),
        dict(reversed(changed().items())),
    ],
)
def test_what_does_not_tell_events_apart(same: dict[str, Any]) -> None:
    assert one(same) == one(CHAT)


@pytest.mark.parametrize(
    "other",
    [
        changed(timestamp="2026-03-02T19:00:04Z"),
        changed(type="GAME_EVENT"),
        changed(steamId="STEAM_0:1:102"),
        changed(steamId=None),
        changed({"message": "olá"}),
        changed(eventId="a"),
    ],
)
def test_what_tells_events_apart(other: dict[str, Any]) -> None:
    assert one(other).id != one(CHAT).id


def test_servers_do_not_share_events() -> None:
    assert one(CHAT, server="srv_02").id != one(CHAT).id


def test_without_an_account_the_name_counts() -> None:
    ana = changed(steamId=None)
    assert one(ana) == one(changed(steamId=""))
    assert one(ana).id != one(changed(steamId=None, playerName="Bo")).id
    assert one(changed(steamId=None, playerName=None)) == one(changed(steamId="", playerName=""))


def test_equal_events_of_one_request_are_told_apart() -> None:
    first, other, second, third = of(CHAT, changed({"message": "x"}), CHAT, changed(rawText="y"))
    assert len({first.id, other.id, second.id, third.id}) == 4
    assert first == one(CHAT)
    assert of(CHAT, CHAT, CHAT) == [first, second, third]


CONTENTS: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("CHAT", {"message": "oi", "chatScope": "TEAM"}, ["oi"]),
    ("CHAT", {}, ["Ana: olá ☭"]),
    ("CHAT", {"message": ""}, [""]),
    ("CONNECT", {"ip": "203.0.113.9:1"}, []),
    ("DISCONNECT", {"reason": "x"}, []),
    (
        "PROP_SPAWN",
        {"spawnKind": "PROP", "entityClass": "a", "entIndex": 0.0, "propModel": "m", "x": 1},
        ["PROP", "a", 0, "m"],
    ),
    ("PROP_SPAWN", {"entityClass": "a", "propModel": None}, ["", "a", "", ""]),
    ("TOOL_USE", {"toolName": "t", "targetClass": "c", "entIndex": 5, "x": 1}, ["t", "c", 5]),
    (
        "KILL",
        {
            "attackerSteamId": "A",
            "attackerName": "a",
            "victimSteamId": "V",
            "victimName": "v",
            "weapon": "w",
        },
        ["A", "V"],
    ),
    (
        "KILL",
        {"attackerSteamId": None, "attackerName": "world", "victimSteamId": ""},
        ["world", ""],
    ),
    (
        "DAMAGE",
        {"attackerName": "a", "victimName": "v", "damage": 12.0, "weapon": "w", "hitgroup": 1},
        ["a", "v", 12, "w"],
    ),
    ("COMMAND", {"command": "!ban", "args": ["x", "60"]}, ["!ban", "x", "60"]),
    ("COMMAND", {"command": "!ban", "args": {"1": "x"}}, ["!ban", "x"]),
    ("COMMAND", {"command": "!menu", "args": {}}, ["!menu"]),
    ("COMMAND", {"command": "!menu"}, ["!menu"]),
    ("COMMAND", {"command": "!say", "args": "x y"}, ["!say", "x y"]),
    ("ULX", {"message": " a  b\tc "}, ["a b c"]),
    ("ULX", {"command": "!ban"}, ["Ana: olá ☭"]),
    ("ROUND_START", {"roundId": "r1", "roundNumber": 2}, ["r1"]),
    ("ROUND_END", {"winner": 2}, [""]),
    ("GAME_EVENT", {"eventKind": "SPAWN", "hp": 100.0, "map": "m"}, ["SPAWN", {"hp": 100}]),
    ("GAME_EVENT", {}, ["", {}]),
    ("BUILD_SAVE", {"slot": 2.0, "sessionId": "s"}, ["Ana: olá ☭", {"slot": 2}]),
]


@pytest.mark.parametrize(("kind", "metadata", "said"), CONTENTS)
def test_what_each_type_says(kind: str, metadata: dict[str, Any], said: list[Any]) -> None:
    assert content(type=kind, metadata=metadata) == said


def test_an_order_without_text_says_its_command() -> None:
    metadata = {"command": "!ban", "args": ["STEAM_0:1:1", 60.0, "RDM"]}
    assert content(type="ULX", metadata=metadata, rawText=None) == ["!ban STEAM_0:1:1 60 RDM"]
    assert content(type="ULX", metadata=metadata, rawText=" x ") == ["x"]


def test_a_sender_may_name_its_events() -> None:
    named = one(changed(eventId="e1"))
    assert one(changed({"message": "x"}, eventId="e1", type="ULX", steamId=None)) == named
    assert one(changed(eventId="e1"), server="srv_02").id != named.id
    assert one(changed(eventId="e2")).id != named.id
    assert of(changed(eventId="e1"), changed(eventId="e1")) == [named, named]
    # The time is in the first bits alone.
    later = one(changed(eventId="e1", timestamp="2026-03-02T19:00:04Z"))
    assert later.id[14:] == named.id[14:]


@pytest.mark.parametrize("broken", [None, "", "soon"])
@pytest.mark.parametrize("event_id", [None, "e1"])
def test_an_event_without_a_time_is_known_for_two_windows(broken: Any, event_id: Any) -> None:
    given = changed(timestamp=broken, eventId=event_id)
    begin = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
    now = one(given, receipt=begin + timedelta(seconds=1))
    assert ids.get_time(now.id) == begin
    assert one(given, receipt=begin + timedelta(seconds=599)) == now
    later = one(given, receipt=begin + timedelta(seconds=600))
    assert later.id != now.id
    assert later.earlier == now.id
    assert one(given, receipt=begin + timedelta(seconds=1200)).earlier == later.id
    twice = of(given, given, receipt=begin)
    assert (twice[0] == twice[1]) == (event_id is not None)


def test_a_time_ahead_still_tells_an_event() -> None:
    ahead = changed({"message": "x"}, type="GAME_EVENT", timestamp="2026-03-02T20:00:00Z")
    caught_up = datetime(2026, 3, 2, 20, 0, 1, tzinfo=UTC)
    assert one(ahead) == one(ahead, receipt=caught_up)


LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
METADATA = st.dictionaries(
    st.sampled_from(["message", "eventKind", "command", "args", "roundId", "map", "x", "y"]),
    LEAVES
    | st.lists(LEAVES, max_size=3)
    | st.dictionaries(st.text(max_size=3), LEAVES, max_size=3),
)
KINDS = st.sampled_from([*sorted(normalise.TYPES), "BUILD_SAVE"])


def respelled(value: Any) -> Any:
    """The same JSON value as Lua would write it: floats, keys in another order, no nulls."""
    if isinstance(value, dict):
        kept = [(key, respelled(inner)) for key, inner in value.items() if inner is not None]
        return dict(reversed(kept))
    if isinstance(value, list):
        return [respelled(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


@given(KINDS, METADATA, st.text(max_size=5))
def test_the_spelling_of_an_event_does_not_change_its_id(
    kind: str, metadata: dict[str, Any], raw: str
) -> None:
    given = CHAT | {"type": kind, "metadata": metadata, "rawText": raw}
    try:
        found = one(given)
    except normalise.Rejected:
        return
    again = json.loads(json.dumps(respelled(given)))
    assert one(again) == found
    counted = {"map": "other", "playerCount": 3.0, "sessionId": "s", "serverName": "n"}
    assert one(again | counted) == found
    if kind not in ("CHAT", "ULX", "BUILD_SAVE"):
        assert one(again | {"rawText": "other"}) == found


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=12))
def test_ordinals_count_equal_events(messages: list[str]) -> None:
    found = of(*[changed({"message": message}) for message in messages])
    assert len({each.id for each in found}) == len(messages)
    for message in set(messages):
        mine = [each for each, said in zip(found, messages, strict=True) if said == message]
        assert mine == of(*[changed({"message": message})] * len(mine))


def test_a_thousand_events_take_milliseconds() -> None:
    batch = [changed({"message": f"{number}", "n": float(number)}) for number in range(1000)]
    best = 1.0
    for _ in range(5):
        began = time.perf_counter()
        assert len(set(of(*batch))) == 1000
        best = min(best, time.perf_counter() - began)
    assert best < 0.1  # 0.02 on an idle machine
