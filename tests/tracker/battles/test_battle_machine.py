"""Battles as a state machine: whatever is done in whatever order, what the contract says holds."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from functions.shared.errors import Conflict, Forbidden, Invalid
from functions.shared.fields import parse_time
from functions.tracker.battles import clocks
from functions.tracker.battles.battle import diff, fold, merge
from functions.tracker.battles.scores import NAMES
from tests.support.battle_rules import M, N, Table

PLAYERS = st.sampled_from((M, N))
POINTS = st.integers(0, 999)
SCORES = st.dictionaries(st.sampled_from(NAMES), POINTS, min_size=1)
# From where to where a battle may go, and by which events.
STEPS = {
    ("setup", "setup"): {"created"},
    ("setup", "in_progress"): {"started"},
    ("setup", "cancelled"): {"cancelled"},
    ("in_progress", "completed"): {"completed"},
    ("in_progress", "cancelled"): {"cancelled"},
    ("completed", "in_progress"): {"reopened"},
}
INSIDE = {
    *("scores_updated", "stratagem_used", "command_points_set", "phase_advanced", "turn_ended"),
    *("turn_expired", "turn_timeout", "round_advanced", "clock_paused", "clock_resumed", "undone"),
    *("clock_switched", "clock_adjusted"),
}


class BattleMachine(RuleBasedStateMachine):
    """Two players, a judge and time."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Table()
        self.refused = 0

    @initialize(
        mode=st.sampled_from(("turn", "chess")),
        timeout=st.sampled_from(("flag", "pass")),
        limit=st.sampled_from((0, 30, 100)),
        rounds=st.integers(1, 3),
    )
    def begin(self, mode: str, timeout: str, limit: int, rounds: int) -> None:
        self.table = Table(
            clock_mode=mode,
            turn_timeout=timeout,
            turn_time_limit=limit,
            chess_budget=60,
            max_rounds=rounds,
            phases=["command", "shooting", "fight"],
        )

    def act(self, action: str, **sent: Any) -> bool:
        """Whether it was done; a refusal changes nothing but what the clock did."""
        self.table.settle()
        before, count = self.table.state, len(self.table.events)
        try:
            self.table.act(action, **sent)
        except (Conflict, Invalid, Forbidden):
            assert (self.table.state, len(self.table.events)) == (before, count)
            return False
        return True

    @rule(seconds=st.floats(0, 150), looks=st.booleans())
    def wait(self, seconds: float, looks: bool) -> None:
        self.table.wait(round(seconds, 3))
        if looks:
            self.table.settle()

    @rule(by=PLAYERS, player=PLAYERS, scores=SCORES)
    def score(self, by: str, player: str, scores: dict[str, int]) -> None:
        old = self.table.state["players"][player]["scores"]
        if self.act("update_scores", by=by, player_id=player, scores=scores):
            new = self.table.state["players"][player]["scores"]
            assert all(new[name] == scores.get(name, old[name]) for name in NAMES[1:])
            moved = sum(new[name] - old[name] for name in NAMES[1:])
            wanted = max(0, old["victory_points"] + moved)
            assert new["victory_points"] == scores.get("victory_points", wanted)

    @rule(player=st.none() | PLAYERS, phase=st.none() | st.sampled_from(("shooting", "fight")))
    def advance_phase(self, player: str | None, phase: str | None) -> None:
        self.table.settle()
        turn, is_over = dict(self.table.turn), self.table.turn["is_last_over"]
        if self.act("advance_phase", player_id=player, phase=phase):
            assert player in (None, turn["player_id"])
            assert not is_over

    @rule(player=PLAYERS, cost=st.integers(0, 3))
    def use_stratagem(self, player: str, cost: int) -> None:
        had = self.table.state["players"][player]["command_points"]
        sent = {"player_id": player, "stratagem": "x", "cp_cost": cost}
        if self.act("use_stratagem", **sent):
            assert self.table.state["players"][player]["command_points"] == had - cost >= 0

    @rule(player=PLAYERS, points=st.integers(0, 99))
    def set_command_points(self, player: str, points: int) -> None:
        self.act("set_command_points", player_id=player, command_points=points)

    @rule(first=st.none() | PLAYERS)
    def start(self, first: str | None) -> None:
        was = self.table.state["status"]
        assert self.act("start", first_player_id=first) == (was == "setup")

    @rule(player=st.none() | PLAYERS)
    def end_turn(self, player: str | None) -> None:
        self.act("end_turn", player_id=player)

    @rule(from_round=st.none() | st.integers(0, 3))
    def advance_round(self, from_round: int | None) -> None:
        self.table.settle()
        current = self.table.state["current_round"]
        if self.act("advance_round", from_round=from_round):
            is_retry = from_round == current - 1
            assert self.table.state["current_round"] == current + (not is_retry)

    @rule(action=st.sampled_from(("pause_clock", "resume_clock")))
    def hold(self, action: str) -> None:
        self.act(action)

    @rule(player=PLAYERS)
    def switch_clock(self, player: str) -> None:
        self.act("switch_clock", player_id=player)

    @rule(player=PLAYERS, seconds=st.integers(-60, 60))
    def adjust_clock(self, player: str, seconds: int) -> None:
        self.act("adjust_clock", player_id=player, seconds=seconds, reason="x")

    @rule(back=st.integers(0, 1))
    def undo(self, back: int) -> None:
        self.table.settle()
        events = self.table.events
        earlier = fold(events[:-1])
        if self.act("undo", seq=self.table.state["version"] - back):
            assert back == 0
            same = {"version", "updated_at"}
            left, right = earlier, self.table.state
            assert {k: v for k, v in left.items() if k not in same} == {
                k: v for k, v in right.items() if k not in same
            }

    @rule(winner=st.none() | PLAYERS, scores=st.none() | SCORES)
    def complete(self, winner: str | None, scores: dict[str, int] | None) -> None:
        final = {M: scores} if scores else {}
        was = self.table.state["status"]
        is_done = self.act("complete", winner_id=winner, final_scores=final)
        assert is_done == (was in ("setup", "in_progress"))

    @rule(action=st.sampled_from(("cancel", "reopen")))
    def end(self, action: str) -> None:
        self.act(action, official=True)

    @invariant()
    def holds(self) -> None:
        table = self.table
        table.check()
        state, was = {}, "setup"
        for event in table.events:
            state = fold([event]) if not state else {**merge(state, event["after"])}
            step = (was, state["status"])
            assert event["type"] in STEPS.get(step, INSIDE), step
            was = state["status"]
        if was != "in_progress":
            assert table.turn["running_since"] is None
            assert clocks.find_due(table.state) is None
        assert 1 <= table.state["current_round"] <= table.state["max_rounds"]
        assert (table.state["completed_at"] is None) == (was != "completed")
        used = sum(clocks.get_time_used(table.state, player, table.now) for player in (M, N))
        lasted = table.now - parse_time(table.events[0]["at"])
        assert used <= lasted.total_seconds() + 1


TestBattles = BattleMachine.TestCase
TestBattles.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_difference_put_on_the_old_state_is_the_new_one() -> None:
    old = {"a": 1, "b": {"c": [1], "d": None}, "e": {"f": 1}}
    new = {"a": None, "b": {"c": [1, 2], "d": None}, "e": {"f": 1}, "g": {}}
    before, after = diff(old, new)
    assert (before, after) == (
        {"a": 1, "b": {"c": [1]}},
        {"a": None, "b": {"c": [1, 2]}, "g": {}},
    )
    assert merge(old, after) == new
