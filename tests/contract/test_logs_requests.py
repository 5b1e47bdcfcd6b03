"""The wire contract of log ingestion before any event is looked at: keys, limits, sizes, bodies."""

from __future__ import annotations

import gzip
import json

import pytest

from functions.logs.ingest import batch
from functions.logs.servers import keys
from functions.shared import auth, db
from tests.support.client import Client
from tests.support.logs.ingest import EXAMPLE, URL, chat, send, stored, sums
from tests.support.logs.panel import SERVER, make_staff
from tests.support.server import API_KEY


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
    db.query(f"update shared.api_keys set {change}")  # type: ignore[arg-type]
    assert game.post(URL, EXAMPLE).status == 403


def test_a_key_of_something_else_is_403(game: Client) -> None:
    for scopes in (["tilt:write"], ["ttt:write"], ["staff"], ["admin"], ["logs:write"]):
        key = auth.issue("bot", scopes)
        answered = game.post(URL, EXAMPLE, headers={"X-Server-Key": key})
        assert (answered.status, answered.json) == (403, {"error": "Invalid server key"}), scopes


def test_a_key_is_checked_before_the_body_and_the_limit_before_its_size(game: Client) -> None:
    huge = "x" * (batch.MAX_BYTES + 1)
    assert game.post(URL, huge, headers={"X-Server-Key": "x"}).status == 403
    db.query("update shared.rate_limits set count = 5000")
    assert game.post(URL, huge).status == 413  # counts as the first of its window
    db.query("update shared.rate_limits set count = 5000")
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
        ('["oops"]', 200),
        ("x" * (batch.MAX_BYTES + 1), 413),
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
    padded = event + " " * (batch.MAX_BYTES - len(event))
    assert game.post(URL, padded).status == 200
    answered = game.post(URL, padded + " ")
    assert answered.status == 413
    assert answered.json == {"error": "Payload too large", "maxBytes": 2_097_152}
    wide = json.dumps([chat("☭" * 700_000)], ensure_ascii=False)
    assert len(wide) < batch.MAX_BYTES < len(wide.encode())
    assert game.post(URL, wide).status == 413


def test_a_batch_may_be_gzip_and_is_measured_unpacked(game: Client) -> None:
    headers = {**game.headers, "Content-Type": "text/plain", "Content-Encoding": "gzip"}
    event = json.dumps([chat()])
    padded = event + " " * (batch.MAX_BYTES - len(event))
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
        ('{"events":[{"hp":,"armor":100,}]}', 30),
        ('[{"say":"nan \\" inf","hp":-inf,"mana":,"x":nope}]', 43),
        ('[{"hp":infinite}]', 7),
        ('[{"hp":,}]', 8),
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


def test_with_every_event_rejected_it_is_200_with_the_reasons(game: Client) -> None:
    """Regression: it was 400, and a script in use repeats every answer but 2xx, for ever."""
    answered = game.post(URL, {"events": ["oops", {"metadata": "x"}, chat("a\0b")]})
    assert answered.status == 200
    assert answered.json == {
        **dict.fromkeys(("ingested", "stored", "duplicates", "queued", "ignored"), 0),
        "received": 3,
        "rejected": 3,
        "results": [
            {"index": 0, "status": "rejected", "reason": "not_an_object"},
            {"index": 1, "status": "rejected", "reason": "metadata_invalid"},
            {"index": 2, "status": "rejected", "reason": "text_has_nul"},
        ],
    }
    staff = make_staff()
    counted = staff.get("/api/ingest/stats").json["rejected"]
    assert counted == {"metadata_invalid": 1, "not_an_object": 1, "text_has_nul": 1}
