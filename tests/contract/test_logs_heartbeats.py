"""The wire contract of a server's signs of life: heartbeats, and events as they happen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.shared import auth, db
from tests.support.client import Client
from tests.support.logs.ingest import Away, chat, leave, send
from tests.support.logs.panel import SERVER
from tests.support.queues import Mapping, Queues


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
    db.query("update logs.servers set players = 5, map = 'old'")
    answered = game.post(f"/api/servers/heartbeat{query}", body)
    assert answered.status == 200
    assert answered.json["ok"] is True
    assert abs(datetime.fromisoformat(answered.json["serverTime"]) - datetime.now(UTC)) < timedelta(
        seconds=10
    )
    found = life()
    assert (found["status"], found["currentPlayers"]) == ("online", players)
    assert found["currentMap"] == where
    [row] = db.query("select server_id, players, map from logs.heartbeats")
    assert row["server_id"] == SERVER
    assert row["players"] == (players if players != 5 else None)


def test_who_is_online_is_public_but_for_addresses(game: Client) -> None:
    assert Client().get("/api/servers/live").json == []
    assert game.post("/api/servers/heartbeat", {"map": "gm_flat", "playerCount": 3}).status == 200
    listed = Client().get("/api/servers/live")
    [shown], whole = listed.json, life()
    assert shown == {
        **{name: whole[name] for name in ("id", "name", "mode", "maxPlayers")},
        **{"map": "gm_flat", "players": 3, "lastSeen": whole["lastHeartbeat"]},
    }
    assert listed.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": listed.headers["etag"]}
    assert Client().get("/api/servers/live", headers=known).status == 304
    for change in (
        "maintenance = true",
        "deleted_at = now()",
        "last_seen_at = now() - interval '121 seconds'",
    ):
        with db.connection().transaction(force_rollback=True):
            db.query(f"update logs.servers set {change}")  # type: ignore[arg-type]
            assert Client().get("/api/servers/live").json == [], change


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
    db.query("update logs.servers set deleted_at = now()")  # as another process does
    ghost = auth.issue("srv_ghost", ["logs:write"])
    for headers in (game.headers, {"X-Server-Key": ghost}):
        answered = game.post(url, {"playerCount": 5}, headers=headers)
        assert (answered.status, answered.json) == (403, {"error": "Invalid server key"})
    assert len(db.query("select occurred_at from logs.heartbeats")) == 1
    assert db.query("select players from logs.servers") == [{"players": 0}]


@pytest.mark.commits
def test_with_the_database_away_a_heartbeat_is_queued_as_of_then(
    game: Client, queues: Queues, away: Away, store: str, setting: Callable[..., None]
) -> None:
    assert game.post("/api/servers/heartbeat", {}).status == 200
    leave(away)
    answered = game.post("/api/servers/heartbeat", {"map": "a", "playerCount": 3})
    assert answered.status == 200
    setting(DATABASE_URL=store)
    db.close_all()
    [body] = queues.bodies()
    Mapping(queues).deliver(body, body)
    rows = db.query("select occurred_at, players, map from logs.heartbeats order by occurred_at")
    assert len(rows) == 2
    assert abs(
        rows[1]["occurred_at"] - datetime.fromisoformat(answered.json["serverTime"])
    ) < timedelta(milliseconds=1)
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
    db.query("update logs.servers set last_seen_at = now() - interval '121 seconds'")
    assert (life()["status"], life()["currentPlayers"]) == ("offline", 0)
    send(game, chat("new", at=now - timedelta(seconds=5), map="gm_new"))  # sent again
    assert life()["status"] == "online"
