"""The wire contract of who may do what, and of what the browser of the panel needs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from functions.shared import auth, db
from tests.support.client import Client
from tests.support.logs.panel import SERVER, ingest, make_server, make_staff
from tests.support.server import API_KEY

MISSING = {"error": "Missing authorization token"}
INVALID = {"error": "Invalid or expired token"}


# --- who may do what ---


STAFF = [
    ("GET", "/api/logs"),
    ("GET", "/api/logs/live"),
    ("GET", "/api/logs/01a1fe20-9e68-8fef-ba8d-6e833a6339a2"),
    ("GET", "/api/ingest/stats"),
    ("PUT", "/api/site-config"),
    ("GET", "/api/transactions"),
    ("POST", "/api/transactions"),
]
ADMIN = [
    ("POST", "/api/servers"),
    ("PATCH", f"/api/servers/{SERVER}"),
    ("DELETE", f"/api/servers/{SERVER}"),
    ("POST", f"/api/servers/{SERVER}/regenerate-key"),
    ("GET", f"/api/servers/{SERVER}/keys"),
    ("DELETE", f"/api/servers/{SERVER}/keys/00000000"),
]
PUBLIC = [
    ("GET", "/api/servers"),
    ("GET", f"/api/servers/{SERVER}"),
    ("GET", "/api/site-config"),
]


@pytest.mark.parametrize(("method", "url"), STAFF + ADMIN)
def test_only_a_bearer_of_staff_is_let_in(store: str, method: str, url: str) -> None:
    key = make_server().headers["X-Server-Key"]
    bot = auth.issue("bot", ["tilt:read", "tilt:write", "ttt:write", "logs:write"])
    staff = auth.issue("Rita", ["staff"])
    for headers, status, body in (
        ({}, 401, MISSING),
        ({"Authorization": ""}, 401, MISSING),
        ({"Authorization": "Bearer "}, 401, MISSING),
        ({"Authorization": f"Basic {staff}"}, 401, MISSING),
        ({"X-Server-Key": key}, 401, MISSING),
        ({"X-Api-Key": staff}, 401, MISSING),
        ({"Authorization": "Bearer undefined"}, 401, INVALID),
        ({"Authorization": f"Bearer {key}"}, 401, INVALID),
        ({"Authorization": f"Bearer {bot}"}, 403, {"error": "Forbidden"}),
        ({"Authorization": f"Bearer {API_KEY}"}, 403, {"error": "Forbidden"}),
    ):
        answered = Client().call(method, url, {}, headers=headers)
        assert (answered.status, answered.json) == (status, body), headers
        assert answered.headers["access-control-allow-origin"] == "*"
    for scheme in ("Bearer", "bearer"):
        answered = Client().call(method, url, {}, headers={"Authorization": f"{scheme} {staff}"})
        assert (answered.status == 403) is ((method, url) in ADMIN)
    admin = make_staff("Ada", "admin")
    assert admin.call(method, url, {}).status not in (401, 403)


@pytest.mark.parametrize("value", ["Bearer undefined", "Bearer ", "x", "Bearer " + "é" * 10])
@pytest.mark.parametrize(("method", "url"), PUBLIC)
def test_public_routes_ignore_a_bad_token(store: str, method: str, url: str, value: str) -> None:
    make_server()
    assert Client().call(method, url, headers={"Authorization": value}).status == 200
    assert Client().call(method, url).status == 200


def test_a_role_is_read_at_every_call(staff: Client) -> None:
    assert staff.get("/api/logs").status == 200
    auth.revoke(staff.headers["Authorization"].split("_")[1])
    answered = staff.get("/api/logs")
    assert (answered.status, answered.json) == (401, INVALID)


def test_a_used_key_is_noted_once_a_minute(staff: Client) -> None:
    def used() -> Any:
        statement = "select last_used_at from shared.api_keys where scopes = '{staff}'"
        return db.query(statement)[0]["last_used_at"]

    staff.get("/api/logs")
    first = used()
    db.query("update shared.api_keys set last_used_at = last_used_at - interval '50 seconds'")
    staff.get("/api/logs")
    assert (first - used()).total_seconds() == 50
    db.query("update shared.api_keys set last_used_at = last_used_at - interval '20 seconds'")
    staff.get("/api/logs")
    assert used() == first


def test_guesses_do_not_push_known_keys_out(store: str) -> None:
    game = make_server()
    assert ingest(game.headers["X-Server-Key"]) == 200
    for number in range(1100):
        auth._cache[str(number).encode()] = (time.monotonic() + 60, None)
    assert ingest("sk_live_00000000_" + "a" * 40) == 403
    assert len([one for _, one in auth._cache.values() if one]) == 1
    assert len(auth._cache) < 10


# --- what the browser needs ---


def test_preflight_and_exposed_headers(staff: Client) -> None:
    asked = Client().call("OPTIONS", "/api/logs", headers={"Origin": "null"})
    assert asked.status == 200
    for name in ("Authorization", "X-Server-Key"):
        assert name in asked.headers["access-control-allow-headers"]
    exposed = staff.get("/api/logs").headers["access-control-expose-headers"]
    for name in ("X-Has-More", "X-Next-Cursor", "Retry-After", "X-RateLimit-Limit"):
        assert name in exposed


def test_personal_answers_are_not_kept(staff: Client) -> None:
    for url in ("/api/logs", "/api/logs/live", "/api/ingest/stats"):
        assert staff.get(url).headers["cache-control"] == "no-store"
