"""A GMod server and its front-end against the deployed stack: over HTTP, with nothing faked."""

from __future__ import annotations

import gzip
import json
import socket
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import pytest

from infra.demo.season import Season
from tests.support.stack import Database, Wire
from tests.support.ttt.example import SEED

END = datetime(2026, 5, 2, tzinfo=UTC)
SEASON = [one.body for one in Season(7).rounds(40, END - timedelta(hours=6), END)]


def rounds_of(http: Wire) -> int:
    overview = http("GET", "/api/ttt/overview?from=2026-05-01&to=2026-05-03")
    assert overview.status == 200
    return int(overview.json["rounds"])


@pytest.fixture(scope="module")
def key(stack: Any) -> dict[str, str]:
    return {"X-Api-Key": stack.api_key}


def test_a_season_sent_twice_counts_once(http: Wire, key: dict[str, str]) -> None:
    def send(body: dict[str, Any]) -> int:
        return http("POST", "/api/collect", body, {**key, "Content-Type": "text/plain"}).status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, SEASON)) == [201] * 40
        assert list(pool.map(send, reversed(SEASON))) == [200] * 40
    assert rounds_of(http) == 40


def test_the_front_end_reads_rounds_and_a_green_lamp(http: Wire, key: dict[str, str]) -> None:
    http("POST", "/api/collect/collect", SEED, key)
    found = http("GET", "/api/stats?limit=20")
    assert {*found.json[0]} == {
        *("id", "map_name", "winner", "duration", "timestamp"),
        *("kills", "players", "buys"),
    }
    assert found.headers["x-has-more"] in ("true", "false")
    assert http("GET", "/api/health").json == {"status": "ok"}
    tag = {"If-None-Match": found.headers["etag"]}
    assert http("GET", "/api/stats?limit=20", headers=tag).status == 304


def test_a_name_is_created_and_then_updated(http: Wire, key: dict[str, str]) -> None:
    name = {"steam_id": "STEAM_0:1:77", "display_name": "Ana ☾"}
    replies = [http("POST", "/api/player/update", name, key) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 200]
    names = http("GET", "/api/ttt/players/STEAM_0%3A1%3A77/names").json
    assert names["current"] == "Ana ☾"


def test_a_wrong_key_is_401_before_the_body(http: Wire) -> None:
    for headers in ({}, {"X-Api-Key": "wrong"}):
        reply = http("POST", "/api/collect", "{", headers)
        assert (reply.status, reply.json) == (401, {"error": "Unauthorized"})


def test_a_round_of_an_outage_is_stored_after_it(
    http: Wire, database: Database, key: dict[str, str]
) -> None:
    body = {**SEASON[0], "round_id": "of-an-outage", "ended_at": "2026-05-10T20:00:00Z"}
    http("POST", "/api/collect", SEASON[0], key)
    database.stop()
    try:
        reply = http("POST", "/api/collect", body, key)
        assert http("GET", "/api/health").json == {"status": "degraded"}
    finally:
        database.start()
    assert (reply.status, reply.json["queued"]) == (202, True)
    deadline = time.monotonic() + 60
    while http("GET", "/api/ttt/rounds/of-an-outage").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert http("POST", "/api/collect", body, key).json["duplicate"]


def test_a_season_is_sent_packed(http: Wire, key: dict[str, str]) -> None:
    """The page reads everything at once: that fits only as gzip, which the gateway unwraps."""
    bodies = [one.body for one in Season(8).rounds(60, END - timedelta(days=9), END)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: http("POST", "/api/collect", body, key), bodies))
    headers = {"Accept": "application/json, text/plain, */*", "Accept-Encoding": "gzip, deflate"}
    request = urllib.request.Request(f"{http.url}/api/stats?limit=10000", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        assert reply.headers["Content-Encoding"] == "gzip"
        rounds = json.loads(gzip.decompress(reply.read()))
    assert {one["id"] for one in rounds} >= {body["round_id"] for body in bodies}


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Type: text/plain; charset=utf-8", "content-type: application/json"],
        ["Content-Type: application/json", "Content-Type: text/plain; charset=utf-8"],
        ["User-Agent: Valve/Steam HTTP Client 1.0 (4000)", "User-Agent: GMod 13"],
        ["X-Api-Key: wrong", "Accept: */*", "Accept: text/plain"],  # ours comes last, and counts
        [],
    ],
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_round_is_taken_in_the_manners_of_gmod(
    http: Wire, key: dict[str, str], lines: list[str], version: str
) -> None:
    """Regression: two Content-Type lines were 400 without a word, and the round was lost."""
    name = str(uuid5(NAMESPACE_URL, f"{version} {lines}"))
    place, body = urlsplit(http.url), json.dumps({**SEASON[0], "round_id": name})
    head = [f"POST /api/collect HTTP/{version}", f"Host: {place.netloc}", *lines]
    head += [f"X-Api-Key: {key['X-Api-Key']}", f"Content-Length: {len(body.encode())}", "", ""]
    with socket.create_connection((place.hostname, place.port), timeout=30) as line:
        line.sendall("\r\n".join(head).encode() + body.encode())
        status, _, rest = line.makefile("rb").readline().partition(b" ")[2].partition(b" ")
    assert (status, rest.strip()) == (b"201", b"Created")
