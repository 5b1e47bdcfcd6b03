"""Battles of the tracker without a store: a clock that tests set, and two players."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.tracker.battles import turns
from functions.tracker.battles.actions import ACTIONS, BY_PATH
from functions.tracker.battles.battle import Actor, Battle, Event, State, fold
from functions.tracker.battles.creation import NewBattle, make_battle

M, N = "usr_mira0000", "usr_nils0000"
BEGAN = datetime(2027, 2, 6, 9, 20, tzinfo=UTC)
ARMY = {"name": "x", "faction_id": "fac_x", "detachment": "x", "points_value": 1000}
BODY = {
    "battle_type": "matched_play",
    "mission": {"name": "Take and Hold", "deployment": "Tipping Point"},
    "turn_time_limit": 100,
    "players": [{"user_id": M, "army_id": "a"}, {"user_id": N, "army_id": "b"}],
}


class Table:
    """A battle over time: what is asked of it at a moment is done as a request does it."""

    def __init__(self, *, of_tournament: dict[str, Any] | None = None, **rules: Any) -> None:
        sent = NewBattle.model_validate(BODY | rules).model_dump()
        made = make_battle(
            sent, {"a": ARMY, "b": ARMY}, Actor(M, "player", "rest"), BEGAN, **of_tournament or {}
        )
        self.state: State = made.state
        self.events: list[Event] = list(made.events)
        self.now = BEGAN

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def settle(self) -> None:
        """Somebody reads it."""
        battle = Battle(self.state, Actor(M, "player", "rest"), self.now, self.events[-1])
        turns.settle(battle)
        self._keep(battle)

    def act(self, action: str, by: str = M, *, official: bool = False, **sent: Any) -> None:
        """Somebody does something; raises what refuses it, after what the clock did."""
        actor = Actor(by, "player", "rest", official)
        battle = Battle(self.state, actor, self.now, self.events[-1])
        turns.settle(battle)
        self._keep(battle)
        before = len(battle.events)
        (ACTIONS | BY_PATH)[action][1](battle, sent)
        self._keep(battle, before)

    def _keep(self, battle: Battle, after: int = 0) -> None:
        self.state = battle.state
        self.events += battle.events[after:]

    @property
    def turn(self) -> dict[str, Any]:
        turn: dict[str, Any] = self.state["turn"]
        return turn

    def types(self, after: int = 1) -> list[str]:
        """What happened after an event."""
        return [event["type"] for event in self.events if event["seq"] > after]

    def check(self) -> None:
        """What always holds: the events, folded, are the battle, and their numbers have no gap."""
        assert fold(self.events) == self.state
        assert [event["seq"] for event in self.events] == list(range(1, len(self.events) + 1))
        assert self.state["version"] == len(self.events)
        times = [event["at"] for event in self.events]
        assert times == sorted(times)
