"""What the addon sends in the tests of TTT's contract, and how they read it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.shared import db
from tests.support.client import Answered, Client

Teller = Callable[[str, str, datetime], Answered]
DAY = 86_400_000
KILL = {
    "attacker_steamid": "STEAM_0:1:1",
    "attacker_role": "traitor",
    "victim_steamid": "STEAM_0:0:2",
    "victim_role": "innocent",
    "weapon": "weapon_ttt_m16",
    "headshot": True,
}
BUY = {"steam_id": "STEAM_0:1:1", "role": "traitor", "item": "Radar"}
START = [
    {"player_steamid": "STEAM_0:1:1", "role": "traitor", "karma": 1000.0, "points": 0.0},
    {"player_steamid": "STEAM_0:0:2", "role": "innocent", "karma": 990.0, "points": 2.0},
]
END = [
    {"player_steamid": "STEAM_0:1:1", "role": "traitor", "karma": 1010.0, "points": 3.0},
    {"player_steamid": "STEAM_0:0:2", "role": "innocent", "karma": 995.5, "points": 2.0},
]
ROUND: dict[str, Any] = {
    "round_id": "6d1a7f4e-0001-4000-8000-000000000001",
    "map_name": "ttt_harbor",
    "winner": "2",
    "duration": 245.0,
    "ended_at": "2026-03-02T19:50:00Z",
    "start_roles": START,
    "end_roles": END,
    "kills": [KILL],
    "buys": [BUY],
}
PLAYER = "STEAM_0:1:101"
ENDPOINTS = [
    "overview",
    "players",
    f"players/{PLAYER}",
    "weapons",
    "maps",
    "roles",
    "duos",
    "nemesis",
    "rivalries",
    "karma",
    "activity",
    "buys",
    "newcomers",
    f"players/{PLAYER}/form",
    f"players/{PLAYER}/sessions",
]
LISTS = [
    *("players", "weapons", "maps", "roles", "duos", "nemesis", "rivalries", "karma", "buys"),
    f"players/{PLAYER}/sessions",
]
OF_ONE_MAP = ["overview", "players", "weapons", "roles", "karma", "activity", "buys"]


def collect(client: Client, **changed: Any) -> Answered:
    return client.post("/api/collect", {**ROUND, **changed})


def without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in ROUND.items() if key not in names}


def count(table: str = "ttt.rounds") -> int:
    return int(db.query(f"select count(*) from {table}")[0]["count"])  # type: ignore[arg-type]


def read(client: Client, path: str) -> Any:
    answered = client.get(f"/api/ttt/{path}")
    assert answered.status == 200, answered.text
    return answered.json


def rows(items: list[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(item[key] for key in keys) for item in items]


def shown(client: Client) -> dict[str, Any]:
    """The newest round as the page reads it."""
    newest: dict[str, Any] = client.get("/api/stats?limit=1").json[0]
    return newest
