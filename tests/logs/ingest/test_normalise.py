"""A sent event: names, defaults, limits, and what is said about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.logs.coerce import Rejected
from functions.logs.ingest import normalise
from functions.logs.ingest.normalise import Event
from tests.support.logs.sending import AT, JSON, NOW, SERVER, event, reason


def test_a_full_event_keeps_what_it_says() -> None:
    found = event(
        type="CONNECT",
        gameMode="SANDBOX",
        steamId="STEAM_0:1:101",
        playerName="Ana",
        metadata={"ip": "203.0.113.9", "port": 48878.0, "authType": "steam", "group": "user"},
        map="gm_construct",
        playerCount=1.0,
    )
    assert found == Event(
        type="CONNECT",
        occurred_at=datetime(2026, 3, 2, 19, tzinfo=UTC),
        sent_at=datetime(2026, 3, 2, 19, tzinfo=UTC),
        steam_id="STEAM_0:1:101",
        player_name="Ana",
        raw_text="",
        game_mode="Sandbox",
        metadata={
            "ip": "203.0.113.9",
            "port": 48878,
            "authType": "steam",
            "group": "user",
            "serverName": "Arena #1",
            "map": "gm_construct",
            "playerCount": 1,
        },
        sender_id=None,
        warnings=[],
    )


@pytest.mark.parametrize("nothing", [{}, []])
def test_an_event_may_miss_everything(nothing: Any) -> None:
    found = normalise.normalise(nothing, SERVER, NOW)
    assert found == Event(
        type="UNKNOWN",
        occurred_at=NOW,
        sent_at=None,
        steam_id=None,
        player_name=None,
        raw_text="",
        game_mode="Sandbox",
        metadata={"serverName": "Arena #1"},
        sender_id=None,
        warnings=["unknown_type", "timestamp_missing"],
    )


@pytest.mark.parametrize("other", ["oops", None, 5, True, [1], 1.5])
def test_what_is_no_object_is_no_event(other: Any) -> None:
    assert reason(other) == "not_an_object"


FIRST = [
    ("type", ["type", "eventType", "EventType"]),
    ("raw_text", ["rawText", "text", "message"]),
    ("game_mode", ["gameMode", "mode", "game_mode"]),
    ("sessionId", ["sessionId", "SessionId", "session_id"]),
    ("sessionStart", ["sessionStart", "session_start"]),
    ("map", ["map", "mapName", "Map", "level"]),
    ("serverName", ["serverName", "ServerName"]),
    ("playerCount", ["playerCount", "PlayerCount", "count"]),
    ("roundId", ["roundId", "RoundId"]),
]
VALUES: dict[str, list[Any]] = {
    "type": ["CHAT", "KILL", "ULX"],
    "game_mode": ["TTT", "Murder", "Sandbox"],
    "sessionStart": [f"2026-03-02T1{hour}:00:00.000Z" for hour in range(2)],
    "playerCount": [0, 1, 2],
}


def value_of(found: Event, field: str) -> Any:
    return getattr(found, field) if hasattr(found, field) else found.metadata[field]


@pytest.mark.parametrize(("field", "aliases"), FIRST)
@pytest.mark.parametrize("empty", [None, "", "absent"])
def test_the_first_alias_that_is_not_empty_wins(field: str, aliases: list[str], empty: Any) -> None:
    values = VALUES.get(field, ["a", "b", "c", "d"])
    for first in range(len(aliases)):
        fields = {} if empty == "absent" else dict.fromkeys(aliases[:first], empty)
        fields |= dict(zip(aliases[first:], values, strict=False))
        found = normalise.normalise({"timestamp": AT} | fields, SERVER, NOW)
        assert value_of(found, field) == values[0]


INNER = [
    ("sessionId", "sessionId", "x"),
    ("serverSessionId", "serverSessionId", "x"),
    ("sessionStart", "sessionStart", "2026-03-02T10:00:00.000Z"),
    ("sessionStart", "session_start", "2026-03-02T10:00:00.000Z"),
    ("map", "map", "x"),
    ("serverName", "serverName", "x"),
    ("playerCount", "playerCount", 0),
    ("roundId", "roundId", "x"),
    ("roundId", "RoundId", "x"),
    ("roundNumber", "roundNumber", 3),
]


@pytest.mark.parametrize(("field", "key", "value"), INNER)
def test_shared_fields_may_stand_in_the_metadata(field: str, key: str, value: Any) -> None:
    assert event(metadata={key: value}).metadata[field] == value
    beside = 7 if isinstance(value, int) else "2026-03-02T11:00:00.000Z"
    assert event(metadata={key: value}, **{field: beside}).metadata[field] == beside
    assert event(metadata={key: value}, **{field: ""}).metadata[field] == value


@pytest.mark.parametrize(
    ("given", "count"),
    [
        (0, 0),
        (12.0, 12),
        (12.9, 12),
        ("12", 12),
        ("12.9", 12),
        (-1, None),
        (-0.5, None),
        ("many", None),
        ("nan", None),
        ("inf", None),
        (1e300, None),
        (True, None),
        ([], None),
        ({}, None),
    ],
)
def test_a_player_count_is_a_number_or_none(given: Any, count: int | None) -> None:
    assert event(playerCount=given).metadata.get("playerCount") == count
    assert event(metadata={"playerCount": given}).metadata.get("playerCount") == count


def test_a_shared_field_that_cannot_be_read_is_not_kept() -> None:
    broken = {"roundNumber": "two", "sessionStart": "soon", "map": {}, "serverName": []}
    assert event(metadata=broken).metadata == {"serverName": "Arena #1"}


def test_numbers_may_stand_for_texts() -> None:
    found = event(sessionId=12.0, roundId=7, map=1.5, playerName=5.0, rawText=3, eventId=9.0)
    assert found.metadata | {"serverName": None} == {
        "serverName": None,
        "sessionId": "12",
        "roundId": "7",
        "map": "1.5",
    }
    assert (found.player_name, found.raw_text, found.sender_id) == ("5", "3", "9")


@pytest.mark.parametrize(
    ("given", "kind"),
    [("chat", "CHAT"), (" Prop_Spawn ", "PROP_SPAWN"), ("round_end", "ROUND_END")],
)
def test_a_type_is_trimmed_and_upper_case(given: str, kind: str) -> None:
    found = event(type=given)
    assert (found.type, found.warnings) == (kind, [])


def test_an_unknown_type_is_kept_and_told() -> None:
    found = event(type="build_save")
    assert (found.type, found.warnings) == ("BUILD_SAVE", ["unknown_type"])
    assert event(type="x" * 64).type == "X" * 64
    assert event(type="  ").type == "UNKNOWN"


@pytest.mark.parametrize("given", [5, 1.5, True, [], {}, ["CHAT"], "x" * 65, "ß" * 33])
def test_other_types_are_invalid(given: Any) -> None:
    assert reason({"type": given}) == "type_invalid"


@pytest.mark.parametrize(
    ("given", "mode", "warnings"),
    [
        ("SANDBOX", "Sandbox", []),
        ("ttt", "TTT", []),
        ("Murder", "Murder", []),
        ("", "Sandbox", []),
        ("DarkRP", "Sandbox", ["unknown_game_mode"]),
        (5, "Sandbox", ["unknown_game_mode"]),
        ([], "Sandbox", ["unknown_game_mode"]),
    ],
)
def test_game_modes(given: Any, mode: str, warnings: list[str]) -> None:
    found = event(gameMode=given)
    assert (found.game_mode, found.warnings) == (mode, warnings)


@pytest.mark.parametrize("given", [76561198000000000, 7.656119800000000e16, True, [], {}])
def test_a_steam_id_that_is_no_text_is_dropped(given: Any) -> None:
    found = event(steamId=given)
    assert (found.steam_id, found.warnings) == (None, ["steam_id_not_text"])


@pytest.mark.parametrize("given", ["BOT", "NULL", "STEAM_ID_PENDING", "STEAM_0:0:ID", " x "])
def test_other_steam_ids_are_kept_as_text(given: str) -> None:
    assert event(steamId=given).steam_id == given


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("steamId", 64),
        ("eventId", 64),
        ("sessionId", 128),
        ("serverSessionId", 128),
        ("roundId", 128),
    ],
)
def test_ids_are_never_cut(field: str, most: int) -> None:
    assert event(**{field: "é" * most})
    assert reason({"timestamp": AT, field: "é" * (most + 1)}) == "text_too_long"


def test_names_and_maps_are_cut() -> None:
    found = event(playerName="☭" * 129, map="m" * 129, serverName="s" * 129)
    assert found.player_name == "☭" * 128
    assert found.metadata == {"map": "m" * 128, "serverName": "s" * 128}
    assert found.warnings == ["player_name_cut"]
    assert event(playerName="☭" * 128).warnings == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("x" * 4096, "x" * 4096),
        ("x" * 4097, "x" * 4096),
        ("é" * 2048, "é" * 2048),
        ("x" + "é" * 2048, "x" + "é" * 2047),
        ("𝕏" * 2000, "𝕏" * 1024),
    ],
)
def test_raw_text_is_cut_between_characters(given: str, kept: str) -> None:
    found = event(rawText=given)
    assert found.raw_text == kept
    assert found.warnings == ([] if given == kept else ["raw_text_cut"])


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "CH\0AT"},
        {"steamId": "\0"},
        {"playerName": "a\0"},
        {"rawText": "\0"},
        {"map": "a\0"},
        {"eventId": "a\0"},
        {"timestamp": "\0"},
        {"metadata": {"a": "\0"}},
        {"metadata": {"a\0": 1}},
        {"metadata": {"a": [{"b": ["\0"]}]}},
    ],
)
def test_a_nul_rejects_the_event(fields: dict[str, Any]) -> None:
    assert reason({"type": "CHAT", **fields}) == "text_has_nul"


def test_half_characters_are_replaced() -> None:
    found = event(playerName="a\ud800b", rawText="\udc00", metadata={"\ud800": "\ud83d\ude00"})
    assert (found.player_name, found.raw_text) == ("a�b", "�")
    assert found.metadata["�"] == "😀"


SENT = st.dictionaries(
    st.sampled_from(
        [
            *("type", "eventType", "timestamp", "steamId", "playerName", "rawText", "text"),
            *("gameMode", "sessionId", "sessionStart", "map", "playerCount", "count"),
            *("roundNumber", "eventId", "serverName", "other"),
        ]
    ),
    JSON,
)
KEYS = st.sampled_from(["ip", "args", "port", "geo", "map", "playerCount", "sessionStart", "x"])


@given(SENT, st.dictionaries(KEYS, JSON) | JSON)
def test_no_event_is_too_strange(fields: dict[str, Any], metadata: Any) -> None:
    before = json.dumps([fields, metadata])
    try:
        found = normalise.normalise(fields | {"metadata": metadata}, SERVER, NOW)
    except Rejected as rejected:
        assert rejected.reason  # noqa: PT017  either outcome is fine
    else:
        text = json.dumps(found.metadata, ensure_ascii=False, allow_nan=False) + found.raw_text
        assert "\0" not in text.encode().decode()
        assert found.type
    assert json.dumps([fields, metadata]) == before


@pytest.mark.parametrize(
    "name", ["", "   ", "\u3000\u00a0", "\u200b", "\u3164 \u2800", "\n\x01", "\u202e"]
)
def test_a_name_that_shows_nothing_is_none(name: str) -> None:
    """Regression: the panel showed a player without a name."""
    assert event(playerName=name, steamId="STEAM_0:1:5").player_name is None


@pytest.mark.parametrize("name", [" Ana ", "☭", "0", ".", "\u200bAna", "\u200b\u3164.", "한"])
def test_any_other_name_stays_what_it_is(name: str) -> None:
    assert event(playerName=name).player_name == name
