"""The worked example of the TTT definitions: two rounds, a name history, and the seed's round."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

A = "STEAM_0:1:101"
B = "STEAM_0:0:102"
C = "STEAM_0:1:103"
D = "STEAM_0:0:104"

FIRST: dict[str, Any] = {
    "round_id": "a0000000-0000-4000-8000-000000000001",
    "map_name": "ttt_harbor",
    "winner": "2",
    "duration": 245.0,
    "ended_at": "2026-03-02T19:50:00Z",
    "start_roles": [
        {"player_steamid": A, "role": "traitor", "karma": 980.0, "points": 0.0},
        {"player_steamid": B, "role": "innocent", "karma": 1000.0, "points": 0.0},
        {"player_steamid": C, "role": "detective", "karma": 1000.0, "points": 0.0},
        {"player_steamid": "BOT", "role": "innocent", "karma": 1000.0, "points": 0.0},
        {"player_steamid": D, "role": "role_7", "karma": 950.5, "points": 0.0},
    ],
    "end_roles": [
        {"player_steamid": A, "role": "traitor", "karma": 1010.0, "points": 3.0},
        {"player_steamid": B, "role": "innocent", "karma": 1005.0, "points": 0.0},
        {"player_steamid": C, "role": "detective", "karma": 862.75, "points": -8.0},
        {"player_steamid": "BOT", "role": "innocent", "karma": 1000.0, "points": 0.0},
        {"player_steamid": D, "role": "role_7", "karma": 955.5, "points": -1.0},
    ],
    "kills": [
        {
            "attacker_steamid": C,
            "attacker_role": "detective",
            "victim_steamid": B,
            "victim_role": "innocent",
            "weapon": "weapon_zm_rifle",
            "headshot": True,
        },
        {
            "attacker_steamid": A,
            "attacker_role": "traitor",
            "victim_steamid": C,
            "victim_role": "detective",
            "weapon": "weapon_ttt_knife",
            "headshot": False,
        },
        {
            "attacker_steamid": A,
            "attacker_role": "traitor",
            "victim_steamid": "BOT",
            "victim_role": "innocent",
            "weapon": "weapon_zm_revolver",
            "headshot": True,
        },
        {
            "attacker_steamid": D,
            "attacker_role": "role_7",
            "victim_steamid": D,
            "victim_role": "role_7",
            "weapon": "weapon_zm_pistol",
            "headshot": False,
        },
    ],
    "buys": [
        {"steam_id": A, "role": "traitor", "item": "weapon_ttt_knife"},
        {"steam_id": A, "role": "traitor", "item": "Radar"},
        {"steam_id": C, "role": "detective", "item": "Radar"},
    ],
}

SECOND: dict[str, Any] = {
    "round_id": "a0000000-0000-4000-8000-000000000002",
    "map_name": "ttt_cellar",
    "winner": "innocents",
    "duration": 180.0,
    "ended_at": "2026-03-03T20:10:00Z",
    "start_roles": [
        {"player_steamid": A, "role": "innocent", "karma": 1010.0, "points": 3.0},
        {"player_steamid": B, "role": "traitor", "karma": 1005.0, "points": 0.0},
        {"player_steamid": C, "role": "innocent", "karma": 863.0, "points": -8.0},
    ],
    "end_roles": [
        {"player_steamid": A, "role": "deputy", "karma": 1000.0, "points": 2.0},
        {"player_steamid": B, "role": "traitor", "karma": 1010.0, "points": 1.0},
        {"player_steamid": C, "role": "innocent", "karma": 900.0, "points": -5.0},
        {"player_steamid": D, "role": "innocent", "karma": 955.5, "points": 0.0},
    ],
    "kills": [
        {
            "attacker_steamid": B,
            "attacker_role": "traitor",
            "victim_steamid": C,
            "victim_role": "innocent",
            "weapon": "weapon_ttt_m16",
            "headshot": True,
        },
        {
            "victim_steamid": D,
            "victim_role": "innocent",
            "weapon": "trigger_hurt",
            "headshot": True,
        },
        {
            "attacker_steamid": A,
            "attacker_role": "deputy",
            "victim_steamid": B,
            "victim_role": "traitor",
            "weapon": "weapon_ttt_m16",
            "headshot": False,
        },
    ],
    "buys": [
        {"steam_id": B, "role": "traitor", "item": "weapon_ttt_c4"},
        {"steam_id": B, "role": "traitor", "item": "weapon_ttt_c4"},
    ],
}

SEED: dict[str, Any] = {
    "round_id": "ABCD_EF01_2345_6789",
    "map_name": "ttt_minecraft_b5",
    "winner": "traitors",
    "duration": 245,
    "start_roles": [{"player_steamid": "STEAM_0:1:12345", "role": "innocent"}],
    "end_roles": [{"player_steamid": "STEAM_0:1:12345", "role": "innocent"}],
    "kills": [
        {
            "attacker_steamid": "STEAM_0:1:12345",
            "attacker_role": "traitor",
            "victim_steamid": "STEAM_0:0:67890",
            "victim_role": "innocent",
            "weapon": "weapon_ttt_knife",
            "headshot": False,
        }
    ],
    "buys": [{"steam_id": "STEAM_0:1:12345", "role": "traitor", "item": "weapon_ttt_c4"}],
}

# As (time of receipt, SteamID, display name).
NAMES: list[tuple[datetime, str, str]] = [
    (datetime(2026, 3, 1, 10, tzinfo=UTC), A, "Ana"),
    (datetime(2026, 3, 2, 10, tzinfo=UTC), A, "Ana"),
    (datetime(2026, 3, 3, tzinfo=UTC), A, "Ana ☾"),
]
