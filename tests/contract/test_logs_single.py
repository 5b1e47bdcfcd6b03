"""The wire contract of single things of the panel: which there are none of, and which are known."""

from __future__ import annotations

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.logs.panel import connect, make_server, make_staff, say, send

ANA = "STEAM_0:1:101"
ENDLESS = "x" * 65
NOTE = {"content": "x"}
BAN = {"type": "BAN", "reason": "x"}


@pytest.fixture
def log_id(store: str) -> str:
    [made] = send(make_server(), connect(ANA, "203.0.113.9"))["results"]
    return str(made["id"])


@pytest.fixture
def admin(log_id: str) -> Client:
    return make_staff(scope="admin")


@pytest.mark.parametrize("unknown", ["x", "x" * 64, ENDLESS, "x" * 4000, "%20", "%2F"])
def test_what_there_is_none_of_is_404_however_long_its_id_is(admin: Client, unknown: str) -> None:
    """Regression: an id longer than any was 400, which told the panel of a fault of its own."""
    for path, error in (
        (f"/api/servers/{unknown}", "Server not found"),
        (f"/api/servers/{unknown}/analytics", "Server not found"),
        (f"/api/servers/{unknown}/keys", "Server not found"),
        (f"/api/players/{unknown}", "Player not found"),
        (f"/api/players/{unknown}/sessions", "Player not found"),
        (f"/api/logs/{unknown}", "Log not found"),
    ):
        answered = admin.get(path)
        assert (answered.status, answered.json) == (404, {"error": error}), path
    for method, path, body, error in (
        ("PATCH", f"/api/servers/{unknown}", {}, "Server not found"),
        ("DELETE", f"/api/servers/{unknown}", None, "Server not found"),
        ("POST", f"/api/servers/{unknown}/regenerate-key", None, "Server not found"),
        ("POST", f"/api/players/{unknown}/notes", NOTE, "Player not found"),
        ("POST", f"/api/players/{unknown}/punishments", BAN, "Player not found"),
        ("PATCH", f"/api/players/{unknown}/notes/1", NOTE, "Note not found"),
        ("DELETE", f"/api/players/{ANA}/notes/{unknown}", None, "Note not found"),
        ("DELETE", f"/api/suspicious/allow/{unknown}", None, "Allowance not found"),
    ):
        answered = admin.call(method, path, body)
        assert (answered.status, answered.json) == (404, {"error": error}), path
    assert admin.delete(f"/api/servers/srv_01/keys/{unknown}").status == 204


@pytest.mark.parametrize("path", ["/api/servers/{}", "/api/players/{}", "/api/players/{}/sessions"])
def test_a_nul_in_a_path_is_400(admin: Client, path: str) -> None:
    assert admin.get(path.format("a%00")).status == 400


@pytest.mark.parametrize(
    "path",
    ["/api/servers/srv_01", f"/api/players/{ANA}", "/api/logs/{log_id}", "/api/site-config"],
)
def test_what_the_caller_has_is_304_until_it_changes(admin: Client, log_id: str, path: str) -> None:
    """Regression: single things had no ETag."""
    path = path.format(log_id=log_id)
    read = admin.get(path)
    tag = read.headers["etag"]
    assert (read.status, tag[0], tag[-1]) == (200, '"', '"')
    assert read.headers["cache-control"] == "no-store"
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = admin.get(path, headers={**admin.headers, "If-None-Match": known})
        assert (again.status, again.text, again.headers["etag"]) == (304, "", tag)
    other = admin.get(path, headers={**admin.headers, "If-None-Match": '"x"'})
    assert (other.status, other.json) == (200, read.json)
    db.query("update logs.servers set name = 'Pier', map = 'gm_pier'")
    db.query("update logs.events set player_name = 'Ana', metadata = '{}'")
    db.query("update logs.change_queue set player_name = 'Pia'")
    admin.put("/api/site-config", {"general": {"siteName": "Pier"}})
    assert admin.get(path, headers={**admin.headers, "If-None-Match": tag}).status == 200


def test_what_there_is_none_of_is_never_304(admin: Client) -> None:
    answered = admin.get("/api/servers/x", headers={**admin.headers, "If-None-Match": "*"})
    assert answered.status == 404


def test_a_name_of_spaces_reads_as_the_steam_id(store: str) -> None:
    game, staff = make_server(), make_staff()
    send(game, say("1") | {"playerName": "   "})
    [player] = staff.get("/api/players").json
    assert (player["name"], player["steamId"]) == ("STEAM_0:1:12", "STEAM_0:1:12")
    assert staff.get("/api/players/STEAM_0:1:12").json["names"] == []
    send(game, say("2") | {"playerName": "Ana"}, say("3") | {"playerName": "\u3164"})
    assert staff.get("/api/players/STEAM_0:1:12").json["name"] == "Ana"
