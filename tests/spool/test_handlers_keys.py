"""The drain: keys that were revoked when a request came."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from functions.logs.servers import keys
from functions.shared import auth, db, spool
from tests.support.client import Client
from tests.support.logs.panel import SERVER, make_server, say
from tests.support.queues import FILLED, Mapping, Queues, count_rows
from tests.support.ttt.example import FIRST

pytestmark = pytest.mark.commits
Away = Callable[[], None]
NOW = int(time.time() * 1000)


def send_all(bot: Client, game: Client) -> list[int]:
    """What every door that queues answers."""
    tilt = {"userId": "u", "timestamp": NOW, "signals": ["x"], "tiltScore": 2}
    beat, batch = {"map": "gm_flatgrass", "playerCount": 3}, [say("hello")]
    ttt = Client({"X-Api-Key": game.headers["X-Server-Key"]})
    return [
        bot.post("/api/tilt/events", tilt).status,
        game.post("/api/ingest/logs", batch).status,
        game.post("/api/servers/heartbeat", beat).status,
        ttt.post("/api/collect", FIRST).status,
        ttt.post("/api/player/update", {"steam_id": "STEAM_0:1:1", "display_name": "Ana"}).status,
        ttt.post("/api/collect", {"round_id": 7}).status,
    ]


@pytest.mark.parametrize("is_dead", [False, True])
def test_what_came_with_a_dead_key_is_refused_when_drained(
    client: Client, queues: Queues, mapping: Mapping, away: Away, back: Away, is_dead: bool
) -> None:
    """Regression: while the database was away a dead key was as good as any, and for as long."""
    game = make_server()
    bot = Client({"X-Api-Key": auth.issue("bot", ["tilt:write"])})
    assert send_all(bot, game) == [200, 200, 200, 201, 201, 400]
    for table in (*FILLED, "ttt.players", "ttt.kills", "ttt.buys"):
        db.query("delete from " + table)  # type: ignore[operator]
    if is_dead:
        db.query("update shared.api_keys set revoked_at = now() - interval '1 second'")
    known = dict(auth._cache)  # as functions have it that looked the key up a moment ago
    away()
    auth._cache.update(known)
    assert send_all(bot, game) == [202, 202, 200, 202, 202, 400]
    back()
    mapping.deliver()
    mapping.deliver()
    letters = queues.bodies(queues.dead_letters)
    assert count_rows() == ([0] * 6 if is_dead else [1] * 6)
    assert len(letters) == (6 if is_dead else 0)
    assert all(json.loads(letter)["key"] for letter in letters)


def test_a_key_that_died_after_the_request_counts(
    client: Client, mapping: Mapping, store: str
) -> None:
    key = auth.issue("bot", ["tilt:write"])
    db.query("update shared.api_keys set revoked_at = now(), expires_at = now()")
    event = {"userId": "u", "timestamp": NOW, "signals": [], "tiltScore": 2}
    [body] = spool.build_messages("tilt.events", [event], key.split("_")[1], NOW - 60_000)
    mapping.deliver(body)
    assert count_rows()[0] == 1


DOORS = [
    ("X-Api-Key", ["tilt:write"], "POST", "/api/tilt/events"),
    ("X-Api-Key", ["tilt:read"], "GET", "/api/tilt/stats/u"),
    ("X-Api-Key", ["admin"], "DELETE", "/api/tilt/users/u"),
    ("X-Api-Key", ["admin"], "DELETE", "/api/ttt/players/u"),
    ("X-Api-Key", ["admin"], "DELETE", "/api/players/u"),
    ("X-Api-Key", ["ttt:write"], "POST", "/api/collect"),
    ("Authorization", ["staff"], "GET", "/api/logs"),
    ("Authorization", ["admin"], "POST", "/api/servers"),
    ("X-Api-Key", None, "POST", "/api/collect"),
    ("X-Api-Key", None, "POST", "/api/player/update"),
    ("X-Server-Key", None, "POST", "/api/ingest/logs"),
    ("X-Server-Key", None, "POST", "/api/servers/heartbeat"),
]


@pytest.mark.parametrize("how", ["revoked", "expired", "its server deleted"])
@pytest.mark.parametrize(("header", "scopes", "method", "url"), DOORS)
def test_a_dead_key_is_refused_within_a_minute_at_every_door(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    header: str,
    scopes: list[str] | None,
    method: str,
    url: str,
    how: str,
) -> None:
    """One rule for all: what a function remembers of a key it remembers for 60 s."""
    make_server()
    key = auth.issue("one", scopes) if scopes else keys.issue(SERVER, "ada")["apiKey"]
    headers = {header: f"Bearer {key}" if header == "Authorization" else key}
    assert client.call(method, url, "{}", headers=headers).status not in (401, 403)
    # Somewhere else, so that this process is not told.
    if how == "its server deleted":
        db.query("update logs.servers set deleted_at = now()")
    change = "expires_at" if how == "expired" else "revoked_at"
    db.query(f"update shared.api_keys set {change} = now()")  # type: ignore[arg-type]
    clock = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock() + 60.001)
    assert client.call(method, url, "{}", headers=headers).status in (401, 403)
