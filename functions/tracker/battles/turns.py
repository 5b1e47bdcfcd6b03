"""Turns: how they pass, by a player or by the clock."""

from __future__ import annotations

from datetime import datetime

from functions.shared.json_codec import format_time
from functions.tracker.battles import clocks
from functions.tracker.battles.battle import SYSTEM, Battle, State

_BOTH = 2  # turns in a row that time ended, after which nobody seems to be there


def get_opponent(state: State, player_id: str) -> str:
    """The other player."""
    first, second = state["order"]
    return str(second if player_id == first else first)


def begin(state: State, player_id: str, at: datetime) -> None:
    """Begins a turn of a player, whose clock runs from now on."""
    clocks.stop(state, at)
    state["turn"] |= {
        "player_id": player_id,
        "phase": state["phases"][0],
        "started_at": format_time(at),
        "clock_player_id": player_id,
        "used_ms": 0,
        "is_expired": False,
    }
    state["players"][player_id]["turns"] += 1
    clocks.start(state, at)


def start(battle: Battle, player_id: str, *, is_explicit: bool) -> None:
    """Begins the first turn."""
    with battle.record("started", {"first_player_id": player_id}) as state:
        state |= {
            "status": "in_progress",
            "first_player_id": player_id,
            "is_first_turn_known": is_explicit,
        }
        begin(state, player_id, battle.now)


def ensure_started(battle: Battle) -> None:
    """Begins the first turn of the left player unless it has begun."""
    if battle.status == "setup":
        start(battle, battle.state["first_player_id"], is_explicit=False)


def ends_round(state: State) -> bool:
    """Whether the round ends with this turn, and another one comes."""
    is_second = state["turn"]["player_id"] != state["first_player_id"]
    return bool(is_second and state["current_round"] < state["max_rounds"])


def pass_on(state: State, at: datetime) -> None:
    """Ends the turn. After the last one only scores may change, and the clock stands."""
    player_id = state["turn"]["player_id"]
    if player_id == state["first_player_id"]:
        begin(state, get_opponent(state, player_id), at)
    elif state["current_round"] < state["max_rounds"]:
        state["current_round"] += 1
        begin(state, state["first_player_id"], at)
    else:
        clocks.stop(state, at)
        state["turn"]["is_last_over"] = True


def end_turn(battle: Battle) -> None:
    """Ends the turn, as its player wants it."""
    type_ = "round_advanced" if ends_round(battle.state) else "turn_ended"
    with battle.record(type_, {"player_id": battle.state["turn"]["player_id"]}) as state:
        pass_on(state, battle.now)
        state["turn"]["timeouts"] = 0


def settle(battle: Battle) -> None:
    """Does what the clock has done until now: each event has the time when it was due."""
    while True:
        due = clocks.find_due(battle.state)
        if due is None or due > battle.now:
            return
        if clocks.does_turn_pass(battle.state):
            _time_out(battle, due)
        else:
            data = {"player_id": battle.state["turn"]["clock_player_id"]}
            with battle.record("turn_expired", data, at=due, actor=SYSTEM) as state:
                clocks.note_expiry(state, is_expired=True)


def _time_out(battle: Battle, due: datetime) -> None:
    type_ = "round_advanced" if ends_round(battle.state) else "turn_timeout"
    data = {"player_id": battle.state["turn"]["player_id"], "cause": "timeout"}
    with battle.record(type_, data, at=due, actor=SYSTEM) as state:
        pass_on(state, due)
        state["turn"]["timeouts"] += 1
    turn = battle.state["turn"]
    if turn["timeouts"] >= _BOTH and turn["running_since"] is not None:
        with battle.record(
            "clock_paused", {"reason": "both_timed_out"}, at=due, actor=SYSTEM
        ) as state:
            clocks.stop(state, due)
            state["turn"]["timeouts"] = 0
