"""What tests of the ingest send, and what they ask the store and the answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from functions.shared import auth, db
from tests.support.client import Client
from tests.support.logs.panel import NOW, stamp

Away = Callable[[], None]
URL = "/api/ingest/logs"
ANA = "STEAM_0:1:101"
# As a server's script sends it, but for the comment that it assumes receipt near these times.
EXAMPLE = """
{"events":[
 {"type":"CONNECT","gameMode":"SANDBOX","timestamp":"2026-03-02T19:00:00Z","steamId":"STEAM_0:1:101","playerName":"Ana","metadata":{"ip":"203.0.113.9","port":48878.0,"authType":"steam","group":"user"},"map":"gm_construct","playerCount":1.0},
 {"type":"CHAT","timestamp":"2026-03-02T19:00:03Z","steamId":"STEAM_0:1:101","playerName":"Ana","rawText":"Ana: olá ☭","metadata":{"message":"olá ☭","chatScope":"GLOBAL","lifeState":"ALIVE"}},
 {"type":"PROP_SPAWN","timestamp":"2026-03-02T19:00:05Z","steamId":"STEAM_0:1:101","playerName":"Ana","metadata":{"spawnKind":"SENT","entityClass":"item_healthkit","entIndex":655.0,"propModel":"models/items/healthkit.mdl"}},
 {"type":"BUILD_SAVE","timestamp":"2026-03-02T19:00:06Z","steamId":"STEAM_0:1:101","playerName":"Ana","rawText":"saved","metadata":{"slot":2.0}},
 "oops"]}
"""  # noqa: E501
RECEIPT = datetime(2026, 3, 2, 19, 0, 10, tzinfo=UTC)


def chat(text: str = "hi", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    sent = {"type": "CHAT", "timestamp": stamp(at), "steamId": ANA, "playerName": "Ana"}
    return {**sent, "metadata": {"message": text}, **more}


def sums(answer: Any) -> dict[str, int]:
    return {name: value for name, value in answer.items() if isinstance(value, int) and value}


def stored() -> int:
    return int(db.query("select count(*) from logs.events")[0]["count"])


def send(game: Client, *events: Any) -> Any:
    answered = game.post(URL, list(events))
    assert answered.status in (200, 202), answered.text
    return answered.json


def leave(away: Away) -> None:
    """The database goes away while this process knows the key and the server."""
    known = dict(auth._cache)
    away()
    auth._cache.update(known)
