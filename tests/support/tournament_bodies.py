"""What every route of tournaments that reads a body is sent."""

from __future__ import annotations

from typing import Any

from tests.support.cups import CUP

EVENT = "/v1/tournaments/{tournament_id}"
PERSON = f"{EVENT}/participants/{{user_id}}"
BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/tournaments": CUP,
    f"PATCH {EVENT}": {"name": "Lamp Cup", "rules": {"draw_band": 0}},
    f"POST {EVENT}/open-registration": {},
    f"POST {EVENT}/cancel": {"reason": "Snow"},
    f"POST {EVENT}/finish": {"early": False},
    f"POST {EVENT}/register": {"army_id": "army_00000000", "join_waitlist": True},
    f"POST {EVENT}/participants": {"user_id": "usr_00000000", "army_id": "army_00000000"},
    f"PATCH {PERSON}": {"club": "Lanterns"},
    f"POST {PERSON}/drop": {"kind": "drop"},
    f"POST {PERSON}/reinstate": {"missed_rounds": "loss"},
    f"POST {PERSON}/absent": {"round": 9},
    f"POST {EVENT}/generate-pairings": {"dry_run": False},
    f"POST {EVENT}/next-round": {},
    f"PUT {EVENT}/rounds/{{number}}/pairings": {"pairings": [], "byes": []},
    f"PUT {EVENT}/results/{{battle_id}}": {"result_type": "double_loss"},
}
