"""Turns and clocks: tracker.md 4.3 and 4.4."""

from __future__ import annotations

from typing import Any

import pytest

from functions.shared.errors import Conflict
from functions.shared.json_codec import format_time
from functions.tracker.battles import clocks
from tests.support.battle_rules import BEGAN, M, N, Table


def show(table: Table) -> dict[str, Any]:
    return clocks.show_turn(table.state, table.now)


def test_a_clock_runs_without_anything_written() -> None:
    table = Table()
    assert show(table) == {
        **{"player_id": M, "phase": "command", "start_time": None, "time_remaining": 100},
        **{"running": False, "deadline": None, "expired": False, "overtime": 0},
        "clock_player_id": M,
    }
    table.act("start")
    table.wait(12.4)
    table.settle()
    shown = show(table)
    assert (shown["time_remaining"], shown["running"], shown["expired"]) == (87, True, False)
    assert shown["start_time"] == format_time(BEGAN)
    assert shown["deadline"] == "2027-02-06T09:21:40.000Z"
    assert table.types() == ["started"]
    assert clocks.get_time_used(table.state, M, table.now) == 12


def test_phases_turns_and_rounds_follow_each_other() -> None:
    table = Table(phases=["command", "shooting"], max_rounds=2)
    seen = []
    for _ in range(7):
        table.act("advance_phase")
        seen.append((table.state["current_round"], table.turn["player_id"], table.turn["phase"]))
    assert seen == [
        *((1, M, "shooting"), (1, N, "command"), (1, N, "shooting"), (2, M, "command")),
        *((2, M, "shooting"), (2, N, "command"), (2, N, "shooting")),
    ]
    table.act("advance_phase")
    assert table.types() == [
        *("started", "phase_advanced", "turn_ended", "phase_advanced", "round_advanced"),
        *("phase_advanced", "turn_ended", "phase_advanced", "turn_ended"),
    ]
    assert table.turn["is_last_over"]
    assert table.turn["running_since"] is None
    for action in ("advance_phase", "end_turn", "advance_round", "pause_clock", "use_stratagem"):
        with pytest.raises(Conflict) as refused:
            table.act(action, player_id=N, stratagem="x")
        assert refused.value.extra["reason"] == "final_turn_over"
    table.act("update_scores", player_id=N, scores={"primary": 3})
    table.act("complete")
    assert table.state["winner_id"] == N
    table.check()


def test_who_begins_has_the_first_turn_of_each_round() -> None:
    table = Table()
    table.act("start", first_player_id=N)
    assert table.turn["player_id"] == N
    table.act("end_turn", player_id=N)
    assert table.turn["player_id"] == M
    table.act("end_turn")
    assert (table.turn["player_id"], table.state["current_round"]) == (N, 2)
    assert table.state["is_first_turn_known"] is True


def test_a_flag_falls_once() -> None:
    table = Table()
    table.act("start")
    table.wait(99.999)
    table.settle()
    assert not show(table)["expired"]
    table.wait(30.002)
    for _ in range(2):
        table.settle()
    shown = show(table)
    assert (shown["expired"], shown["overtime"], shown["time_remaining"]) == (True, 30, 0)
    assert table.types(2) == ["turn_expired"]
    last = table.events[-1]
    assert last["at"] == "2027-02-06T09:21:40.000Z"
    assert (last["actor_id"], last["actor_role"], last["source"]) == (None, "system", "system")
    table.act("end_turn")
    table.wait(101)
    table.settle()
    assert table.types(3) == ["turn_ended", "turn_expired"]
    table.check()


def test_turns_pass_when_they_are_over_until_nobody_seems_to_be_there() -> None:
    table = Table(turn_timeout="pass")
    table.act("start")
    table.wait(150)
    table.settle()
    assert table.types(2) == ["turn_timeout"]
    assert table.events[-1]["at"] == "2027-02-06T09:21:40.000Z"
    assert (table.turn["player_id"], show(table)["time_remaining"]) == (N, 50)
    table.wait(10_000)
    table.settle()
    assert table.types(3) == ["round_advanced", "clock_paused"]
    assert table.events[-1]["data"] == {"reason": "both_timed_out"}
    assert table.events[-1]["at"] == table.events[-2]["at"] == "2027-02-06T09:23:20.000Z"
    assert (table.turn["player_id"], table.state["current_round"]) == (M, 2)
    assert show(table)["time_remaining"] == 100
    table.wait(5000)
    table.settle()
    table.act("resume_clock")
    table.wait(40)
    assert show(table)["time_remaining"] == 60
    table.check()


def test_a_turn_that_a_player_ends_is_no_time_out() -> None:
    table = Table(turn_timeout="pass")
    table.act("start")
    table.wait(101)
    table.settle()
    table.act("end_turn", N)
    table.wait(100)
    table.settle()
    assert table.types(2) == ["turn_timeout", "round_advanced", "turn_timeout"]


@pytest.mark.parametrize("step", [1, 7, 33, 100, 250, 1000])
def test_how_often_somebody_looks_changes_nothing(step: int) -> None:
    """A sweep that runs twice, late or never gives the same events and values."""
    rules = {"turn_timeout": "pass", "max_rounds": 3}
    once, often = Table(**rules), Table(**rules)
    for table in (once, often):
        table.act("start")
    for _ in range(1000 // step):
        often.wait(step)
        often.settle()
        often.settle()
    once.now = often.now
    once.settle()
    assert once.events[1:] == often.events[1:]
    assert once.state == often.state | {"id": once.state["id"]}


def test_no_limit_is_no_clock() -> None:
    table = Table(turn_time_limit=0, turn_timeout="pass")
    table.act("start")
    table.wait(100_000)
    table.settle()
    shown = show(table)
    assert (shown["time_remaining"], shown["expired"], shown["deadline"]) == (0, False, None)
    assert shown["running"] is True
    assert table.types(2) == []
    assert clocks.get_time_used(table.state, M, table.now) == 100_000


def test_pausing_and_resuming() -> None:
    table = Table()
    for action in ("pause_clock", "resume_clock"):
        with pytest.raises(Conflict) as refused:
            table.act(action)
        assert refused.value.extra["reason"] == "not_started"
    table.act("start")
    table.wait(30)
    table.act("pause_clock")
    table.wait(500)
    assert (show(table)["time_remaining"], show(table)["running"]) == (70, False)
    with pytest.raises(Conflict):
        table.act("pause_clock")
    table.act("resume_clock")
    with pytest.raises(Conflict):
        table.act("resume_clock")
    table.wait(10.5)
    assert show(table)["time_remaining"] == 59
    assert clocks.get_time_used(table.state, M, table.now) == 40
    table.check()


def test_the_end_of_a_battle_freezes_the_clock() -> None:
    for action in ("complete", "cancel"):
        table = Table()
        table.act("start")
        table.wait(30)
        table.act(action)
        table.wait(500)
        table.settle()
        assert (show(table)["time_remaining"], show(table)["running"]) == (70, False)
        assert clocks.find_due(table.state) is None


# --- chess ---


def chess(**rules: Any) -> Table:
    return Table(clock_mode="chess", chess_budget=60, **rules)


def test_each_player_has_a_clock_for_the_whole_battle() -> None:
    table = chess()
    table.act("start")
    table.wait(20)
    table.act("end_turn")
    table.wait(50)
    assert show(table)["time_remaining"] == 10
    table.act("end_turn", N)
    assert (table.turn["player_id"], show(table)["time_remaining"]) == (M, 40)
    table.wait(45)
    table.settle()
    assert (show(table)["expired"], show(table)["overtime"]) == (True, 5)
    assert table.types()[-1] == "turn_expired"
    table.act("end_turn")
    table.act("end_turn", N)
    table.wait(1)
    table.settle()
    assert table.types()[-1] == "round_advanced", "the flag of a player falls once"
    table.check()


def test_whose_time_runs_can_change_without_the_turn() -> None:
    table = chess()
    table.act("start")
    table.wait(10)
    table.act("switch_clock", player_id=N)
    table.wait(70)
    table.settle()
    shown = show(table)
    assert (shown["player_id"], shown["clock_player_id"], shown["expired"]) == (M, N, True)
    events = table.types(2)
    table.act("switch_clock", player_id=N)  # as it is already: nothing happens
    assert table.types(2) == events == ["clock_switched", "turn_expired"]
    table.act("switch_clock", player_id=M)
    assert show(table)["time_remaining"] == 50
    table.check()


def test_who_is_not_at_turn_gets_the_event_and_passes_nothing() -> None:
    table = chess(turn_timeout="pass")
    table.act("start")
    table.act("switch_clock", player_id=N)
    table.wait(61)
    table.settle()
    assert table.types(3) == ["turn_expired"]
    assert table.turn["player_id"] == M
    table.act("end_turn")  # the turn of a player without any time passes at once
    table.settle()
    assert table.types(4) == ["turn_ended", "round_advanced"]
    assert table.events[-1]["data"]["cause"] == "timeout"
    assert (table.turn["player_id"], table.state["current_round"]) == (M, 2)
    table.check()


def test_two_players_without_time_pause_the_battle() -> None:
    table = chess(turn_timeout="pass")
    table.act("start")
    table.wait(1000)
    table.settle()
    assert table.types(2) == ["turn_timeout", "round_advanced", "clock_paused"]
    table.act("resume_clock")
    table.settle()
    assert table.types(5) == ["clock_resumed", "turn_timeout", "round_advanced", "clock_paused"]


def test_a_battle_without_time_ends_its_last_turn() -> None:
    table = chess(turn_timeout="pass", max_rounds=1)
    table.act("start")
    table.wait(1000)
    table.settle()
    assert table.types(2) == ["turn_timeout", "turn_timeout"]
    assert table.turn["is_last_over"]
    table.check()


def test_turns_have_no_clock_to_switch() -> None:
    table = Table()
    table.act("start")
    with pytest.raises(Conflict) as refused:
        table.act("switch_clock", player_id=N)
    assert refused.value.extra["reason"] == "turn_mode"


# --- adjusting ---


@pytest.mark.parametrize("mode", ["turn", "chess"])
def test_time_is_given_and_taken(mode: str) -> None:
    table = Table(clock_mode=mode, chess_budget=100)
    table.act("start")
    table.wait(30)
    table.act("adjust_clock", player_id=M, seconds=60, reason="judge")
    assert show(table)["time_remaining"] == 130
    table.act("adjust_clock", player_id=M, seconds=-140, reason="slow")
    table.settle()
    assert (show(table)["expired"], show(table)["overtime"]) == (True, 10)
    table.act("adjust_clock", player_id=M, seconds=30, reason="judge")
    table.wait(21)
    table.settle()
    assert table.types(4) == ["turn_expired", "clock_adjusted", "turn_expired"]
    assert clocks.get_time_used(table.state, M, table.now) == 51
    table.check()


def test_only_a_turns_own_clock_is_adjusted() -> None:
    table = Table()
    table.act("start")
    with pytest.raises(Conflict) as refused:
        table.act("adjust_clock", player_id=N, seconds=1, reason="x")
    assert refused.value.extra["reason"] == "not_at_turn"
