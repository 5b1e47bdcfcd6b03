"""The common wire rules: what every door does, whatever its domain."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.support.client import Client

EVENT = {"userId": "u", "timestamp": int(time.time() * 1000), "signals": [], "tiltScore": 2}


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/json; charset=utf-8", "text/xml", "nonsense"]
)
def test_any_content_type_is_parsed_as_json(client: Client, content_type: str | None) -> None:
    headers = client.headers | ({"Content-Type": content_type} if content_type else {})
    assert client.post("/api/tilt/events", EVENT, headers=headers).status == 200


def test_integers_may_arrive_as_floats(client: Client) -> None:
    as_float = {**EVENT, "timestamp": float(EVENT["timestamp"]), "tiltScore": 2.0}
    ids = {client.post("/api/tilt/events", one).json["eventId"] for one in (EVENT, as_float)}
    assert len(ids) == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_400_and_name_the_field(client: Client, number: str) -> None:
    body = json.dumps({**EVENT, "tiltScore": "@"}).replace('"@"', number)
    answered = client.post("/api/tilt/events", body)
    assert answered.status == 400
    assert answered.json["details"][0]["field"] == "tiltScore"


@pytest.mark.parametrize("url", ["/api/tilt/stats/u", "/api/tilt/stats/u/", "/openapi.json/", "/"])
def test_a_trailing_slash_reaches_the_same_route(client: Client, url: str) -> None:
    assert client.get(url).status == 200


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/api/tilt/stats/u"),
        ("GET", "/nowhere"),
        ("PUT", "/api/tilt/stats/u"),
        ("POST", "/api/tilt/events"),
        ("OPTIONS", "/api/tilt/events"),
    ],
)
def test_cors_and_a_request_id_are_on_every_answer(client: Client, method: str, url: str) -> None:
    headers = client.call(method, url, headers={"Origin": "null"}).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-request-id"] == "the-request-id"
    assert headers["x-content-type-options"] == "nosniff"
    exposed = headers["access-control-expose-headers"]
    for name in ("X-RateLimit-Limit", "ETag", "Retry-After"):
        assert name in exposed


def test_preflight_allows_what_the_clients_send(client: Client) -> None:
    answered = client.call("OPTIONS", "/api/tilt/events", headers={"Origin": "null"})
    assert (answered.status, answered.json) == (200, {})
    allowed = answered.headers["access-control-allow-headers"]
    for name in (
        "Authorization",
        "Content-Type",
        "X-Api-Key",
        "X-Server-Key",
        "Idempotency-Key",
        "If-Match",
    ):
        assert name in allowed
    assert answered.headers["access-control-allow-methods"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/api/tilt/nowhere", 404),
        ("PUT", "/api/tilt/events", 405),
        ("POST", "/api/tilt/events", 400),
        ("DELETE", "/api/tilt/events/1", 200),
        ("OPTIONS", "/nowhere", 200),
    ],
)
def test_every_answer_has_a_json_body(client: Client, method: str, url: str, status: int) -> None:
    answered = client.call(method, url, "" if method == "POST" else None)
    assert answered.status == status
    assert isinstance(answered.json, dict)


def test_unknown_fields_are_ignored(client: Client) -> None:
    assert client.post("/api/tilt/events", {**EVENT, "new": None}).status == 200


@pytest.mark.parametrize("text", ["имя", "名前", "🎲", "\u202eright", "a b", "%", "/", "..", "?"])
def test_any_unicode_may_be_a_user(client: Client, text: str) -> None:
    from urllib.parse import quote

    client.post("/api/tilt/events", {**EVENT, "userId": text})
    answered = client.get(f"/api/tilt/stats/{quote(text, safe='')}")
    assert (answered.json["userId"], answered.json["totalEvents"]) == (text, 1)


def test_a_lone_surrogate_is_replaced(client: Client) -> None:
    body = json.dumps({**EVENT, "userId": "a@b"}).replace("@", "\\ud800")
    assert client.post("/api/tilt/events", body).status == 200
    assert client.get("/api/tilt/stats/a%EF%BF%BDb").json["totalEvents"] == 1


def test_nul_is_refused_in_paths_too(client: Client) -> None:
    assert client.get("/api/tilt/stats/a%00b").status == 400


def test_lengths_are_limited_and_named(client: Client) -> None:
    answered = client.get("/api/tilt/stats/" + "x" * 65)
    assert (answered.status, answered.json["error"]) == (
        400,
        "user_id must have at most 64 characters",
    )


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/api/tilt/nowhere", {"error": "Not found"}),
        ("/nowhere", {"error": "Not found"}),
        ("/api/collect/nowhere", {"error": "Not found"}),
    ],
)
def test_an_unknown_path_is_404(client: Client, url: str, body: Any) -> None:
    answered = client.get(url)
    assert (answered.status, answered.json) == (404, body)


def test_personal_answers_are_not_stored(client: Client) -> None:
    for url in ("/api/tilt/stats/u", "/api/tilt/history/u", "/api/tilt/nowhere"):
        assert client.get(url).headers["cache-control"] == "no-store"


def test_a_matching_etag_is_304(client: Client) -> None:
    first = client.get("/openapi.json")
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status, again.status, again.text) == (200, 304, "")
