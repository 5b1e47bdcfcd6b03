"""A sandbox server and the panel of its staff against the deployed stack: nothing is faked."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.sam import ROOT
from tests.support.stack import Database, Wire, until

ANA, BO, CY = "STEAM_0:1:101", "STEAM_0:1:102", "STEAM_0:1:103"
START = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=20)
SERVER = {"ip": "198.51.100.1", "port": 27015, "mode": "SANDBOX", "maxPlayers": 32}
# The worked example of the contract, at START instead of an evening in March.
EXAMPLE = """{"events":[
 {"type":"CONNECT","gameMode":"SANDBOX","timestamp":"<0>","steamId":"STEAM_0:1:101",
  "playerName":"Ana","metadata":{"ip":"203.0.113.9","port":48878.0,"authType":"steam",
  "group":"user"},"map":"gm_construct","playerCount":1.0},
 {"type":"CHAT","timestamp":"<3>","steamId":"STEAM_0:1:101","playerName":"Ana",
  "rawText":"Ana: olá ☭","metadata":{"message":"olá ☭","chatScope":"GLOBAL","lifeState":"ALIVE"}},
 {"type":"PROP_SPAWN","timestamp":"<5>","steamId":"STEAM_0:1:101","playerName":"Ana",
  "metadata":{"spawnKind":"SENT","entityClass":"item_healthkit","entIndex":655.0,
  "propModel":"models/items/healthkit.mdl"}},
 {"type":"BUILD_SAVE","timestamp":"<6>","steamId":"STEAM_0:1:101","playerName":"Ana",
  "rawText":"saved","metadata":{"slot":2.0}},
 "oops"]}"""
Bearer = dict[str, str]
Make = Callable[[str], dict[str, Any]]


def at(seconds: float) -> str:
    return f"{START + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


for second in (0, 3, 5, 6):
    EXAMPLE = EXAMPLE.replace(f"<{second}>", at(second))


def event(kind: str, who: str, seconds: float, **more: Any) -> dict[str, Any]:
    name = {ANA: "Ana", BO: "Bo", CY: "Cy"}[who]
    return {"type": kind, "timestamp": at(seconds), "steamId": who, "playerName": name, **more}


def ingest(http: Wire, server: dict[str, Any], body: Any) -> Any:
    headers = {"X-Server-Key": server["apiKey"], "Content-Type": "text/plain"}
    return http("POST", "/api/ingest/logs", body, headers)


def bearer(database: Database, name: str, scope: str) -> Bearer:
    """A key as `make key` prints it."""
    told = subprocess.run(
        [sys.executable, "-m", "infra.ops.keys", "issue", name, scope],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database.server.app_url},
        check=True,
        capture_output=True,
        text=True,
    )
    return {"Authorization": f"Bearer {told.stdout.strip()}"}


@pytest.fixture(scope="module")
def admin(stack: Any, database: Database) -> Bearer:
    return bearer(database, "ada", "admin")


@pytest.fixture(scope="module")
def staff(stack: Any, database: Database) -> Bearer:
    return bearer(database, "rita", "staff")


@pytest.fixture(scope="module")
def make(stack: Any, admin: Bearer) -> Make:
    def made(name: str) -> dict[str, Any]:
        reply = Wire(stack.url)("POST", "/api/servers", {**SERVER, "name": name}, admin)
        assert reply.status == 201, reply.text
        server: dict[str, Any] = reply.json
        return server

    return made


@pytest.fixture(scope="module")
def harbour(make: Make) -> dict[str, Any]:
    return make("Harbour")


@pytest.fixture(scope="module")
def told(stack: Any, harbour: dict[str, Any]) -> dict[str, Any]:
    """What the example is answered at first."""
    reply = ingest(Wire(stack.url), harbour, EXAMPLE)
    assert reply.status == 200, reply.text
    answer: dict[str, Any] = reply.json
    return answer


def test_the_example_is_stored_once(
    http: Wire, harbour: dict[str, Any], told: dict[str, Any]
) -> None:
    ids = [one.pop("id") for one in json.loads(json.dumps(told))["results"][:4]]
    assert len(set(ids)) == 4
    assert told == {
        **{"ingested": 4, "received": 5, "stored": 4, "duplicates": 0},
        **{"queued": 0, "ignored": 0, "rejected": 1},
        "results": [
            *({"index": index, "status": "stored", "id": ids[index]} for index in range(3)),
            {"index": 3, "status": "stored", "id": ids[3], "warnings": ["unknown_type"]},
            {"index": 4, "status": "rejected", "reason": "not_an_object"},
        ],
    }
    again = ingest(http, harbour, EXAMPLE).json
    assert (again["stored"], again["duplicates"], again["ingested"]) == (0, 4, 4)
    assert [one.get("id") for one in again["results"]] == [*ids, None]


def test_staff_search_and_follow(
    http: Wire, harbour: dict[str, Any], told: dict[str, Any], staff: Bearer
) -> None:
    ids = [one["id"] for one in told["results"][:4]]
    found = http("GET", f"/api/logs?serverId={harbour['id']}", headers=staff)
    assert [one["id"] for one in found.json] == ids[::-1]
    assert (found.headers["x-has-more"], found.headers["cache-control"]) == ("false", "no-store")
    saved = http("GET", f"/api/logs?search=saved&serverId={harbour['id']}", headers=staff).json
    assert saved == [
        {
            **{"id": ids[3], "serverId": harbour["id"], "gameMode": "Sandbox"},
            **{"type": "BUILD_SAVE", "timestamp": at(6).replace("Z", ".000Z"), "steamId": ANA},
            **{"playerName": "Ana", "rawText": "saved"},
            "metadata": {"slot": 2, "serverName": "Harbour"},
        }
    ]
    assert http("GET", f"/api/logs/{ids[3]}", headers=staff).json == saved[0]
    first = http("GET", f"/api/logs?serverId={harbour['id']}&limit=3", headers=staff)
    cursor = first.headers["x-next-cursor"]
    path = f"/api/logs?serverId={harbour['id']}&limit=3&cursor={cursor}"
    assert [one["id"] for one in http("GET", path, headers=staff).json] == ids[:1]
    live = http("GET", "/api/logs/live", headers=staff).json
    assert {one["id"] for one in live["events"]} >= set(ids)


def test_the_panel_shows_the_players(
    http: Wire, harbour: dict[str, Any], told: dict[str, Any], staff: Bearer
) -> None:
    [ana] = http("GET", f"/api/players?serverId={harbour['id']}", headers=staff).json
    assert (ana["steamId"], ana["name"], ana["totalConnections"]) == (ANA, "Ana", 1)
    for spelled in (ANA, ANA.replace(":", "%3A")):
        profile = http("GET", f"/api/players/{spelled}", headers=staff).json
        assert profile["ip"] == "203.0.113.9"
        assert profile["gameModeStats"]["sandbox"]["propsSpawned"] == 1
    note = {"content": "builds bridges", "staffName": "somebody"}
    assert http("POST", f"/api/players/{ANA}/notes", note, staff).json["staffName"] == "rita"
    dashboard = http("GET", "/api/dashboard", headers=staff).json
    assert dashboard["uniquePlayers24h"] >= 1
    assert "gm_construct" in {one["name"] for one in dashboard["mapStats"]["Sandbox"]}
    assert len(dashboard["chartData"]) == 7
    sums = http("GET", "/api/ingest/stats", headers=staff).json
    assert sums["stored"] >= 4
    assert sums["unknownTypes"]["BUILD_SAVE"] >= 1


def test_a_server_is_alive_after_its_heartbeat(http: Wire, harbour: dict[str, Any]) -> None:
    sent = {"map": "gm_flatgrass", "playerCount": 3.0}
    beat = http("POST", "/api/servers/heartbeat", sent, {"X-Server-Key": harbour["apiKey"]})
    assert (beat.status, beat.json["ok"]) == (200, True)
    path = f"/api/servers/{harbour['id']}"
    for spelled in ("", "Bearer undefined"):
        shown = http("GET", path, headers={"Authorization": spelled}).json
        assert (shown["status"], shown["currentPlayers"]) == ("online", 3)
        assert shown["currentMap"] == "gm_flatgrass"
        assert "apiKey" not in shown


def test_analytics_count_sessions(http: Wire, make: Make, staff: Bearer) -> None:
    quiet = make("Quiet")
    sent = [
        event("CONNECT", ANA, -2400, sessionId="s1"),
        event("CONNECT", CY, -2100),
        event("DISCONNECT", CY, -1200),
        event("DISCONNECT", ANA, -600, sessionId="s1"),
    ]
    assert ingest(http, quiet, sent[::-1]).json["stored"] == 4
    path = f"/api/servers/{quiet['id']}/analytics?range=24h"
    shown = http("GET", path, headers=staff).json
    assert (shown["totalPlayTimeHours"], shown["playTimeMethod"]) == (0.8, "mixed")
    assert (shown["totalSessions"], shown["newPlayers"], shown["peakPlayers"]) == (2, 2, 2)
    tops = [(one["name"], one["hours"]) for one in shown["topPlayers"]]
    assert tops == [("Ana", 0.5), ("Cy", 0.3)]
    sessions = http("GET", f"/api/players/{CY}/sessions", headers=staff).json
    assert [(one["seconds"], one["endReason"]) for one in sessions] == [(900, "disconnect")]


def test_two_on_one_address_are_shown_until_they_are_a_household(
    http: Wire, harbour: dict[str, Any], told: dict[str, Any], staff: Bearer
) -> None:
    ingest(http, harbour, [event("CONNECT", BO, 8, metadata={"ip": "203.0.113.9:5"})])

    def levels(query: str = "") -> list[tuple[str, str]]:
        found = http("GET", f"/api/suspicious{query}", headers=staff).json
        pairs = [(one, {who["steamId"] for who in one["players"]}) for one in found]
        return [(one["level"], one["commonIpOrSubnet"]) for one, who in pairs if who == {ANA, BO}]

    assert levels() == [("HIGH", "203.0.113.9")]
    home = {"steamIds": [ANA, BO], "reason": "siblings"}
    allowed = http("POST", "/api/suspicious/allow", home, staff)
    assert (allowed.status, levels()) == (201, [])
    assert levels("?includeAllowed=true")
    assert http("DELETE", f"/api/suspicious/allow/{allowed.json['id']}", None, staff).status == 204
    assert levels() == [("HIGH", "203.0.113.9")]


def test_keys_rotate_without_a_gap(http: Wire, make: Make, admin: Bearer) -> None:
    made = make("Rotating")
    path = f"/api/servers/{made['id']}/regenerate-key"
    one = [event("CHAT", CY, 0, metadata={"message": "hi"})]

    def status(key: str) -> int:
        return int(ingest(http, {"apiKey": key}, one).status)

    first, second = made["apiKey"], http("POST", path, None, admin).json["apiKey"]
    assert (status(first), status(second)) == (200, 200)
    third = http("POST", path, None, admin).json["apiKey"]
    assert (status(second), status(third)) == (200, 200)
    until(70, lambda: status(first) == 403)  # a warm function may know it for a minute
    assert http("GET", "/api/logs", headers={"X-Server-Key": second}).status == 401


def test_what_may_not_be_is_refused(
    http: Wire, harbour: dict[str, Any], staff: Bearer, database: Database, stack: Any
) -> None:
    for headers, status in (({}, 401), ({"X-Server-Key": "sk_live_1"}, 403)):
        assert http("POST", "/api/ingest/logs", "{", headers).status == status
    refused = ingest(http, harbour, {"events": ["oops"]})
    assert (refused.status, refused.json["rejected"]) == (200, 1)  # or it is sent again for ever
    assert ingest(http, harbour, [{}] * 2001).status == 413
    assert ingest(http, harbour, "x" * 2_097_153).json["maxBytes"] == 2_097_152
    assert http("POST", "/api/servers", {**SERVER, "name": "x"}, staff).status == 403
    bot = bearer(database, "bot", "tilt:read")
    assert http("GET", "/api/dashboard", headers=bot).status == 403
    bootstrap = {"Authorization": f"Bearer {stack.api_key}"}  # which is not for staff
    assert http("GET", "/api/dashboard", headers=bootstrap).status == 403


def test_a_text_log_adds_only_what_was_not_sent_live(
    http: Wire, harbour: dict[str, Any], told: dict[str, Any], staff: Bearer
) -> None:
    local = START - timedelta(hours=3)  # the server's clock is that of Recife
    lines = (
        f"[{local:%T}] [CONNECT] Ana [{ANA}|user] initial spawn ip=203.0.113.9:48878",
        f"[{local + timedelta(seconds=3):%T}] [CHAT] Ana [{ANA}|user] [GLOBAL/ALIVE] olá ☭",
        "what is this",
        f"[CHAT] Ana [{ANA}|user] [GLOBAL/ALIVE] never sent",
    )
    sent = {
        **{"serverId": harbour["id"], "content": "\n".join(lines), "formatHint": "AUTO"},
        **{"timezoneOffsetMinutes": -180, "baseDate": f"{local:%Y-%m-%d}"},
    }
    answers = [http("POST", "/api/admin/legacy-logs/import", sent, staff).json for _ in range(2)]
    counts = [(one["eventsInserted"], one["duplicates"]) for one in answers]
    assert counts == [(1, 2), (0, 3)]
    assert [one["line"] for one in answers[0]["errors"]] == [3]
    path = f"/api/logs?serverId={harbour['id']}&type=CHAT&search=ol%C3%A1"
    assert len(http("GET", path, headers=staff).json) == 1


def test_a_large_text_log_comes_as_gzip(http: Wire, make: Make, staff: Bearer) -> None:
    line = f"[{START:%T}] [CHAT] Ana [{ANA}|user] [GLOBAL/ALIVE] olá\n"
    content = line + "\n" * (5 * 1024 * 1024 - len(line.encode()))
    sent = {
        **{"serverId": make("Large")["id"], "content": content},
        **{"baseDate": f"{START:%Y-%m-%d}"},
    }
    packed = gzip.compress(json.dumps(sent).encode())
    headers = {**staff, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    reply = http("POST", "/api/admin/legacy-logs/import", packed, headers)
    assert (reply.status, reply.json["eventsInserted"]) == (200, 1)


def test_what_the_panel_has_already_is_304(
    http: Wire, harbour: dict[str, Any], staff: Bearer
) -> None:
    path = f"/api/servers/{harbour['id']}"
    tag = http("GET", path).headers["etag"]
    known = http("GET", path, headers={"If-None-Match": tag})
    assert (known.status, known.headers["etag"]) == (304, tag)
    assert http("GET", "/health").json == {"status": "ok"}


def test_events_of_an_outage_are_stored_after_it_under_the_same_ids(
    http: Wire, database: Database, harbour: dict[str, Any], staff: Bearer
) -> None:
    ingest(http, harbour, EXAMPLE)  # whose key a function knows when the database goes
    cursor = http("GET", "/api/logs/live?limit=200", headers=staff).json["cursor"]
    sent = [event("CHAT", CY, 10, metadata={"message": f"{one}"}) for one in range(300)]
    database.stop()
    try:
        replies = [ingest(http, harbour, sent) for _ in range(2)]
        read = http("GET", "/api/logs", headers=staff)
    finally:
        database.start()
    assert (read.status, {reply.status for reply in replies}) == (503, {202})
    ids = [[one["id"] for one in reply.json["results"]] for reply in replies]
    assert replies[0].json["queued"] == len(set(ids[0])) == 300
    assert ids[0] == ids[1]
    arrived: list[str] = []

    def are_there() -> bool:
        nonlocal cursor
        reply = http("GET", f"/api/logs/live?limit=200&after={cursor}", headers=staff)
        if reply.status == 200:
            cursor = reply.json["cursor"]
            arrived.extend(one["id"] for one in reply.json["events"])
        return set(ids[0]) <= set(arrived)

    until(60, are_there)
    assert len(arrived) == len(set(arrived))
    again = ingest(http, harbour, sent).json
    assert (again["stored"], again["duplicates"]) == (0, 300)
    assert [one["id"] for one in again["results"]] == ids[0]


def test_browsers_may_call(http: Wire, harbour: dict[str, Any]) -> None:
    asked = {"Origin": "null", "Access-Control-Request-Method": "GET"}
    for path in ("/api/logs", f"/api/players/{ANA}", f"/api/servers/{harbour['id']}/analytics"):
        preflight = http("OPTIONS", path, headers=asked)
        assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, "*")
        assert "Authorization" in preflight.headers["access-control-allow-headers"]
    refused = http("GET", "/api/logs", headers={"Origin": "null"})
    assert (refused.status, refused.json) == (401, {"error": "Missing authorization token"})
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "X-Next-Cursor" in refused.headers["access-control-expose-headers"]
