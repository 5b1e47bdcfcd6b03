"""Requests to measure with: Lambda events as API Gateway sends them, deterministic by number."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from tests.support.gateway import gateway_event

KEY = "bench-bootstrap-key"
ENVIRON = {
    "API_KEY": KEY,
    "TILT_KEYS": "required",
    "SIGNING_KEY": "the signing key of the benchmarks, long enough",
    "TOKEN_KEY": "the token key of the benchmarks, long enough",
    "TRACKER_KEY": "the tracker key of the benchmarks, long enough",
    "DOMAINS": "tilt",
}
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "Host": "api.example.org",
    "User-Agent": "tilt-bot/1.0",
    "X-Api-Key": KEY,
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
}


def post(at_ms: int, key: str = KEY) -> dict[str, Any]:
    """A bot posts an event of that Unix ms: the seed's first example, another user each time."""
    body = {
        "userId": f"user-{at_ms % 997}",
        "timestamp": at_ms,
        "signals": [
            {"type": "rage-quit", "severity": 3, "confidence": 0.85},
            {"type": "rapid-messages", "severity": 2, "confidence": 0.7},
        ],
        "tiltScore": 3.5,
        "context": "discord-dm",
    }
    headers = _HEADERS | {"X-Api-Key": key}
    return gateway_event("POST", "/api/tilt/events", json.dumps(body), headers)


def collect(number: int) -> dict[str, Any]:
    """A game server posts its round of that number, as the addon writes it: 16 players, 30 kills,
    20 buys."""
    people = [f"STEAM_0:{one % 2}:{19_000_000 + one}" for one in range(number, number + 16)]
    sides = ["traitor"] * 4 + ["detective"] * 2 + ["innocent"] * 10
    weapons = ("weapon_zm_mac10", "weapon_ttt_m16", "weapon_zm_shotgun", "weapon_zm_revolver")
    items = ("weapon_ttt_c4", "item_radar", "item_armor", "weapon_ttt_knife", "item_disg")
    starts = [
        {"player_steamid": one, "role": role, "karma": 1000.0, "points": float(at)}
        for at, (one, role) in enumerate(zip(people, sides, strict=True))
    ]
    kills = [
        {
            "attacker_steamid": people[at % 6],
            "attacker_role": sides[at % 6],
            "victim_steamid": people[6 + at % 10],
            "victim_role": sides[6 + at % 10],
            "weapon": weapons[at % 4],
            "headshot": at % 3 == 0,
        }
        for at in range(30)
    ]
    body = {
        "round_id": str(UUID(int=number, version=4)),
        "map_name": f"ttt_map_{number % 12}",
        "winner": ("traitors", "innocents")[number % 2],
        "duration": 245.0,
        "start_roles": starts,
        "end_roles": [{**one, "karma": one["karma"] - 12.5, "points": 3.0} for one in starts],
        "kills": kills,
        "buys": [
            {"steam_id": people[at % 6], "role": sides[at % 6], "item": items[at % 5]}
            for at in range(20)
        ],
    }
    return report(body)


def report(body: dict[str, Any]) -> dict[str, Any]:
    """A game server posts a round."""
    text = json.dumps(body, separators=(",", ":"))
    return gateway_event("POST", "/api/collect", text, _HEADERS)


def get(path: str) -> dict[str, Any]:
    """A dashboard reads."""
    return gateway_event("GET", path, None, _HEADERS)
