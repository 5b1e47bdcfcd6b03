"""The wire contract of log ingestion: what hooks of a GMod server send, and what they are told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.logs import batches, keys, senders
from functions.shared import auth, db, ids
from tests.client import Client
from tests.conftest import API_KEY, Queues
from tests.logs.panel import NOW, SERVER, ago, make_server, make_staff, stamp
from tests.spool.conftest import Mapping

Away = Callable[[], None]
URL = "/api/ingest/logs"
ANA = "STEAM_0:1:101"
# As a server's script sends it, but for the comment that it assumes receipt near these times.
EXAMPLE = """
{"events":[
 {"type":"CONNECT","gameMode":"SANDBOX","timestamp":"2026-03-02T19:00:00Z","steamId":"STEAM_0:1:101","playerName":"Ana","metadata":{"ip":"203.0.113.9","port":48878.0,"authType":"steam","group":"user"},"map":"gm_construct","playerCount":1.0},
 {"type":"CHAT","timestamp":"2026-03-02T19:00:03Z","steamId":"STEAM_0:1:101","playerName":"Ana","rawText":"Ana: olá ☭","metadata":{"message":"olá ☭","chatScope":"GLOBAL","lifeState":"ALIVE"}},
 {"type":"PROP_SPAWN","timestamp":"2026-03-02T19:00:05Z","steamId":"STEAM_0:1:101","playerName":"Ana","metadata":{"spawnKind":"SENT","entityClass":"item_healthkit","entIndex":655.0,"propModel":"models/items/healthkit.mdl"}},
 {"type":"BUILD_SAVE","timestamp":"2026-03-02T19:00:06Z","steamId":"STEAM_0:1:101","playerName":"Ana","rawText":"saved","metadata":{"slot":2.0}},
 "oops"]}
"""  # noqa: E501
RECEIPT = datetime(2026, 3, 2, 19, 0, 10, tzinfo=UTC)


class Clock(datetime):
    """A clock that stands still."""

    moment = RECEIPT

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.moment


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Clock]]:
    """Whatever is sent arrives at RECEIPT."""
    monkeypatch.setattr(batches, "datetime", Clock)
    yield Clock
    Clock.moment = RECEIPT


@pytest.fixture
def game(store: str) -> Client:
    return make_server()


def chat(text: str = "hi", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    sent = {"type": "CHAT", "timestamp": stamp(at), "steamId": ANA, "playerName": "Ana"}
    return {**sent, "metadata": {"message": text}, **more}


def sums(answer: Any) -> dict[str, int]:
    return {name: value for name, value in answer.items() if isinstance(value, int) and value}


def stored() -> int:
    return int(db.run("select count(*) from logs.events")[0]["count"])


def send(game: Client, *events: Any) -> Any:
    answered = game.post(URL, list(events))
    assert answered.status in (200, 202), answered.text
    return answered.json


# --- what is checked before any event, in this order ---


@pytest.mark.parametrize("headers", [{}, {"X-Server-Key": ""}, {"X-Api-Key": API_KEY}])
def test_without_a_server_key_it_is_401(game: Client, headers: dict[str, str]) -> None:
    answered = game.post(URL, "no json", headers=headers)
    assert (answered.status, answered.json) == (401, {"error": "Missing server API key"})


@pytest.mark.parametrize(
    "key",
    [
        "x",
        API_KEY,
        "sk_live_00000000_" + "a" * 40,
        "sk_live_0000000_" + "a" * 40,
        "sk_live_é0000000_" + "a" * 40,
        "Bearer undefined",
        "\udc80",
    ],
)
def test_an_unknown_key_is_403(game: Client, key: str) -> None:
    answered = game.post(URL, "no json", headers={"X-Server-Key": key})
    assert (answered.status, answered.json) == (403, {"error": "Invalid server key"})


@pytest.mark.parametrize("change", ["revoked_at = now()", "expires_at = now()"])
def test_a_dead_key_is_403(game: Client, change: str) -> None:
    db.run(f"update shared.api_keys set {change}")  # type: ignore[arg-type]
    assert game.post(URL, EXAMPLE).status == 403


def test_a_key_of_something_else_is_403(game: Client) -> None:
    for scopes in (["tilt:write"], ["ttt:write"], ["staff"], ["admin"], ["logs:write"]):
        key = auth.issue("bot", scopes)
        answered = game.post(URL, EXAMPLE, headers={"X-Server-Key": key})
        assert (answered.status, answered.json) == (403, {"error": "Invalid server key"}), scopes


def test_a_key_is_checked_before_the_body_and_the_limit_before_its_size(game: Client) -> None:
    huge = "x" * (batches.MAX_BYTES + 1)
    assert game.post(URL, huge, headers={"X-Server-Key": "x"}).status == 403
    db.run("update shared.limits set spent = 5000")
    assert game.post(URL, huge).status == 413  # counts as the first of its window
    db.run("update shared.limits set spent = 5000")
    answered = game.post(URL, huge)
    assert (answered.status, answered.json) == (429, {"error": "Too many requests"})
    assert 1 <= int(answered.headers["retry-after"]) <= 60
    assert answered.headers["x-ratelimit-remaining"] == "0"


def test_the_limit_is_each_keys_own(game: Client) -> None:
    other = Client({"X-Server-Key": keys.issue(SERVER, "Rita")["apiKey"]})
    assert game.post(URL, [chat()]).headers["x-ratelimit-remaining"] == "4999"
    assert game.post(URL, [chat()]).headers["x-ratelimit-remaining"] == "4998"
    assert other.post(URL, [chat()]).headers["x-ratelimit-remaining"] == "4999"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("oops", 400),
        ("[]", 400),
        ('["oops"]', 400),
        ("x" * (batches.MAX_BYTES + 1), 413),
        (json.dumps([0] * 2001), 413),
    ],
)
def test_what_is_refused_says_what_is_left_of_the_limit(
    game: Client, body: str, status: int
) -> None:
    """Regression: it was counted, and told nothing."""
    answered = game.post(URL, body)
    assert answered.status == status
    assert answered.headers["x-ratelimit-limit"] == "5000"
    assert answered.headers["x-ratelimit-remaining"] == "4999"
    assert int(answered.headers["x-ratelimit-reset"]) > 0


def test_a_body_of_2_mib_is_taken_and_one_byte_more_is_413(game: Client) -> None:
    event = json.dumps([chat()])
    padded = event + " " * (batches.MAX_BYTES - len(event))
    assert game.post(URL, padded).status == 200
    answered = game.post(URL, padded + " ")
    assert answered.status == 413
    assert answered.json == {"error": "Payload too large", "maxBytes": 2_097_152}
    wide = json.dumps([chat("☭" * 700_000)], ensure_ascii=False)
    assert len(wide) < batches.MAX_BYTES < len(wide.encode())
    assert game.post(URL, wide).status == 413


def test_a_batch_may_be_gzip_and_is_measured_unpacked(game: Client) -> None:
    headers = {**game.headers, "Content-Type": "text/plain", "Content-Encoding": "gzip"}
    event = json.dumps([chat()])
    padded = event + " " * (batches.MAX_BYTES - len(event))
    assert game.post(URL, gzip.compress(padded.encode(), 1), headers=headers).json["stored"] == 1
    answered = game.post(URL, gzip.compress(padded.encode() + b" ", 1), headers=headers)
    assert answered.json == {"error": "Payload too large", "maxBytes": 2_097_152}
    answered = game.post(URL, b"no gzip", headers=headers)
    assert (answered.status, answered.json) == (400, {"error": "Invalid gzip"})


@pytest.mark.parametrize(
    ("body", "position"),
    [
        ("", 0),
        ("{", 1),
        ('{"events":[{"hp":,"armor":100}]}', 17),  # what GMod writes for NaN
        ('[{"hp":NaN}]', 7),
        ('[{"say":"NaN \\" Infinity","hp":-Infinity}]', 31),
        ('[{"hp":Infinity}]', 7),
        ('[{"hp":nan}]', 7),
        ('[{"hp":inf}]', 7),
        ("oops", 0),
    ],
)
def test_no_json_is_400_with_the_place(game: Client, body: str, position: int) -> None:
    answered = game.post(URL, body)
    assert answered.status == 400
    assert (answered.json["error"], answered.json["received"]) == ("Invalid JSON", 0)
    [detail] = answered.json["details"]
    assert detail["field"] == "body"
    assert detail["problem"].endswith(f" at character {position}")
    assert stored() == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{}", "object"),
        ("[]", "array"),
        ('{"events":[]}', "object"),
        ('{"events":{}}', "object"),
        ('{"events":null}', "object"),
        ('{"events":"x"}', "object"),
        ('{"events":{"2":{}}}', "object"),
        ('{"type":"CHAT"}', "object"),
        ('"text"', "string"),
        ("5", "number"),
        ("5.5", "number"),
        ("true", "boolean"),
        ("null", "null"),
    ],
)
def test_no_events_are_400(game: Client, body: str, kind: str) -> None:
    answered = game.post(URL, body)
    assert answered.status == 400
    assert answered.json == {
        "error": "No events to ingest",
        "received": 0,
        "bodyType": kind,
        "preview": body,
    }


def test_the_preview_ends_after_200_characters(game: Client) -> None:
    answered = game.post(URL, json.dumps({"say": "☭" * 300}, ensure_ascii=False))
    assert answered.json["preview"] == '{"say": "' + "☭" * 191


def test_2000_events_are_taken_and_2001_are_413(game: Client) -> None:
    many = [chat(str(number)) for number in range(2001)]
    answered = game.post(URL, many)
    assert answered.status == 413
    assert answered.json == {"error": "Too many events", "received": 2001, "max": 2000}
    assert stored() == 0
    assert sums(send(game, *many[:2000])) == {"ingested": 2000, "received": 2000, "stored": 2000}
    assert stored() == 2000


def test_with_every_event_rejected_it_is_400_with_the_reasons(game: Client) -> None:
    answered = game.post(URL, {"events": ["oops", {"metadata": "x"}, chat("a\0b")]})
    assert answered.status == 400
    assert answered.json == {
        "error": "No valid events",
        "received": 3,
        "results": [
            {"index": 0, "status": "rejected", "reason": "not_an_object"},
            {"index": 1, "status": "rejected", "reason": "metadata_invalid"},
            {"index": 2, "status": "rejected", "reason": "text_has_nul"},
        ],
    }
    staff = make_staff()
    counted = staff.get("/api/ingest/stats").json["rejected"]
    assert counted == {"metadata_invalid": 1, "not_an_object": 1, "text_has_nul": 1}


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
    assert known[1] == str(ids.event_id(at_ms, *said, ordinal=0))

    again = game.post(URL, EXAMPLE).json
    assert sums(again) == {"ingested": 4, "received": 5, "duplicates": 4, "rejected": 1}
    assert [one["status"] for one in again["results"][:4]] == ["duplicate"] * 4
    assert [one["id"] for one in again["results"][:4]] == known

    staff = make_staff()
    read = staff.get("/api/logs").json
    assert [one["id"] for one in read] == known[::-1]
    assert [one["rawText"] for one in read] == ["saved", "PROP_SPAWN", "Ana: olá ☭", "CONNECT"]
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
    assert answered.status == 400
    reasons = [one["reason"] for one in answered.json["results"]]
    assert reasons == ["timestamp_too_old"] * 4 + ["not_an_object"]


def test_who_keeps_raw_events_longer_takes_older_ones(game: Client, then: type[Clock]) -> None:
    Clock.moment = datetime.now(UTC)
    old = chat(at=ago(days=100))
    assert game.post(URL, [old]).json["results"][0]["reason"] == "timestamp_too_old"
    db.run(
        """
        insert into rollups.sources (name, time_column, keep)
        values ('logs.hours', 'hour', interval '120 days')
        on conflict (name) do update
        set keep = excluded.keep
        """
    )
    assert send(game, old)["results"][0]["warnings"] == ["late"]
    # What was dropped once stays dropped, whatever is kept from now on.
    db.run("update rollups.sources set horizon = now() - interval '99 days'")
    assert game.post(URL, [old]).json["results"][0]["reason"] == "timestamp_too_old"


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
    [kept] = make_staff().get("/api/logs?search=CHAT&limit=1").json
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


# --- what staff choose not to keep ---


def test_what_matches_a_rule_is_not_stored_and_is_counted(game: Client) -> None:
    staff = make_staff()
    rules = {
        "ignoredTools": ["CREATOR", "crea"],
        "ignoredCommands": ["!menu"],
        "rawTextFilters": ["Secret", " "],
    }
    assert staff.put("/api/site-config", {"logs": rules}).status == 200
    answer = send(
        game,
        {"type": "TOOL_USE", "metadata": {"toolName": "tool_Creator"}},
        {"type": "COMMAND", "metadata": {"command": "!MENU"}},
        {"type": "ULX", "metadata": {"command": "x!menu"}},
        chat(rawText="the SECRET door"),
        {"type": "CONNECT", "rawText": "secret"},
        {"type": "DISCONNECT", "rawText": "secret"},
        {"type": "ROUND_END", "rawText": "secret"},
        {"type": "ROUND_PREPARE", "rawText": "secret"},  # was ignored: only two were spared
        {"type": "CHAT", "rawText": "creator !menu"},
    )
    assert sums(answer) == {"ingested": 5, "received": 9, "stored": 5, "ignored": 4}
    results = answer["results"]
    assert [(one["status"], one.get("reason")) for one in results[:4]] == [
        ("ignored", "rule:tool"),
        ("ignored", "rule:command"),
        ("ignored", "rule:command"),
        ("ignored", "rule:rawText"),
    ]
    assert "id" not in results[0]
    told = staff.get("/api/ingest/stats").json
    assert told["tools"] == {"CREATOR": 1}
    assert told["commands"] == {"!menu": 2}
    assert told["rawText"] == {"Secret": 1}
    staff.put("/api/site-config", {"logs": {}})
    assert send(game, chat(rawText="the SECRET door"))["stored"] == 1


def test_with_everything_ignored_it_is_200(game: Client) -> None:
    make_staff().put("/api/site-config", {"logs": {"rawTextFilters": ["a"]}})
    assert sums(send(game, chat(rawText="a"))) == {"received": 1, "ignored": 1}


def test_which_of_equal_events_one_is_does_not_depend_on_the_rules(game: Client) -> None:
    staff = make_staff()
    two = [chat(rawText="secret"), chat(rawText="open")]  # equal but for the text
    staff.put("/api/site-config", {"logs": {"rawTextFilters": ["secret"]}})
    first = send(game, *two)
    staff.put("/api/site-config", {"logs": {}})
    second = send(game, *two)
    assert [one["status"] for one in second["results"]] == ["stored", "duplicate"]
    assert second["results"][1]["id"] == first["results"][1]["id"]


# --- statistics ---


def test_the_statistics_add_up(game: Client) -> None:
    send(game, chat("1"), chat("1"), {"type": "BOO"}, chat(timestamp="?"), "oops")
    send(game, chat("1"), chat(at=NOW + timedelta(minutes=10)))
    told = make_staff().get("/api/ingest/stats")
    assert told.headers["cache-control"] == "no-store"
    clock = told.json["clock"][SERVER]
    assert {name: told.json[name] for name in ("stored", "duplicates", "rejected")} == {
        "stored": 5,
        "duplicates": 1,
        "rejected": {"not_an_object": 1},
    }
    assert told.json["unknownTypes"] == {"BOO": 1}
    assert (clock["missing"], clock["invalid"], clock["future"]) == (1, 1, 1)


def test_of_unknown_types_the_most_frequent_are_told(game: Client) -> None:
    """Whoever sends a new type with every event made the answer larger than any may be."""
    send(game, *[{"type": f"T{n}", "eventId": str(n)} for n in range(1100)])
    send(game, {"type": "T1099"})
    told = make_staff().get("/api/ingest/stats").json
    assert (len(told["unknownTypes"]), told["unknownTypes"]["T1099"]) == (1000, 2)
    assert told["stored"] == 1101


def test_the_clock_skew_is_the_median_of_the_last_100(game: Client, then: type[Clock]) -> None:
    def skew() -> Any:
        return make_staff().get("/api/ingest/stats").json["clock"][SERVER]["medianSkewSeconds"]

    send(game, *[chat(str(n), at=RECEIPT - timedelta(seconds=n)) for n in (1, 2, 9)])
    assert skew() == 2
    send(game, chat("old", at=RECEIPT - timedelta(days=2)))  # says nothing of the clock
    assert skew() == 2
    send(game, *[chat(f"a {n}", at=RECEIPT + timedelta(days=365)) for n in range(100)])
    assert skew() == -365 * 86_400
    send(game, *[chat(f"b {n}", at=RECEIPT) for n in range(60)])
    assert skew() == 0
    send(game, *[chat(f"b {n}", at=RECEIPT) for n in range(60)])
    [row] = db.run("select cardinality(milliseconds) as known from logs.skews")
    assert row["known"] == 100


# --- with the database away ---


def leave(away: Away) -> None:
    """The database goes away while this process knows the key and the server."""
    known = dict(auth._seen)
    away()
    auth._seen.update(known)


@pytest.mark.commits
def test_with_the_database_away_events_are_202_and_keep_their_ids(
    game: Client, queues: Queues, away: Away, store: str, setting: Callable[..., None]
) -> None:
    before = send(game, chat("before"))
    sent = [chat("a"), "oops", chat("a"), chat("b", timestamp=None), chat("before")]
    leave(away)
    answered = game.post(URL, sent)
    assert answered.status == 202
    assert sums(answered.json) == {"ingested": 4, "received": 5, "queued": 4, "rejected": 1}
    assert [one["status"] for one in answered.json["results"]] == [
        "queued",
        "rejected",
        "queued",
        "queued",
        "queued",
    ]
    setting(DATABASE_URL=store)
    db._ask_again_at = 0.0
    bodies = queues.bodies()
    for _ in range(2):  # a message may come twice
        Mapping(queues).deliver(*bodies)
    assert queues.bodies(queues.dead_letters) == []
    assert stored() == 4
    again = send(game, *sent)
    assert sums(again) == {"ingested": 4, "received": 5, "duplicates": 4, "rejected": 1}
    known = [one.get("id") for one in answered.json["results"]]
    assert [one.get("id") for one in again["results"]] == known
    assert known[4] == before["results"][0]["id"]


@pytest.mark.commits
def test_a_large_batch_fits_into_the_spool(
    game: Client, queues: Queues, away: Away, store: str, setting: Callable[..., None]
) -> None:
    assert game.post(URL, [chat()]).status == 200
    leave(away)
    details = {"message": 'é"\\' * 150, "more": "☭" * 30}
    sent = [chat(str(n), metadata=details | {"n": n}, eventId=str(n)) for n in range(800)]
    assert game.post(URL, sent).json["queued"] == 800
    setting(DATABASE_URL=store)
    db._ask_again_at = 0.0
    bodies = queues.bodies()
    assert len(bodies) > 5
    for body in bodies:
        Mapping(queues).deliver(body)
    assert stored() == 801
    assert send(game, *sent)["duplicates"] == 800


def test_neither_stored_nor_queued_is_503(game: Client, away: Away) -> None:
    assert game.post(URL, [chat()]).status == 200
    leave(away)
    answered = game.post(URL, [chat("more")])
    assert (answered.status, answered.json) == (503, {"error": "Temporarily unavailable"})
    assert int(answered.headers["retry-after"]) > 0
    assert game.post(URL, "no json").status == 400
    assert game.post(URL, ["oops"]).status == 400


def test_with_the_database_away_an_unknown_key_is_503(game: Client, away: Away) -> None:
    away()
    senders._known.clear()
    for key in (game.headers["X-Server-Key"], "sk_live_00000000_" + "a" * 40):
        answered = game.post(URL, [chat()], headers={"X-Server-Key": key})
        assert (answered.status, answered.json) == (503, {"error": "Temporarily unavailable"})


# --- signs of life ---


def life() -> Any:
    [found] = Client().get("/api/servers").json
    return found


@pytest.mark.parametrize(
    ("query", "body", "players", "where"),
    [
        ("", {"map": "gm_construct", "playerCount": 12.0}, 12, "gm_construct"),
        ("", {"Map": "a", "PlayerCount": "7.9"}, 7, "a"),
        ("", {"mapName": "a", "count": 0}, 0, "a"),
        ("?map=b&playerCount=3", {"map": "a"}, 3, "a"),
        ("?map=b&playerCount=3", {"Map": "a", "count": 2}, 2, "a"),
        ("?map=b&playerCount=3", None, 3, "b"),
        ("?map=b&playerCount=3", "no json", 3, "b"),
        ("?map=b", [1], 5, "b"),
        ("", "", 5, "old"),
        ("", {"playerCount": -1, "map": 7}, 5, "old"),
        ("", {"playerCount": "many", "map": ""}, 5, "old"),
        ("", '{"playerCount": NaN}', 5, "old"),
        ("", {"map": "x\0y"}, 5, "old"),
    ],
)
def test_a_heartbeat(game: Client, query: str, body: Any, players: int, where: str) -> None:
    db.run("update logs.servers set players = 5, map = 'old'")
    answered = game.post(f"/api/servers/heartbeat{query}", body)
    assert answered.status == 200
    assert answered.json["ok"] is True
    assert abs(datetime.fromisoformat(answered.json["serverTime"]) - datetime.now(UTC)) < timedelta(
        seconds=10
    )
    found = life()
    assert (found["status"], found["currentPlayers"]) == ("online", players)
    assert found["currentMap"] == where
    [row] = db.run("select server_id, players, map from logs.heartbeats")
    assert row["server_id"] == SERVER
    assert row["players"] == (players if players != 5 else None)


def test_a_heartbeat_needs_a_server_key(game: Client) -> None:
    url = "/api/servers/heartbeat"
    answered = game.post(url, {}, headers={})
    assert (answered.status, answered.json) == (401, {"error": "Missing server API key"})
    answered = game.post(url, {}, headers={"X-Server-Key": "x"})
    assert (answered.status, answered.json) == (403, {"error": "Invalid server key"})


def test_of_a_server_that_is_gone_no_heartbeat_is_kept(game: Client) -> None:
    """A process that knew the key noted heartbeats of a removed server for another minute, and
    any key of that scope some of a server that never was."""
    url = "/api/servers/heartbeat"
    assert game.post(url, {}).status == 200
    db.run("update logs.servers set deleted_at = now()")  # as another process does
    ghost = auth.issue("srv_ghost", ["logs:write"])
    for headers in (game.headers, {"X-Server-Key": ghost}):
        answered = game.post(url, {"playerCount": 5}, headers=headers)
        assert (answered.status, answered.json) == (403, {"error": "Invalid server key"})
    assert len(db.run("select at from logs.heartbeats")) == 1
    assert db.run("select players from logs.servers") == [{"players": 0}]


@pytest.mark.commits
def test_with_the_database_away_a_heartbeat_is_queued_as_of_then(
    game: Client, queues: Queues, away: Away, store: str, setting: Callable[..., None]
) -> None:
    assert game.post("/api/servers/heartbeat", {}).status == 200
    leave(away)
    answered = game.post("/api/servers/heartbeat", {"map": "a", "playerCount": 3})
    assert answered.status == 200
    setting(DATABASE_URL=store)
    db._ask_again_at = 0.0
    [body] = queues.bodies()
    Mapping(queues).deliver(body, body)
    rows = db.run("select at, players, map from logs.heartbeats order by at")
    assert len(rows) == 2
    assert abs(rows[1]["at"] - datetime.fromisoformat(answered.json["serverTime"])) < timedelta(
        milliseconds=1
    )
    assert (rows[1]["players"], rows[1]["map"]) == (3, "a")


def test_a_heartbeat_that_can_be_kept_nowhere_is_503(game: Client, away: Away) -> None:
    assert game.post("/api/servers/heartbeat", {}).status == 200
    leave(away)
    answered = game.post("/api/servers/heartbeat", {})
    assert (answered.status, answered.json) == (503, {"error": "Temporarily unavailable"})


def test_a_live_event_is_a_sign_of_life_too(game: Client) -> None:
    now = datetime.now(UTC)
    send(game, chat(at=now - timedelta(seconds=121), map="gm_old", playerCount=9))
    assert life()["status"] == "offline"
    assert life()["currentPlayers"] == 0
    send(
        game,
        chat("new", at=now - timedelta(seconds=5), map="gm_new"),
        chat("older", at=now - timedelta(seconds=60), map="gm_older", playerCount=4),
    )
    found = life()
    assert (found["status"], found["currentPlayers"]) == ("online", 4)
    assert found["currentMap"] == "gm_new"
    send(game, chat("oldest", at=now - timedelta(seconds=90), map="gm_older", playerCount=2))
    assert (life()["currentPlayers"], life()["currentMap"]) == (4, "gm_new")
    db.run("update logs.servers set last_sign_at = now() - interval '121 seconds'")
    assert (life()["status"], life()["currentPlayers"]) == ("offline", 0)
    send(game, chat("new", at=now - timedelta(seconds=5), map="gm_new"))  # sent again
    assert life()["status"] == "online"
