"""The wire contract of servers, their keys, who may do what, and the site's configuration."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from functions.logs import keys
from functions.shared import auth, db
from tests.client import Client
from tests.conftest import API_KEY
from tests.logs.panel import SERVER, make_server, make_staff

NEW: dict[str, Any] = {
    "name": "Harbour ☭",
    "ip": "198.51.100.1",
    "port": 27015.0,
    "mode": "SANDBOX",
    "maxPlayers": 32.0,
}
MISSING = {"error": "Missing authorization token"}
INVALID = {"error": "Invalid or expired token"}


@pytest.fixture
def admin(store: str) -> Client:
    return make_staff("Ada", "admin")


@pytest.fixture
def staff(store: str) -> Client:
    return make_staff()


def ingest(key: str) -> int:
    events = [{"type": "CHAT", "metadata": {"message": "hi"}}]
    return Client().post("/api/ingest/logs", events, headers={"X-Server-Key": key}).status


# --- servers ---


def test_a_server_is_made_read_changed_and_removed(admin: Client) -> None:
    made = admin.post("/api/servers", NEW)
    assert made.status == 201
    server = made.json
    key = server.pop("apiKey")
    assert re.fullmatch(r"sk_live_[0-9a-f]{8}_[0-9A-Za-z]{40}", key)
    assert server == {
        "id": server["id"],
        "name": "Harbour ☭",
        "ip": "198.51.100.1",
        "port": 27015,
        "mode": "Sandbox",
        "status": "offline",
        "currentPlayers": 0,
        "maxPlayers": 32,
        "currentMap": None,
        "lastHeartbeat": None,
    }
    url = f"/api/servers/{server['id']}"
    assert Client().get("/api/servers").json == [server]
    assert Client().get(url).json == server
    changed = admin.patch(url, {"name": "Quay", "mode": "ttt", "port": None, "color": "red"})
    assert changed.json == {**server, "name": "Quay", "mode": "TTT"}
    assert admin.patch(url, {}).json == changed.json
    assert ingest(key) == 200
    gone = admin.delete(url)
    assert (gone.status, gone.text) == (204, "")
    assert ingest(key) == 403
    assert Client().get("/api/servers").json == []
    for answered in (
        Client().get(url),
        admin.delete(url),
        admin.patch(url, {}),
        admin.post(f"{url}/regenerate-key"),
        admin.get(f"{url}/keys"),
    ):
        assert (answered.status, answered.json) == (404, {"error": "Server not found"})
    assert db.run("select count(*) from logs.events")[0]["count"] == 1  # its logs stay


def test_servers_are_listed_the_oldest_first(admin: Client) -> None:
    names = [f"server {number}" for number in range(5)]
    for name in names:
        admin.post("/api/servers", {**NEW, "name": name})
        db.run("update logs.servers set created_at = created_at - interval '1 minute'")
    assert [one["name"] for one in Client().get("/api/servers").json] == names


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": None}, "Missing fields"),
        ({"name": ""}, "Missing fields"),
        ({"ip": None}, "Missing fields"),
        ({"port": None}, "Missing fields"),
        ({"mode": ""}, "Missing fields"),
        ({"maxPlayers": None}, "Missing fields"),
        ({"mode": "prophunt"}, "Invalid game mode"),
        ({"mode": 7}, "Invalid game mode"),
        ({"name": "x" * 129}, "Invalid name"),
        ({"name": " "}, "Invalid name"),
        ({"name": 5}, "Invalid name"),
        ({"ip": "x" * 65}, "Invalid ip"),
        ({"port": 0}, "Invalid port"),
        ({"port": 65_536}, "Invalid port"),
        ({"port": 27015.5}, "Invalid port"),
        ({"port": "27015"}, "Invalid port"),
        ({"maxPlayers": 0}, "Invalid maxPlayers"),
        ({"maxPlayers": 1001}, "Invalid maxPlayers"),
    ],
)
def test_a_wrong_server_is_400(admin: Client, change: dict[str, Any], sentence: str) -> None:
    answered = admin.post("/api/servers", {**NEW, **change})
    assert (answered.status, answered.json["error"]) == (400, sentence)
    made = admin.post("/api/servers", NEW).json
    if sentence != "Missing fields":
        answered = admin.patch(f"/api/servers/{made['id']}", change)
        assert (answered.status, answered.json["error"]) == (400, sentence)


@pytest.mark.parametrize("body", ["[]", "null", "7", '"x"', "{}"])
def test_a_server_of_nothing_is_400(admin: Client, body: str) -> None:
    answered = admin.post("/api/servers", body)
    assert (answered.status, answered.json) == (400, {"error": "Missing fields"})


def test_no_json_is_400_and_names_the_place(admin: Client) -> None:
    answered = admin.post("/api/servers", "{")
    assert (answered.status, answered.json["error"]) == (400, "Invalid JSON")
    answered = admin.post("/api/servers", json.dumps({**NEW, "name": "a\0"}))
    assert answered.status == 400


def test_a_server_is_online_for_120_s_after_a_sign_of_life(store: str) -> None:
    make_server()
    db.run("update logs.servers set players = 7, map = 'gm_flatgrass'")

    def seen(ago: str) -> tuple[str, int]:
        db.run("update logs.servers set last_sign_at = now() - %s::interval", (ago,))
        found = Client().get(f"/api/servers/{SERVER}").json
        assert found["lastHeartbeat"].endswith("Z")
        return found["status"], found["currentPlayers"]

    assert seen("120 seconds") == ("online", 7)
    assert seen("120.1 seconds") == ("offline", 0)
    make_staff("Ada", "admin").patch(f"/api/servers/{SERVER}", {"maintenance": True})
    assert seen("1 hour") == ("maintenance", 0)
    make_staff("Ada", "admin").patch(f"/api/servers/{SERVER}", {"maintenance": False})
    assert seen("0 seconds") == ("online", 7)


def test_no_read_ever_shows_a_key(admin: Client) -> None:
    made = admin.post("/api/servers", NEW).json
    url = f"/api/servers/{made['id']}"
    secret = made["apiKey"].rpartition("_")[2]
    for path in (url, "/api/servers", f"{url}/keys"):
        answered = admin.get(path)
        assert "apiKey" not in answered.text
        assert secret not in answered.text
    assert secret not in admin.patch(url, {}).text
    assert secret.encode() not in db.run("select digest from shared.api_keys")[0]["digest"]


# --- keys ---


def test_keys_rotate(admin: Client) -> None:
    made = admin.post("/api/servers", NEW).json
    url = f"/api/servers/{made['id']}"
    first = made["apiKey"]
    second = admin.post(f"{url}/regenerate-key")
    assert second.status == 200
    assert re.fullmatch(r"sk_live_[0-9a-f]{8}_[0-9A-Za-z]{40}", second.json["apiKey"])
    [row] = db.run(
        "select expires_at - now() as left from shared.api_keys where key_id = %s",
        (first.split("_")[2],),
    )
    assert row["left"].total_seconds() == 86_400
    assert second.json["previousKeyExpiresAt"].endswith("Z")
    assert (ingest(first), ingest(second.json["apiKey"])) == (200, 200)

    third = admin.post(f"{url}/regenerate-key").json["apiKey"]
    assert (ingest(first), ingest(second.json["apiKey"]), ingest(third)) == (403, 200, 200)
    listed = admin.get(f"{url}/keys").json
    assert [one["keyId"] for one in listed] == [third.split("_")[2], second.json["apiKey"][8:16]]
    assert listed[0]["expiresAt"] is None
    assert listed[1]["expiresAt"] is not None
    assert listed[1]["lastUsedAt"] is not None

    logs = Client().get("/api/logs", headers={"X-Server-Key": third})
    assert (logs.status, logs.json) == (401, MISSING)


def test_after_24_h_the_old_key_is_dead(admin: Client) -> None:
    made = admin.post("/api/servers", NEW).json
    url = f"/api/servers/{made['id']}"
    second = admin.post(f"{url}/regenerate-key").json["apiKey"]
    db.run(
        """
        update shared.api_keys
        set expires_at = expires_at - interval '24 hours'
        where expires_at is not null
        """
    )
    auth.forget()
    assert (ingest(made["apiKey"]), ingest(second)) == (403, 200)
    third = admin.post(f"{url}/regenerate-key").json["apiKey"]
    assert (ingest(second), ingest(third)) == (200, 200)


def test_the_old_key_may_die_at_once(admin: Client) -> None:
    made = admin.post("/api/servers", NEW).json
    url = f"/api/servers/{made['id']}/regenerate-key"
    second = admin.post(url, {"revokePrevious": True}).json
    assert second["previousKeyExpiresAt"] is None
    assert (ingest(made["apiKey"]), ingest(second["apiKey"])) == (403, 200)


@pytest.mark.parametrize("body", ["", " ", "{}", "[]", '{"revokePrevious":null}'])
def test_a_rotation_needs_no_body(admin: Client, body: str) -> None:
    made = admin.post("/api/servers", NEW).json
    assert admin.post(f"/api/servers/{made['id']}/regenerate-key", body).status == 200
    assert ingest(made["apiKey"]) == 200


def test_a_key_is_revoked_alone(admin: Client) -> None:
    made = admin.post("/api/servers", NEW).json
    other = admin.post("/api/servers", NEW).json
    url = f"/api/servers/{made['id']}"
    second = admin.post(f"{url}/regenerate-key").json["apiKey"]
    assert ingest(made["apiKey"]) == 200
    for _ in range(2):
        gone = admin.delete(f"{url}/keys/{made['apiKey'][8:16]}")
        assert (gone.status, gone.text) == (204, "")
    assert admin.delete(f"{url}/keys/{other['apiKey'][8:16]}").status == 204  # not its own
    keys_ = (made["apiKey"], second, other["apiKey"])
    assert [ingest(key) for key in keys_] == [403, 200, 200]
    noted = db.run("select action, subject, actor from shared.audit where action like 'key.re%%'")
    assert [tuple(row.values()) for row in noted] == [("key.revoke", made["apiKey"][8:16], "Ada")]


def test_one_wrong_letter_is_403(admin: Client) -> None:
    key = admin.post("/api/servers", NEW).json["apiKey"]
    for wrong in (key[:-1] + ("a" if key[-1] != "a" else "b"), key + "a", key[:-1], key.upper()):
        assert ingest(wrong) == 403
    assert db.run("select last_used_at from shared.api_keys where name like 'srv%%'") == [
        {"last_used_at": None}
    ]


def test_a_stored_hash_is_of_no_use_with_another_secret(
    admin: Client, setting: Any, store: str
) -> None:
    key = admin.post("/api/servers", NEW).json["apiKey"]
    setting(SIGNING_KEY="another secret, just as long as the first one")
    auth.forget()
    assert ingest(key) == 403


def test_a_servers_key_sends_ttt_rounds_too(admin: Client) -> None:
    made = admin.post("/api/servers", {**NEW, "mode": "TTT"}).json
    sent = {
        "round_id": "6d1a7f4e-0001-4000-8000-000000000001",
        "map_name": "ttt_harbor",
        "winner": "2",
        "start_roles": [{"player_steamid": "STEAM_0:1:1", "role": "traitor"}],
        "end_roles": [],
        "kills": [],
        "buys": [],
    }
    for headers in ({"X-Api-Key": made["apiKey"]},):
        assert Client().post("/api/collect", sent, headers=headers).status == 201
    assert db.run("select server from ttt.rounds") == [{"server": made["id"]}]


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
        return db.run("select last_used_at from shared.api_keys")[0]["last_used_at"]

    staff.get("/api/logs")
    first = used()
    db.run("update shared.api_keys set last_used_at = last_used_at - interval '50 seconds'")
    staff.get("/api/logs")
    assert (first - used()).total_seconds() == 50
    db.run("update shared.api_keys set last_used_at = last_used_at - interval '20 seconds'")
    staff.get("/api/logs")
    assert used() == first


def test_guesses_do_not_push_known_keys_out(store: str) -> None:
    game = make_server()
    assert ingest(game.headers["X-Server-Key"]) == 200
    for number in range(1100):
        auth._seen[str(number).encode()] = (time.monotonic() + 60, None)
    assert ingest("sk_live_00000000_" + "a" * 40) == 403
    assert len([one for _, one in auth._seen.values() if one]) == 1
    assert len(auth._seen) < 10


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


# --- the site's configuration ---

CONFIG = {
    "general": {"siteName": "Cidade ☭", "primaryColor": "#123456"},
    "social": {"discordUrl": "https://discord.example/x", "steamGroupUrl": "https://s.example"},
    "home": {
        "heroTitle": "a",
        "heroTitleHighlight": "b",
        "heroSubtitleSegments": [{"text": "c", "bold": True}],
        "heroButtonText": "d",
        "heroBackgroundUrl": "e",
        "feature1Title": "f",
        "feature1Desc": "g",
        "feature2Title": "h",
        "feature2Desc": "i",
        "feature3Title": "j",
        "feature3Desc": "k",
    },
    "vip": {
        "promoTextPrefix": "l",
        "promoTextHighlight": "m",
        "promoTextSuffix": "n",
        "plans": [{"id": 1, "price": 9.5}],
    },
    "logs": {"ignoredTools": ["creator"], "ignoredCommands": [], "rawTextFilters": ["x"]},
    "more": {"whatever": [1, None, {"a": "b"}]},
}


def test_an_unconfigured_site_has_all_that_the_page_needs(store: str) -> None:
    told = Client().get("/api/site-config").json
    for part, names in CONFIG.items():
        if part != "more":
            assert told[part].keys() >= names.keys()  # type: ignore[attr-defined]
    assert told["general"]["siteName"]
    assert told["home"]["heroSubtitleSegments"] == told["vip"]["plans"] == []


def test_a_configuration_is_replaced_and_echoed(staff: Client) -> None:
    assert staff.put("/api/site-config", CONFIG).json == CONFIG
    assert Client().get("/api/site-config").json == CONFIG
    some = {"general": {"siteName": "B", "primaryColor": None}, "home": None, "vip": []}
    told = staff.put("/api/site-config", some).json
    assert told == Client().get("/api/site-config").json
    assert told["general"]["siteName"] == "B"
    assert told["general"]["primaryColor"].startswith("#")
    assert told["home"]["heroTitle"]
    assert told["logs"] == {"ignoredTools": [], "ignoredCommands": [], "rawTextFilters": []}
    assert "more" not in told


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ([], "body"),
        (7, "body"),
        ({"general": "x"}, "general"),
        ({"general": {"siteName": 7}}, "general.siteName"),
        ({"home": {"heroSubtitleSegments": "x"}}, "home.heroSubtitleSegments"),
        ({"vip": {"plans": {}}}, "vip.plans"),
        ({"logs": {"ignoredTools": "x"}}, "logs.ignoredTools"),
        ({"logs": {"ignoredTools": [7]}}, "logs.ignoredTools"),
        ({"logs": {"ignoredCommands": ["x" * 257]}}, "logs.ignoredCommands"),
        ({"logs": {"rawTextFilters": ["x"] * 201}}, "logs.rawTextFilters"),
    ],
)
def test_a_configuration_that_the_page_could_not_show_is_400(
    staff: Client, config: Any, field: str
) -> None:
    answered = staff.put("/api/site-config", config)
    assert (answered.status, answered.json["details"][0]["field"]) == (400, field)
    assert db.run("select * from logs.site") == []


def test_a_configuration_has_at_most_256_kib(staff: Client) -> None:
    large = json.dumps({"more": "x"})
    padded = large + " " * (262_144 - len(large))
    assert staff.put("/api/site-config", padded).status == 200
    answered = staff.put("/api/site-config", padded + " ")
    assert answered.status == 413
    assert answered.json == {"error": "Payload too large", "maxBytes": 262_144}


def test_money_is_not_part_of_this_product(staff: Client) -> None:
    assert staff.get("/api/transactions").json == []
    for method, url in (
        ("POST", "/api/transactions"),
        ("PUT", "/api/transactions/1"),
        ("PATCH", "/api/transactions/1"),
        ("DELETE", "/api/transactions/1"),
    ):
        answered = staff.call(method, url, {})
        assert (answered.status, answered.json) == (501, {"error": "Not implemented"})


def test_two_rotations_at_once_leave_two_keys(store: str) -> None:
    make_server()
    for _ in range(3):
        keys.issue(SERVER, "Ada")
    assert len(keys.live(SERVER)) == 2


@pytest.mark.parametrize("body", ["5", "true", '"x"', "[1]"])
def test_a_rotation_of_something_else_names_the_body(admin: Client, body: str) -> None:
    """The sentence ended in the middle: "Invalid "."""
    made = admin.post("/api/servers", NEW).json
    answered = admin.post(f"/api/servers/{made['id']}/regenerate-key", body)
    assert (answered.status, answered.json) == (
        400,
        {
            "error": "Invalid body",
            "details": [{"field": "body", "problem": "must be an object"}],
        },
    )
