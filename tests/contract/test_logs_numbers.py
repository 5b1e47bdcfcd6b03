"""The wire contract of numbers that are none, and of the sender's own ids of events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.logs.ingest import URL, chat
from tests.support.logs.panel import make_staff

# As GMod's builds and the C libraries below them write it; "" is nothing at all.
SPELLINGS = ["", "nan", "-nan", "-nan(ind)", "NaN", "inf", "-inf", "Infinity", "1e400", "9" * 400]


def read_back() -> Any:
    [event] = make_staff().get("/api/logs").json
    return event


@pytest.mark.parametrize("number", SPELLINGS, ids=lambda number: number[:10])
def test_a_number_that_is_not_finite_is_null_with_a_warning(game: Client, number: str) -> None:
    """Regression: 7 of 7 tries were refused, and 20 later events were stuck behind them."""
    body = (
        '{"events":[{"type":"ULX","steamId":"STEAM_0:1:5","metadata":{"command":"!mute",'
        f'"durationMinutes":{number},"deep":{{"list":[1,{number},2]}}}}}}]}}'
    )
    answered = game.post(URL, body)
    assert answered.status == 200
    [result] = answered.json["results"]
    assert result["status"] == "stored"
    assert result["warnings"] == ["number_not_finite", "timestamp_missing"]
    metadata = read_back()["metadata"]
    assert (metadata["durationMinutes"], metadata["deep"]) == (None, {"list": [1, None, 2]})
    assert game.post(URL, body).json["duplicates"] == 1


@pytest.mark.parametrize("number", SPELLINGS, ids=lambda number: number[:10])
@pytest.mark.parametrize(
    "field", ["type", "timestamp", "steamId", "playerName", "rawText", "playerCount", "eventId"]
)
def test_a_field_of_such_a_number_is_as_absent(game: Client, field: str, number: str) -> None:
    sent = {"eventId": "one", **chat("hi"), field: 12345}
    sent.pop("map", None)
    answered = game.post(URL, json.dumps([sent]).replace("12345", number))
    [result] = answered.json["results"]
    assert result["status"] == "stored"
    assert result["warnings"][0] == "number_not_finite"
    assert "steam_id_not_text" not in result["warnings"]


def test_only_the_event_of_the_number_is_warned(game: Client) -> None:
    events = [json.dumps(chat(str(number))) for number in range(3)]
    odd = events[1].replace('"metadata": {', '"metadata": {"hp":, "armor": -nan, ')
    answered = game.post(URL, f'{{"events": [{events[0]}, {odd}, {events[2]}]}}')
    warned = [one.get("warnings") for one in answered.json["results"]]
    assert (answered.json["stored"], warned) == (3, [None, ["number_not_finite"], None])


def test_a_heartbeat_keeps_the_map_beside_such_a_number(game: Client) -> None:
    """Regression: all of the body was left out."""
    body = '{"map":"gm_construct","playerCount":-nan}'
    assert game.post("/api/servers/heartbeat", body).status == 200
    assert db.query("select map, players from logs.heartbeats") == [
        {"map": "gm_construct", "players": None}
    ]


@pytest.mark.parametrize("key", ["eventId", "EventId"])
@pytest.mark.parametrize("inside", [True, False])
def test_events_with_ids_of_their_own_are_two(game: Client, key: str, inside: bool) -> None:
    """Regression: a script in use puts its id into the metadata, and distinct events were lost."""
    events = []
    for number in (1, 2):
        event: dict[str, Any] = {"type": "COMMAND", "timestamp": chat()["timestamp"]}
        said = {"command": "!slay", "argsRaw": [f"Target {number}"]}
        own = {key: f"01J{number}"}
        events.append(
            {**event, **({} if inside else own), "metadata": said | (own if inside else {})}
        )
    for event in events:  # in requests of their own: no ordinal tells them apart
        assert game.post(URL, [event]).json["stored"] == 1
    assert game.post(URL, events).json["duplicates"] == 2
    kept = make_staff().get("/api/logs").json
    assert sorted(one["metadata"]["argsRaw"] for one in kept) == [["Target 1"], ["Target 2"]]
    assert all((key in one["metadata"]) == inside for one in kept)


def test_the_id_of_the_event_itself_comes_first(game: Client) -> None:
    event = chat("hi")
    outer = {**event, "eventId": "a", "metadata": {**event["metadata"], "eventId": "b"}}
    empty = {**event, "eventId": "", "metadata": {**event["metadata"], "eventId": "a"}}
    assert game.post(URL, [outer]).json["stored"] == 1
    assert game.post(URL, [empty]).json["duplicates"] == 1
    long = {**event, "metadata": {**event["metadata"], "eventId": "x" * 65}}
    assert game.post(URL, [long]).json["results"][0]["reason"] == "text_too_long"
