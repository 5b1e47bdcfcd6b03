"""A Discord bot against the deployed stack: over HTTP, with nothing faked."""

from __future__ import annotations

import json
import shlex
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.client import Answered
from tests.support.stack import Database, Wire

NOW = int(time.time() * 1000)

# The examples of the bot's own documentation, verbatim but for the address.
CURLS = r"""
# Record a tilt event
curl -X POST http://localhost:3000/api/tilt/events \
  -H "Content-Type: application/json" \
  -d '{
    "userId": "test-user-123",
    "timestamp": '$(date +%s000)',
    "signals": [{"type": "rage-keywords", "severity": 4}],
    "tiltScore": 3.5,
    "context": "discord-dm"
  }'

# Get history
curl http://localhost:3000/api/tilt/history/test-user-123?days=7

# Get stats
curl http://localhost:3000/api/tilt/stats/test-user-123

# Delete an event
curl -X DELETE http://localhost:3000/api/tilt/events/12345
"""


def event(user: str, **changed: Any) -> dict[str, Any]:
    return {"userId": user, "timestamp": NOW, "signals": ["x"], "tiltScore": 2, **changed}


def curl(http: Wire, command: str) -> Answered:
    """Does what curl would with -X, -H and -d: a fresh machine has no curl."""
    words = shlex.split(command.replace("$(date +%s000)", f"{int(time.time())}000"))[1:]
    method, headers, body, url = "", {}, None, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        else:
            url = word
    path = url.removeprefix("http://localhost:3000")
    return http(method or ("POST" if body else "GET"), path, body, headers)


def test_the_documentations_curl_examples(http: Wire) -> None:
    commands = [part for part in CURLS.split("\n\n") if "curl" in part]
    recorded, history, stats, deleted = (
        curl(http, part[part.index("curl") :].replace("\\\n", " ")) for part in commands
    )
    assert recorded.json["message"] == "Tilt event recorded"
    assert history.json["events"][0]["id"] == recorded.json["eventId"]
    assert stats.json["averageTiltScore"] == 3.5
    assert deleted.json == {"success": True, "message": "Event deleted"}


def test_post_repeat_history_stats_delete(http: Wire) -> None:
    first = http("POST", "/api/tilt/events", event("bot"))
    assert (first.status, first.headers["content-type"]) == (200, "application/json")
    assert first.headers["access-control-allow-origin"] == "*"
    event_id = first.json["eventId"]
    assert http("POST", "/api/tilt/events", event("bot")).json["eventId"] == event_id
    assert http("GET", "/api/tilt/history/bot?days=7&limit=50").json["count"] == 1
    assert http("GET", "/api/tilt/stats/bot/").json["totalEvents"] == 1
    assert http("DELETE", f"/api/tilt/events/{event_id}").status == 200
    assert http("GET", "/api/tilt/stats/bot").json["totalEvents"] == 0


def test_32_parallel_posts_are_all_stored_once(http: Wire) -> None:
    def post(index: int) -> int:
        return http("POST", "/api/tilt/events", event("crowd", tiltScore=index // 2)).status

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(post, range(32))) == {200}
    assert http("GET", "/api/tilt/stats/crowd").json["totalEvents"] == 16


def test_the_database_stops_and_starts_between_requests(http: Wire, database: Database) -> None:
    before = http("POST", "/api/tilt/events", event("patient")).json["eventId"]
    database.stop()
    try:
        queued = http("POST", "/api/tilt/events", event("patient", tiltScore=3))
        assert (queued.status, queued.json["message"]) == (202, "Tilt event queued")
        for method, path in (("GET", "stats/patient"), ("DELETE", f"events/{before}")):
            reply = http(method, f"/api/tilt/{path}")
            assert (reply.status, reply.json) == (503, {"error": "Database not connected"})
    finally:
        database.start()
    assert http("POST", "/api/tilt/events", event("patient")).json["eventId"] == before
    again = http("POST", "/api/tilt/events", event("patient", tiltScore=3))
    assert (again.status, again.json["eventId"]) == (200, queued.json["eventId"])
    assert http("GET", "/api/tilt/stats/patient").json["totalEvents"] == 2


@pytest.mark.parametrize(
    "user", ["a b", "a/b", "100%", "%2F", "STEAM_0:1:5", "名前 🎲", "a+b", "?&#"]
)
def test_a_user_id_survives_the_way_through_edge_and_gateway(http: Wire, user: str) -> None:
    assert http("POST", "/api/tilt/events", event(user)).status == 200
    stats = http("GET", f"/api/tilt/stats/{quote(user, safe='')}")
    assert (stats.json["userId"], stats.json["totalEvents"]) == (user, 1)


def test_what_the_gateway_answers_itself_is_json_with_cors(http: Wire) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/api/tilt", 404),
        ("PUT", "/api/tilt/events", 405),
        ("OPTIONS", "/api/tilt/events", 200),
    ):
        reply = http(method, path, headers={"Origin": "null"})
        assert reply.status == status, path
        assert isinstance(json.loads(reply.text), dict)
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["x-request-id"]


def test_a_body_that_is_too_large_is_413(http: Wire) -> None:
    reply = http("POST", "/api/tilt/events", event("big", filler="x" * 70_000))
    assert (reply.status, "error" in reply.json) == (413, True)


def test_head_has_the_headers_of_get(http: Wire) -> None:
    reply = http("HEAD", "/openapi.json")
    assert (reply.status, reply.text) == (200, "")
    assert reply.headers["etag"]


def test_csv_is_csv_through_the_gateway(http: Wire) -> None:
    http("POST", "/api/tilt/events", event("sheet", context="née 🎲"))
    reply = http("GET", "/api/tilt/export/sheet?format=csv")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert "née 🎲" in reply.text


def test_the_reference_and_its_page_are_served(http: Wire) -> None:
    assert http("GET", "/openapi.json").json["info"]["title"] == "Tiltyard"
    assert "swagger-ui-bundle.js" in http("GET", "/docs").text
    assert len(http("GET", "/docs/swagger-ui-bundle.js").text) > 500_000
