"""The wire contract of servers and their keys."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from functions.logs.servers import keys
from functions.shared import auth, db
from tests.support.client import Client
from tests.support.logs.panel import SERVER, ingest, make_server, make_staff

NEW: dict[str, Any] = {
    "name": "Harbour ☭",
    "ip": "198.51.100.1",
    "port": 27015.0,
    "mode": "SANDBOX",
    "maxPlayers": 32.0,
}


@pytest.fixture
def admin(store: str) -> Client:
    return make_staff("Ada", "admin")


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
    assert db.query("select count(*) from logs.events")[0]["count"] == 1  # its logs stay


def test_servers_are_listed_the_oldest_first(admin: Client) -> None:
    names = [f"server {number}" for number in range(5)]
    for name in names:
        admin.post("/api/servers", {**NEW, "name": name})
        db.query("update logs.servers set created_at = created_at - interval '1 minute'")
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
    db.query("update logs.servers set players = 7, map = 'gm_flatgrass'")

    def seen(ago: str) -> tuple[str, int]:
        db.query("update logs.servers set last_seen_at = now() - %s::interval", (ago,))
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
    assert secret.encode() not in db.query("select key_hash from shared.api_keys")[0]["key_hash"]


# --- keys ---


def test_keys_rotate(admin: Client) -> None:
    made = admin.post("/api/servers", NEW).json
    url = f"/api/servers/{made['id']}"
    first = made["apiKey"]
    second = admin.post(f"{url}/regenerate-key")
    assert second.status == 200
    assert re.fullmatch(r"sk_live_[0-9a-f]{8}_[0-9A-Za-z]{40}", second.json["apiKey"])
    [row] = db.query(
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
    assert (logs.status, logs.json) == (401, {"error": "Missing authorization token"})


def test_after_24_h_the_old_key_is_dead(admin: Client) -> None:
    made = admin.post("/api/servers", NEW).json
    url = f"/api/servers/{made['id']}"
    second = admin.post(f"{url}/regenerate-key").json["apiKey"]
    db.query(
        """
        update shared.api_keys
        set expires_at = expires_at - interval '24 hours'
        where expires_at is not null
        """
    )
    auth.clear_cache()
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
    noted = db.query("select action, subject, actor from shared.audit where action like 'key.re%%'")
    assert [tuple(row.values()) for row in noted] == [("key.revoke", made["apiKey"][8:16], "Ada")]


def test_one_wrong_letter_is_403(admin: Client) -> None:
    key = admin.post("/api/servers", NEW).json["apiKey"]
    for wrong in (key[:-1] + ("a" if key[-1] != "a" else "b"), key + "a", key[:-1], key.upper()):
        assert ingest(wrong) == 403
    assert db.query("select last_used_at from shared.api_keys where name like 'srv%%'") == [
        {"last_used_at": None}
    ]


def test_a_stored_hash_is_of_no_use_with_another_secret(
    admin: Client, setting: Any, store: str
) -> None:
    key = admin.post("/api/servers", NEW).json["apiKey"]
    setting(SIGNING_KEY="another secret, just as long as the first one")
    auth.clear_cache()
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
    assert db.query("select server from ttt.rounds") == [{"server": made["id"]}]


def test_two_rotations_at_once_leave_two_keys(store: str) -> None:
    make_server()
    for _ in range(3):
        keys.issue(SERVER, "Ada")
    assert len(keys.list_keys(SERVER)) == 2


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
