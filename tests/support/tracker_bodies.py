"""What every route of the tracker's armies, battles and users that reads a body is sent."""

from __future__ import annotations

from typing import Any

from tests.support.armies import ARMY
from tests.support.tracker_battles import BATTLE

BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/armies": ARMY,
    "PUT /v1/armies/{army_id}": ARMY,
    "PATCH /v1/users/{user_id}": {"role": "organizer"},
    "POST /v1/battles": {
        **BATTLE,
        "tournament_id": None,
        "players": [
            {"user_id": "usr_00000000", "army_id": "army_00000000", "position": "left"},
            {"user_id": "usr_00000001", "army_id": "army_00000001", "position": "right"},
        ],
        "max_rounds": 5,
        "phases": ["command", "fight"],
        "turn_timeout": "flag",
        "clock_mode": "turn",
        "chess_budget": 5400,
        "visibility": "public",
    },
    "PATCH /v1/battles/{battle_id}": {
        "action": "update_scores",
        "player_id": "usr_00000000",
        "scores": {"primary": 1},
    },
    "POST /v1/battles/{battle_id}/advance-round": {"from_round": 1},
    "POST /v1/battles/{battle_id}/complete": {
        "final_scores": {"usr_00000000": {"victory_points": 1}},
        "winner_id": "usr_00000000",
        "result_type": "declared",
    },
    "POST /v1/battles/{battle_id}/ws-ticket": {},
}
