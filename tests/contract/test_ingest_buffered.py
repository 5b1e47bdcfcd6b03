"""The contracts of ingest with INGEST=buffered: 202 at once, and what was said comes true."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from functions.logs.ingest import ingest_server
from functions.shared import auth, db
from tests.support.client import Client
from tests.support.logs.panel import make_server, say
from tests.support.queues import Mapping, Queues, count_rows
from tests.support.ttt.example import FIRST

pytestmark = pytest.mark.commits
NOW = int(time.time() * 1000)
NAME = {"steam_id": "STEAM_0:1:1", "display_name": "Ana"}


def tilt(**changed: Any) -> dict[str, Any]:
    return {"userId": "u", "timestamp": NOW, "signals": ["x"], "tiltScore": 2, **changed}


@pytest.fixture
def buffered(queues: Queues, setting: Callable[..., None]) -> None:
    setting(INGEST="buffered")
    ingest_server._known.clear()


def test_every_door_accepts_at_once_and_the_drain_stores_once(
    client: Client, buffered: None, queues: Queues
) -> None:
    game = make_server()
    ttt = Client({"X-Api-Key": game.headers["X-Server-Key"]})
    event = client.post("/api/tilt/events", tilt())
    assert (event.status, event.json["message"]) == (202, "Tilt event queued")
    assert "x-ratelimit-limit" not in event.headers
    logs = game.post("/api/ingest/logs", [say("hello"), "oops"])
    assert (logs.status, logs.json["queued"], logs.json["rejected"]) == (202, 1, 1)
    beat = game.post("/api/servers/heartbeat", {"map": "gm_flatgrass", "playerCount": 3})
    assert (beat.status, beat.json["ok"]) == (200, True)
    collected = ttt.post("/api/collect", FIRST)
    assert (collected.status, collected.json["queued"]) == (202, True)
    named = ttt.post("/api/player/update", NAME)
    assert (named.status, named.json) == (
        202,
        {"message": "Player update accepted", "queued": True},
    )
    assert ttt.post("/api/collect", {"round_id": 7}).status == 400
    assert count_rows() == [0] * 6
    bodies = queues.bodies()
    assert len(bodies) == 6
    for _ in range(2):
        Mapping(queues).deliver(*bodies)  # a message may come twice
    assert count_rows() == [1] * 6
    assert queues.bodies(queues.dead_letters) == []
    stored = db.query("select id::text from tilt.events union select id::text from logs.events")
    assert {row["id"] for row in stored} == {event.json["eventId"], logs.json["results"][0]["id"]}
    assert client.get("/api/tilt/stats/u").json["totalEvents"] == 1
    assert db.query("select events from logs.ingest_counts where outcome = 'rejected'")


def test_what_is_wrong_is_refused_before_it_is_queued(
    client: Client, buffered: None, queues: Queues
) -> None:
    game = make_server()
    ttt = Client({"X-Api-Key": game.headers["X-Server-Key"]})
    assert client.post("/api/tilt/events", tilt(tiltScore=101)).status == 400
    assert Client({"X-Api-Key": "wrong"}).post("/api/tilt/events", tilt()).status == 403
    assert game.post("/api/ingest/logs", []).status == 400
    assert Client({"X-Server-Key": "wrong"}).post("/api/ingest/logs", [say("x")]).status == 403
    assert ttt.post("/api/player/update", {}).status == 400
    assert Client({"X-Api-Key": "wrong"}).post("/api/collect", FIRST).status == 401
    assert queues.bodies() == []


def test_a_key_revoked_after_acceptance_counts_and_one_revoked_before_does_not(
    client: Client, buffered: None, queues: Queues
) -> None:
    bot = Client({"X-Api-Key": auth.issue("bot", ["tilt:write"])})
    assert bot.post("/api/tilt/events", tilt()).status == 202
    db.query("update shared.api_keys set revoked_at = now()")
    time.sleep(0.005)  # what is accepted within its millisecond counts
    assert bot.post("/api/tilt/events", tilt(userId="later")).status == 202  # known for a minute
    Mapping(queues).deliver()
    assert [row["user_id"] for row in db.query("select user_id from tilt.events")] == ["u"]
    [letter] = queues.bodies(queues.dead_letters)
    assert json.loads(letter)["items"][0]["userId"] == "later"


def test_without_the_queue_events_are_stored_at_once(
    client: Client, buffered: None, setting: Callable[..., None]
) -> None:
    setting(SPOOL_QUEUE_URL="")
    assert client.post("/api/tilt/events", tilt()).status == 200
    assert make_server().post("/api/ingest/logs", [say("hello")]).json["stored"] == 1


def test_a_warm_function_asks_the_database_nothing(
    client: Client, buffered: None, away: Callable[[], None], queues: Queues
) -> None:
    game = make_server()
    ttt = Client({"X-Api-Key": game.headers["X-Server-Key"]})

    def send() -> list[int]:
        return [
            client.post("/api/tilt/events", tilt()).status,
            game.post("/api/ingest/logs", [say("hello")]).status,
            game.post("/api/servers/heartbeat", {}).status,
            ttt.post("/api/collect", FIRST).status,
        ]

    assert send() == [202, 202, 200, 202]
    known = dict(auth._cache)
    away()
    auth._cache.update(known)
    assert send() == [202, 202, 200, 202]
    assert len(queues.bodies()) == 8
