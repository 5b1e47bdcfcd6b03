"""Clocks of a battle: one for each turn, or one for each player, as in chess."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from functions.live.clock import Clock
from functions.shared.fields import parse_time
from functions.shared.json_codec import format_time
from functions.tracker.battles.battle import State

_MS = timedelta(milliseconds=1)


def get_clock(state: State) -> Clock:
    """The clock of whose time runs."""
    turn = state["turn"]
    if state["clock_mode"] == "chess":
        limit = state["chess_budget"]
        used = state["players"][turn["clock_player_id"]]["budget_used_ms"]
    else:
        limit, used = state["turn_time_limit"], turn["used_ms"]
    since = turn["running_since"]
    return Clock(timedelta(seconds=limit), used * _MS, parse_time(since) if since else None)


def stop(state: State, at: datetime) -> None:
    """Stops the clock, if it runs."""
    turn = state["turn"]
    if turn["running_since"] is None:
        return
    used_ms = max(0, (at - parse_time(turn["running_since"])) // _MS)
    player = state["players"][turn["clock_player_id"]]
    player["time_used_ms"] += used_ms
    if state["clock_mode"] == "chess":
        player["budget_used_ms"] += used_ms
    else:
        turn["used_ms"] += used_ms
    turn["running_since"] = None


def start(state: State, at: datetime) -> None:
    """Starts the clock."""
    state["turn"]["running_since"] = format_time(at)


def is_expiry_known(state: State) -> bool:
    """Whether there is an event already of this time being over."""
    turn = state["turn"]
    if state["clock_mode"] == "chess":
        return bool(state["players"][turn["clock_player_id"]]["is_expired"])
    return bool(turn["is_expired"])


def note_expiry(state: State, *, is_expired: bool) -> None:
    """Notes whether there is an event of this time being over."""
    turn = state["turn"]
    chess = state["clock_mode"] == "chess"
    holder = state["players"][turn["clock_player_id"]] if chess else turn
    holder["is_expired"] = is_expired


def does_turn_pass(state: State) -> bool:
    """Whether the turn passes when the time that runs is over: not for somebody not at turn."""
    turn = state["turn"]
    return bool(state["turn_timeout"] == "pass" and turn["clock_player_id"] == turn["player_id"])


def find_due(state: State) -> datetime | None:
    """When the clock next makes an event of its own; None: never, as it stands."""
    clock = get_clock(state)
    if state["status"] != "in_progress" or clock.running_since is None or clock.deadline is None:
        return None
    if not does_turn_pass(state) and is_expiry_known(state):
        return None
    # An event that took time away, or was undone, may have put the deadline before itself.
    return max(clock.running_since, clock.deadline, parse_time(state["updated_at"]))


def show_turn(state: State, now: datetime) -> dict[str, Any]:
    """The turn as clients read it at a moment."""
    turn, reading = state["turn"], get_clock(state).read(now)
    return {
        "player_id": turn["player_id"],
        "phase": turn["phase"],
        "start_time": turn["started_at"],
        "time_remaining": reading.time_remaining,
        "running": reading.running,
        "deadline": format_time(reading.deadline) if reading.deadline else None,
        "expired": reading.expired,
        "overtime": reading.overtime,
        "clock_player_id": turn["clock_player_id"],
    }


def get_time_used(state: State, player_id: str, now: datetime) -> int:
    """The seconds that a player has used in all turns."""
    used: int = state["players"][player_id]["time_used_ms"]
    turn = state["turn"]
    if turn["running_since"] is not None and turn["clock_player_id"] == player_id:
        used += max(0, (now - parse_time(turn["running_since"])) // _MS)
    return used // 1000
