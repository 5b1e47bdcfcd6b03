"""Armies of the tests."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.support.client import Client

_NUMBERS = count()
ARMY: dict[str, Any] = {
    "name": "Third Dynasty",
    "faction_id": "fac_necrons",
    "detachment": "Canoptek Court",
    "points_value": 1000,
    "army_list": {
        "units": [
            {"name": "Overlord", "points": 85, "keywords": ["CHARACTER"], "abilities": ["Leader"]}
        ]
    },
    "visibility": "public",
}


def make_army(client: Client, **changes: Any) -> dict[str, Any]:
    """An army of whose token a client has; equal ones of one test are different armies."""
    headers = client.headers | {"Idempotency-Key": f"army {next(_NUMBERS)}"}
    answered = client.post("/v1/armies", ARMY | changes, headers=headers)
    assert answered.status == 201, answered.text
    army: dict[str, Any] = answered.json["army"]
    return army
