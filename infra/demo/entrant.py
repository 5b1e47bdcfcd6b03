"""A player of the 40K tracker: registers, writes an army list, enters an event, keeps scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from infra.demo.service import DemoError, Service

Row = dict[str, Any]
PARTS = ("primary", "secondary")


@dataclass
class Entrant:
    """Somebody of the event, with a connection of their own."""

    name: str
    service: Service
    faction: str = ""
    detachment: str = ""
    id: str = ""
    army_id: str = ""
    scores: dict[str, int] = field(default_factory=dict)

    def enter(self, password: str) -> None:
        """Registers, or logs in where an event before did."""
        username = f"{self.name.lower()}_cup"
        new = {"username": username, "email": f"{username}@example.com", "password": password}
        answer = self.service.attempt("/v1/auth/register", new | {"display_name": self.name})
        if answer.status == HTTPStatus.CONFLICT:
            known = {"username": username, "password": password}
            answer = self.service.attempt("/v1/auth/login", known)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            message = answer.body["error"]["message"]
            raise DemoError(f"{self.name} cannot enter the tracker: {message}")
        self.service.key = answer.body["access_token"]
        self.id = answer.body["user"]["id"]

    def write_list(self) -> None:
        """The army of an event before, else a new one."""
        query = {"owner_id": self.id, "faction_id": f"fac_{self.faction}", "limit": 1}
        known = self.service.get("/v1/armies", **query)["data"]
        self.army_id = known[0]["id"] if known else self._make_army()["id"]

    def _make_army(self) -> Row:
        units = [
            {"name": "Warlord", "points": 120, "keywords": ["CHARACTER"]},
            *({"name": f"Squad {number}", "points": 110} for number in range(1, 9)),
        ]
        army = {
            "name": f"{self.name}'s own",
            "faction_id": f"fac_{self.faction}",
            "detachment": self.detachment,
            "points_value": 1000,
            "army_list": {"units": units},
        }
        return self.post("/v1/armies", army)["army"]  # type: ignore[no-any-return]

    def score(self, battle_id: str, gained: dict[str, int]) -> int:
        """Adds to the own scores of a battle; the battle's version with them."""
        self.scores = {part: self.scores.get(part, 0) + gained[part] for part in PARTS}
        body = {"action": "update_scores", "player_id": self.id, "scores": self.scores}
        return self.act(battle_id, body)

    def act(self, battle_id: str, body: Row) -> int:
        """Does something in a battle; the battle's version after it."""
        key = {"Idempotency-Key": str(uuid4())}
        answer = self.service.patch(f"/v1/battles/{battle_id}", body, key)
        return int(answer.body["battle"]["version"])

    def post(self, path: str, body: Row) -> Row:
        """What is answered to a request that is done once however often it is sent."""
        answer: Row = self.service.post(path, body, {"Idempotency-Key": str(uuid4())}).body
        return answer
