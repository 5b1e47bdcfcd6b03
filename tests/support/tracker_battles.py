"""Battles of the tracker's tests."""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple

from tests.support.armies import make_army
from tests.support.client import Answered, Client
from tests.support.tracker import make_user

_NUMBERS = count()
BATTLE: dict[str, Any] = {
    "battle_type": "matched_play",
    "mission": {
        "name": "Take and Hold",
        "deployment": "Tipping Point",
        "primary_objectives": ["Hold"],
        "secondary_objectives": [],
    },
    "turn_time_limit": 1200,
}


class Duel(NamedTuple):
    """Two players, who each have an army."""

    mira: Client
    nils: Client
    mira_id: str
    nils_id: str
    armies: tuple[str, str]

    def body(self, **changes: Any) -> dict[str, Any]:
        """A battle of the two, to be sent; Mira is left."""
        players = [
            {"user_id": self.mira_id, "army_id": self.armies[0], "position": "left"},
            {"user_id": self.nils_id, "army_id": self.armies[1], "position": "right"},
        ]
        return {**BATTLE, "players": players, **changes}

    def make(self, **changes: Any) -> dict[str, Any]:
        """A new battle of the two."""
        key = {"Idempotency-Key": f"battle {next(_NUMBERS)}"}
        body = self.body(**changes)
        answered = self.mira.post("/v1/battles", body, headers=self.mira.headers | key)
        assert answered.status == 201, answered.text
        battle: dict[str, Any] = answered.json["battle"]
        return battle


def make_duel(more: str = "") -> Duel:
    """Two new players, mira and nils; `more` of their names."""
    mira, nils = make_user(f"mira{more}"), make_user(f"nils{more}")
    return Duel(
        *(mira, nils, user_id(mira), user_id(nils)), (make_army(mira)["id"], make_army(nils)["id"])
    )


def user_id(client: Client) -> str:
    """The id under /v1 of whose token a client has."""
    return str(client.get("/v1/auth/profile").json["user"]["id"])


def act(client: Client, battle: dict[str, Any], action: str, **fields: Any) -> Answered:
    """The answer to an action in a battle."""
    return client.patch(f"/v1/battles/{battle['id']}", {"action": action, **fields})


def done(answered: Answered) -> dict[str, Any]:
    """The battle after what was done."""
    assert answered.status == 200, answered.text
    battle: dict[str, Any] = answered.json["battle"]
    return battle
