"""The wire contract of `/api/tilt`, row by row: what the Discord bot sends and reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Answered, Client

NOW = int(time.time() * 1000)
DAY = 86_400_000
SEED = {
    "userId": "discord_user_id",
    "timestamp": 1702000000000,
    "signals": [
        {"type": "rapid-messages", "severity": 3, "confidence": 0.7},
        {"type": "rage-keywords", "severity": 4, "confidence": 0.85},
    ],
    "tiltScore": 3.5,
    "context": "discord-dm",
}
RECENT = {**SEED, "timestamp": NOW - 60_000}
MISSING = "Missing required fields: userId, timestamp, signals, tiltScore"


def post(client: Client, **changed: Any) -> Any:
    return client.post("/api/tilt/events", {**RECENT, **changed})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in RECENT.items() if key != name}


def test_the_example_of_the_contract(client: Client) -> None:
    first = client.post("/api/tilt/events", SEED)
    assert first.status == 200
    event_id = first.json["eventId"]
    assert first.json == {
        "success": True,
        "message": "Tilt event recorded",
        "eventId": event_id,
    }
    assert client.post("/api/tilt/events", SEED).json["eventId"] == event_id
    assert client.get("/api/tilt/stats/discord_user_id").json == {
        "success": True,
        "userId": "discord_user_id",
        "totalEvents": 1,
        "averageTiltScore": 3.5,
        "maxTiltScore": 3.5,
        "lastEventAt": "2023-12-08T01:46:40.000Z",
        "eventsLast24h": 0,
        "eventsLast7d": 0,
    }
    assert client.get("/api/tilt/history/discord_user_id").json["count"] == 0
    deleted = client.delete(f"/api/tilt/events/{event_id}")
    assert (deleted.status, deleted.json) == (200, {"success": True, "message": "Event deleted"})
    assert client.get("/api/tilt/stats/discord_user_id").json["totalEvents"] == 0
    assert db.query("select count(*) from tilt.signals")[0]["count"] == 0


# POST /api/tilt/events: fields


@pytest.mark.parametrize(
    "changed",
    [
        {"userId": "x" * 64},
        {"userId": "1️⃣ \u202e user"},
        {"timestamp": NOW - 0.5},
        {"timestamp": 1420070400000},  # 2015-01-01
        {"timestamp": NOW + DAY - 60_000},
        {"signals": []},
        {"signals": ["rage-quit", "bad-beat"]},
        {"signals": [{"type": "ai-detected"}]},
        {"signals": [{"type": "x" * 64, "severity": 0, "confidence": 0}]},
        {"signals": [{"type": "loan-request", "severity": 10, "confidence": 1}]},
        {"signals": [{"type": "x", "severity": None, "confidence": None}]},
        {"signals": ["x"] * 50},
        {"tiltScore": 0},
        {"tiltScore": 100},
        {"tiltScore": 3.123456789},
        {"context": "discord-guild"},
        {"context": "poker-table"},
        {"context": None},
        {"somethingNew": {"deep": [1]}},
    ],
)
def test_what_is_accepted(client: Client, changed: dict[str, Any]) -> None:
    assert post(client, **changed).status == 200


@pytest.mark.parametrize("name", ["userId", "timestamp", "signals", "tiltScore"])
@pytest.mark.parametrize("as_null", [True, False])
def test_each_missing_field_gives_the_bots_own_sentence(
    client: Client, name: str, as_null: bool
) -> None:
    body = {**RECENT, name: None} if as_null else without(name)
    answered = client.post("/api/tilt/events", body)
    assert (answered.status, answered.json) == (400, {"error": MISSING})


def test_a_zero_time_counts_as_missing(client: Client) -> None:
    assert post(client, timestamp=0).json == {"error": MISSING}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"userId": 12345}, "userId"),
        ({"userId": "x" * 65}, "userId"),
        ({"userId": "a\0b"}, "userId"),
        ({"timestamp": "1702000000000"}, "timestamp"),
        ({"timestamp": True}, "timestamp"),
        ({"timestamp": 3_600_000}, "timestamp"),  # a duration, near 1970
        ({"timestamp": 1420070399999}, "timestamp"),
        ({"timestamp": NOW + DAY + 7_200_000}, "timestamp"),
        ({"timestamp": 10**30}, "timestamp"),
        ({"timestamp": -(10**15)}, "timestamp"),
        ({"signals": "rage"}, "signals"),
        ({"signals": {}}, "signals"),
        ({"signals": ["x"] * 51}, "signals"),
        ({"signals": [""]}, "signals.0.type"),
        ({"signals": ["x" * 65]}, "signals.0.type"),
        ({"signals": [{}]}, "signals.0.type"),
        ({"signals": [7]}, "signals.0"),
        ({"signals": ["ok", {"type": "x", "severity": 11}]}, "signals.1.severity"),
        ({"signals": [{"type": "x", "severity": "3"}]}, "signals.0.severity"),
        ({"signals": [{"type": "x", "confidence": 1.1}]}, "signals.0.confidence"),
        ({"signals": [{"type": "x", "note": "a\0b"}]}, "signals.0.note"),
        ({"tiltScore": "3.5"}, "tiltScore"),
        ({"tiltScore": True}, "tiltScore"),
        ({"tiltScore": -0.1}, "tiltScore"),
        ({"tiltScore": 100.5}, "tiltScore"),
        ({"tiltScore": float("nan")}, "tiltScore"),
        ({"tiltScore": float("inf")}, "tiltScore"),
        ({"context": "x" * 65}, "context"),
        ({"context": 5}, "context"),
    ],
)
def test_what_is_refused_names_the_field(
    client: Client, changed: dict[str, Any], field: str
) -> None:
    answered = post(client, **changed)
    assert answered.status == 400
    assert answered.json["error"].startswith(field)
    assert db.query("select count(*) from tilt.events")[0]["count"] == 0


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "7", '"x"', "{'a':1}", "[" * 60_000])
def test_a_body_that_is_no_json_object_is_refused(client: Client, body: str) -> None:
    answered = client.post("/api/tilt/events", body)
    assert answered.status == 400
    assert set(answered.json) <= {"error", "details"}  # where it stops being JSON


def test_over_64_kb_is_413(client: Client) -> None:
    assert post(client, filler="x" * 64 * 1024).status == 413
    assert post(client, filler="é" * 32 * 1024).status == 413
    assert post(client, filler="x" * 60 * 1024).status == 200


# POST /api/tilt/events: answers


def test_a_string_signal_is_stored_as_its_type_and_extra_keys_are_kept(client: Client) -> None:
    post(client, signals=["rage-quit", {"type": "bad-beat", "hand": {"cards": ["A♠"]}}])
    [event] = client.get("/api/tilt/history/discord_user_id").json["events"]
    assert event["signals"] == [
        {"type": "rage-quit"},
        {"type": "bad-beat", "hand": {"cards": ["A♠"]}},
    ]


def test_a_signal_spelled_as_text_or_object_is_the_same_event(client: Client) -> None:
    as_text = post(client, signals=["rage-quit"]).json["eventId"]
    assert post(client, signals=[{"type": "rage-quit"}]).json["eventId"] == as_text


def test_another_score_is_another_event(client: Client) -> None:
    assert post(client).json["eventId"] != post(client, tiltScore=3.6).json["eventId"]


def in_one_window(send: Callable[[], list[Answered]]) -> list[Answered]:
    """What `send` was answered within one window: at a turn of the minute the test once failed."""

    def window() -> int:
        now = "select floor(extract(epoch from clock_timestamp()) / 60)::bigint as number"
        number: int = db.query(now)[0]["number"]
        return number

    while True:
        db.query("delete from shared.rate_limits")
        db.query("delete from tilt.events")  # of a try that met the turn
        before = window()
        answers = send()
        if window() == before:
            return answers


def test_the_101st_event_of_a_minute_is_429(client: Client) -> None:
    answers = in_one_window(lambda: [post(client, tiltScore=one / 10) for one in range(101)])
    assert [one.status for one in answers] == [200] * 100 + [429]
    assert [one.headers["x-ratelimit-remaining"] for one in answers[:2]] == ["99", "98"]
    refused = answers[-1]
    assert set(refused.json) == {"error"}
    assert refused.headers["x-ratelimit-limit"] == "100"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert int(refused.headers["x-ratelimit-reset"]) >= time.time() - 1
    assert db.query("select count(*) from tilt.events")[0]["count"] == 100


def test_the_limit_is_per_user_where_keys_are_optional(
    client: Client, setting: Callable[..., None]
) -> None:
    setting(TILT_KEYS="optional")
    answers = in_one_window(
        lambda: [
            *(post(client, tiltScore=score) for score in range(101)),
            post(client, userId="somebody else"),
        ]
    )
    assert [one.status for one in answers] == [200] * 100 + [429, 200]


# GET /api/tilt/history/{userId}


def test_history_is_newest_first_with_the_count_of_the_window(client: Client) -> None:
    for age in (3, 1, 2, 8):
        post(client, timestamp=NOW - age * DAY, tiltScore=age)
    history = client.get("/api/tilt/history/discord_user_id?limit=2").json
    assert (history["count"], history["days"]) == (3, 7)
    assert [event["tilt_score"] for event in history["events"]] == [1, 2]
    rest = client.get(
        f"/api/tilt/history/discord_user_id?limit=2&cursor={history['nextCursor']}"
    ).json
    assert [event["tilt_score"] for event in rest["events"]] == [3]
    assert (rest["count"], rest["nextCursor"]) == (3, None)


def test_an_event_is_read_as_the_bot_expects(client: Client) -> None:
    event_id = post(client, timestamp=NOW - 500).json["eventId"]
    [event] = client.get("/api/tilt/history/discord_user_id").json["events"]
    assert list(event) == [
        "id",
        "user_id",
        "timestamp",
        "signals",
        "tilt_score",
        "context",
        "created_at",
    ]
    assert event["id"] == event_id
    assert event["signals"] == SEED["signals"]
    assert (event["tilt_score"], event["context"]) == (3.5, "discord-dm")
    for time_ in (event["timestamp"], event["created_at"]):
        assert len(time_) == 24
        assert time_.endswith("Z")


@pytest.mark.parametrize(
    ("query", "days", "shown"),
    [
        ("", 7, 100),
        ("?days=0&limit=0", 7, 100),
        ("?days=x&limit=x", 7, 100),
        ("?days=-3&limit=-3", 7, 100),
        ("?days=nan&limit=inf", 7, 100),
        ("?days=3.9&limit=5.0", 3, 5),
        ("?days=99&limit=9999", 30, 120),
    ],
)
def test_days_and_limit_never_fail(client: Client, query: str, days: int, shown: int) -> None:
    db.query(
        """
        insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
        select gen_random_uuid(), now() - interval '1 minute' * n, 'u', 1, '[]', ''
        from generate_series(1, 120) n
        """
    )
    answered = client.get(f"/api/tilt/history/u{query}")
    assert answered.status == 200
    assert answered.json["days"] == days
    assert len(answered.json["events"]) == shown
    assert answered.json["count"] == 120


def test_type_keeps_events_that_carry_the_signal(client: Client) -> None:
    post(client, tiltScore=1, signals=["rage-quit", "bad-beat"])
    post(client, tiltScore=2, signals=["bad-beat"])
    found = client.get("/api/tilt/history/discord_user_id?type=rage-quit").json
    assert (found["count"], [event["tilt_score"] for event in found["events"]]) == (1, [1])


def test_an_altered_cursor_or_one_of_another_query_is_refused(client: Client) -> None:
    post(client, tiltScore=1)
    post(client, tiltScore=2)
    cursor = client.get("/api/tilt/history/discord_user_id?limit=1").json["nextCursor"]
    for url in (
        f"/api/tilt/history/discord_user_id?limit=1&cursor={cursor[:-1]}x",
        f"/api/tilt/history/somebody?limit=1&cursor={cursor}",
        f"/api/tilt/history/discord_user_id?days=8&cursor={cursor}",
        "/api/tilt/history/discord_user_id?cursor=%00",
        "/api/tilt/history/discord_user_id?cursor=é",
    ):
        answered = client.get(url)
        assert (answered.status, answered.json["error"].split()[0]) == (400, "cursor")


def test_an_unknown_user_has_zero_events_and_is_no_404(client: Client) -> None:
    assert client.get("/api/tilt/history/nobody").json == {
        "success": True,
        "userId": "nobody",
        "count": 0,
        "days": 7,
        "events": [],
        "nextCursor": None,
    }


# GET /api/tilt/stats/{userId}


def test_stats_over_all_time(client: Client) -> None:
    for age, score in ((0.1, 5), (3, 2.25), (20, 1.5), (400, 0.004)):
        post(client, timestamp=int(NOW - age * DAY), tiltScore=score)
    stats = client.get("/api/tilt/stats/discord_user_id").json
    assert stats["totalEvents"] == 4
    assert stats["averageTiltScore"] == 2.19  # 8.754 / 4
    assert stats["maxTiltScore"] == 5
    assert (stats["eventsLast24h"], stats["eventsLast7d"]) == (1, 2)


def test_stats_of_an_unknown_user_are_zeros(client: Client) -> None:
    assert client.get("/api/tilt/stats/nobody").json == {
        "success": True,
        "userId": "nobody",
        "totalEvents": 0,
        "averageTiltScore": 0,
        "maxTiltScore": 0,
        "lastEventAt": None,
        "eventsLast24h": 0,
        "eventsLast7d": 0,
    }


# DELETE /api/tilt/events/{eventId}


@pytest.mark.parametrize(
    "event_id",
    [
        "12345",
        "01a1fcc9-2619-85ee-b4a2-8262dfa6dfba",
        "%00",
        "x" * 300,
        "ffffffff-ffff-8fff-bfff-ffffffffffff",
    ],
)
def test_deleting_what_is_not_there_is_200(client: Client, event_id: str) -> None:
    answered = client.delete(f"/api/tilt/events/{event_id}")
    assert (answered.status, answered.json["message"]) == (200, "Event deleted")


# Keys


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "/api/tilt/events"),
        ("GET", "/api/tilt/history/u"),
        ("GET", "/api/tilt/stats/u"),
        ("GET", "/api/tilt/trend/u"),
        ("GET", "/api/tilt/signals/u"),
        ("GET", "/api/tilt/export/u"),
        ("GET", "/api/tilt/compare/u"),
        ("GET", "/api/tilt/cooldown/u"),
        ("DELETE", "/api/tilt/events/12345"),
        ("DELETE", "/api/tilt/users/u"),
    ],
)
def test_without_a_key_401_with_a_wrong_one_403_and_none_where_optional(
    client: Client, setting: Callable[..., None], method: str, url: str
) -> None:
    body = RECENT if method == "POST" else None
    nothing = client.call(method, url, body, headers={})
    assert nothing.status == 401
    assert set(nothing.json) == {"error"}
    for headers in (
        {"X-Api-Key": "wrong"},
        {"Authorization": "Bearer wrong"},
        {"x-api-key": "ty_00000000_" + "0" * 64},
        {"X-Api-Key": "\ud800"},
    ):
        wrong = client.call(method, url, body, headers=headers)
        assert wrong.status == 403
        assert set(wrong.json) == {"error"}
    setting(TILT_KEYS="optional")
    erases = "/users/" in url  # a person, which always needs a key
    assert client.call(method, url, body, headers={}).status == (401 if erases else 200)


def test_a_bearer_key_is_as_good(client: Client) -> None:
    headers = {"authorization": f"bearer {client.headers['X-Api-Key']}"}
    assert client.get("/api/tilt/stats/u", headers=headers).status == 200


# With the database away


@pytest.mark.commits
@pytest.mark.parametrize(
    ("method", "url"),
    [("POST", "/api/tilt/events"), ("GET", "/api/tilt/history/u"), ("GET", "/api/tilt/stats/u")],
)
def test_503_with_the_database_away(
    client: Client, away: Callable[[], None], method: str, url: str
) -> None:
    away()
    answered = client.call(method, url, RECENT if method == "POST" else None)
    assert (answered.status, answered.json) == (503, {"error": "Database not connected"})
    assert "secret" not in answered.text
