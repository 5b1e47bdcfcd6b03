"""What follows the Swiss rounds: the best eight play a knock-out, which leaves a bracket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

from infra.demo.entrant import Entrant
from infra.demo.service import Service

PLAYERS = 8
_STAGES = {4: "Quarter-finals", 2: "Semi-finals", 1: "Final"}
Row = dict[str, Any]


@dataclass
class Knockout:
    """The bracket, whose results the organiser enters; `people` come best first."""

    name: str
    seed: int
    out: Callable[[str], object]
    organiser: Service
    people: Sequence[Entrant]
    event: Row = field(default_factory=dict)

    def play(self) -> None:
        """Entries in the order of places, which are the seeds; then stage by stage."""
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        event = {
            "name": self.name,
            "format": "single_elimination",
            "max_participants": len(self.people),
            "start_date": start.isoformat(),
            "rules": {"points_limit": 1000, "third_place_match": True},
        }
        key = {"Idempotency-Key": str(uuid4())}  # those of an evening before are others
        self.event = self.organiser.post("/v1/tournaments", event, key).body["tournament"]
        for one in self.people:
            one.post(f"{self._path}/register", {"army_id": one.army_id})
            one.service.close()
        rng = Random(f"knock-out {self.seed}")  # noqa: S311 — play
        self.out(f"\n{self.name}: the best {len(self.people)} of them in a bracket")
        for games in _STAGES:
            self._play_stage(games, rng)
        self._ask("finish")
        champion = self._find(self.event["champion_id"])
        self.out(f"{champion.name} wins {self.name}.")

    @property
    def _path(self) -> str:
        return f"/v1/tournaments/{self.event['id']}"

    def _ask(self, what: str) -> None:
        self.event = self.organiser.post(f"{self._path}/{what}", {}).body["tournament"]

    def _play_stage(self, games: int, rng: Random) -> None:
        """Pairs a stage and enters its results; a final comes with the match for third place."""
        self._ask("generate-pairings")
        told = []
        for pairing in self.event["rounds"][-1]["pairings"]:
            ids = [pairing["player1_id"], pairing["player2_id"]]
            first, second = rng.sample(range(35, 95), 2)  # victory points; nobody ties
            scores = {ids[0]: {"victory_points": first}, ids[1]: {"victory_points": second}}
            path = f"{self._path}/results/{pairing['battle_id']}"
            self.event = self.organiser.put(path, {"scores": scores}).body["tournament"]
            one, other = (self._find(user).name for user in ids)
            place = "for third place " if pairing["bracket"] == "third_place" else ""
            told.append(f"{place}{one} {first}-{second} {other}")
        self.out(f"{_STAGES[games]}: {', '.join(told)}")

    def _find(self, user_id: str) -> Entrant:
        return next(one for one in self.people if one.id == user_id)
