"""The wire contract of log ingestion: what hooks of a GMod server send, and what they are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.shared import db, ids
from tests.support.client import Client
from tests.support.clock import Clock
from tests.support.logs.ingest import ANA, EXAMPLE, RECEIPT, URL, chat, send, sums
from tests.support.logs.panel import NOW, ago, make_server, make_staff, stamp

# --- the example ---


@pytest.mark.parametrize("kind", ["text/plain", "application/json", None])
def test_the_example(game: Client, then: type[Clock], kind: str | None) -> None:
    headers = {**game.headers, **({"Content-Type": kind} if kind else {})}
    answered = game.post(URL, EXAMPLE, headers=headers)
    assert answered.status == 200
    first = answered.json
    known = [one["id"] for one in first["results"][:4]]
    assert first == {
        "ingested": 4,
        "received": 5,
        "stored": 4,
        "duplicates": 0,
        "queued": 0,
        "ignored": 0,
        "rejected": 1,
        "results": [
            {"index": 0, "status": "stored", "id": known[0]},
            {"index": 1, "status": "stored", "id": known[1]},
            {"index": 2, "status": "stored", "id": known[2]},
            {"index": 3, "status": "stored", "id": known[3], "warnings": ["unknown_type"]},
            {"index": 4, "status": "rejected", "reason": "not_an_object"},
        ],
    }
    at_ms = round(datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC).timestamp() * 1000)
    said = ["srv_01", "CHAT", "2026-03-02T19:00:03Z", ANA, ["olá ☭"]]
    assert known[1] == ids.make_event_id(at_ms, *said, ordinal=0)

    again = game.post(URL, EXAMPLE).json
    assert sums(again) == {"ingested": 4, "received": 5, "duplicates": 4, "rejected": 1}
    assert [one["status"] for one in again["results"][:4]] == ["duplicate"] * 4
    assert [one["id"] for one in again["results"][:4]] == known

    staff = make_staff()
    read = staff.get("/api/logs").json
    assert [one["id"] for one in read] == known[::-1]
    texts = ["saved", "spawned SENT item_healthkit", "Ana: olá ☭", "connected"]
    assert [one["rawText"] for one in read] == texts
    assert staff.get("/api/logs?search=saved").json == [
        {
            "id": known[3],
            "serverId": "srv_01",
            "gameMode": "Sandbox",
            "type": "BUILD_SAVE",
            "timestamp": "2026-03-02T19:00:06.000Z",
            "steamId": "STEAM_0:1:101",
            "playerName": "Ana",
            "rawText": "saved",
            "metadata": {"slot": 2, "serverName": "Harbour"},
        }
    ]
    assert read[3]["metadata"] == {
        "ip": "203.0.113.9",
        "port": 48878,
        "authType": "steam",
        "group": "user",
        "map": "gm_construct",
        "playerCount": 1,
        "serverName": "Harbour",
    }


def test_months_later_the_example_is_too_old(game: Client, then: type[Clock]) -> None:
    Clock.moment = RECEIPT + timedelta(days=90, seconds=1)
    answered = game.post(URL, EXAMPLE)
    assert (answered.status, answered.json["ingested"]) == (200, 0)
    reasons = [one["reason"] for one in answered.json["results"]]
    assert reasons == ["timestamp_too_old"] * 4 + ["not_an_object"]


def test_who_keeps_raw_events_longer_takes_older_ones(game: Client, then: type[Clock]) -> None:
    Clock.moment = datetime.now(UTC)
    old = chat(at=ago(days=100))
    assert game.post(URL, [old]).json["results"][0]["reason"] == "timestamp_too_old"
    db.query(
        """
        insert into rollups.sources (name, time_column, retention)
        values ('logs.event_hours', 'hour', interval '120 days')
        on conflict (name) do update
        set retention = excluded.retention
        """
    )
    assert send(game, old)["results"][0]["warnings"] == ["late"]
    # What was dropped once stays dropped, whatever is kept from now on.
    db.query("update rollups.sources set retained_from = now() - interval '99 days'")
    assert game.post(URL, [old]).json["results"][0]["reason"] == "timestamp_too_old"


def test_before_1970_nothing_was_logged_however_long_it_is_kept(
    game: Client, then: type[Clock]
) -> None:
    """Regression: no id holds such a time, and one such event was a 500 for its whole batch."""
    Clock.moment = datetime.now(UTC)
    db.query(
        """
        insert into rollups.sources (name, time_column, retention)
        values ('logs.event_hours', 'hour', interval '100 years')
        on conflict (name) do update
        set retention = excluded.retention
        """
    )
    old = chat(at=datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC))
    answer = game.post(URL, [old, chat("new")]).json
    assert answer["results"][0]["reason"] == "timestamp_too_old"
    assert answer["rejected"] == 1


# --- ways to say it ---


def test_a_bare_array_and_lua_spellings_are_the_same_events(game: Client) -> None:
    one, two = chat("one"), chat("two")
    assert sums(send(game, one, two)) == {"ingested": 2, "received": 2, "stored": 2}
    for body in (
        {"events": [one, two]},
        {"events": {"1": one, "2": two}},
        {"1": one, "2": two},
        "\ufeff" + json.dumps([one, two]),
        [
            {"eventType": "chat", "timestamp": stamp(NOW), "steamId": ANA, "message": text}
            | {"metadata": {"message": text}, "mode": "SANDBOX", "nonsense": [1]}
            for text in ("one", "two")
        ],
    ):
        answer = game.post(URL, body).json
        assert sums(answer) == {"ingested": 2, "received": 2, "duplicates": 2}, body


def test_equal_events_of_one_request_are_each_stored(game: Client) -> None:
    assert sums(send(game, chat(), chat()))["stored"] == 2
    assert sums(send(game, chat(), chat()))["duplicates"] == 2
    answer = send(game, chat(), chat(), chat())
    assert [one["status"] for one in answer["results"]] == ["duplicate", "duplicate", "stored"]


def test_a_senders_own_id_decides_alone(game: Client) -> None:
    answer = send(game, chat("a", eventId="1"), chat("b", eventId="1"), chat("a", eventId=2.0))
    assert [one["status"] for one in answer["results"]] == ["stored", "duplicate", "stored"]
    assert answer["results"][0]["id"] == answer["results"][1]["id"]
    [kept] = make_staff().get("/api/logs?type=CHAT&limit=1").json
    assert kept["metadata"]["message"] == "a"


def test_a_bad_event_never_harms_its_neighbours(game: Client) -> None:
    bad: list[Any] = [
        None,
        [1],
        7,
        chat(type={}),
        chat(type="x" * 65),
        chat(metadata={"a": "b\0"}),
        chat(metadata=7),
        chat(metadata={"a": "x" * 16_384}),
        chat(steamId="x" * 65),
        chat(sessionId="x" * 129),
        chat(eventId="x" * 65),
        chat(at=ago(days=91)),
    ]
    mixed = [event for number, one in enumerate(bad) for event in (one, chat(str(number)))]
    answer = send(game, *mixed)
    assert answer["stored"] == answer["rejected"] == len(bad)
    assert [one.get("reason") for one in answer["results"][::2]] == [
        "not_an_object",
        "not_an_object",
        "not_an_object",
        "type_invalid",
        "type_invalid",
        "text_has_nul",
        "metadata_invalid",
        "metadata_too_large",
        "text_too_long",
        "text_too_long",
        "text_too_long",
        "timestamp_too_old",
    ]


def test_what_is_odd_is_stored_with_a_warning(game: Client) -> None:
    odd = [
        chat("1", type="BUILD_SAVE"),
        chat("2", gameMode="prophunt"),
        chat("3", timestamp=None),
        chat("4", timestamp="yesterday"),
        chat("5", at=NOW + timedelta(days=365)),
        chat("6", at=ago(hours=25)),
        chat("7", steamId=76561198000000000),
        chat("8", metadata={"ip": "Error!"}),
        chat("9", rawText="x" * 5000),
        chat("10", playerName="x" * 200),
    ]
    answer = send(game, *odd)
    assert [one["warnings"] for one in answer["results"]] == [
        ["unknown_type"],
        ["unknown_game_mode"],
        ["timestamp_missing"],
        ["timestamp_invalid"],
        ["timestamp_future"],
        ["late"],
        ["steam_id_not_text"],
        ["ip_invalid"],
        ["raw_text_cut"],
        ["player_name_cut"],
    ]
    assert sums(send(game, *odd)) == {"ingested": 10, "received": 10, "duplicates": 10}
    by_type = make_staff().get("/api/logs?type=build_save").json
    assert [one["type"] for one in by_type] == ["BUILD_SAVE"]


def test_an_event_without_a_time_is_known_within_ten_minutes(
    game: Client, then: type[Clock]
) -> None:
    timeless = chat(timestamp=None)
    assert send(game, timeless)["stored"] == 1
    for later in (0, 599, 1199 - 10):
        Clock.moment = RECEIPT + timedelta(seconds=later)
        assert send(game, timeless)["duplicates"] == 1, later
        others = [chat(f"{later} {number}", at=RECEIPT) for number in range(100)]
        answer = send(game, timeless, *others)  # among as many as are written in another way
        assert (answer["duplicates"], answer["stored"]) == (1, 100), later
    Clock.moment = RECEIPT + timedelta(seconds=1200)
    assert send(game, timeless)["stored"] == 1


def test_one_servers_events_are_not_anothers(game: Client) -> None:
    other = make_server("srv_02", "TTT")
    assert send(game, chat())["stored"] == 1
    assert send(other, chat())["stored"] == 1
    modes = {one["serverId"]: one["gameMode"] for one in make_staff().get("/api/logs").json}
    assert modes == {"srv_01": "Sandbox", "srv_02": "TTT"}
