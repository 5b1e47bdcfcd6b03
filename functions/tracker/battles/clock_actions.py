"""What is done to the clock of a battle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from functions.shared.fields import RequestModel
from functions.tracker.battles import clocks
from functions.tracker.battles.battle import Battle
from functions.tracker.battles.problems import (
    refuse_action,
    require_official,
    require_player,
    require_running,
)
from functions.tracker.fields import Id, Reason, Whole


class ClockPause(RequestModel):
    """Stops the clock."""

    action: Literal["pause_clock"]


class ClockResumption(RequestModel):
    """Lets the clock run again."""

    action: Literal["resume_clock"]


class ClockSwitch(RequestModel):
    """Whose time runs, as in chess; the turn stays where it is."""

    action: Literal["switch_clock"]
    player_id: Id


class ClockAdjustment(RequestModel):
    """How many seconds more, or less, a player has."""

    action: Literal["adjust_clock"]
    player_id: Id
    seconds: Annotated[int, Field(strict=True, ge=-36_000, le=36_000), Whole]
    reason: Reason


def pause_clock(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Stops the clock."""
    require_running(battle, "pause_clock")
    require_official(battle)
    if battle.state["turn"]["running_since"] is None:
        refuse_action(battle, "pause_clock", "already_paused", "The clock stands")
    with battle.record("clock_paused") as state:
        clocks.stop(state, battle.now)


def resume_clock(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Lets the clock run again."""
    require_running(battle, "resume_clock")
    require_official(battle)
    if battle.state["turn"]["running_since"] is not None:
        refuse_action(battle, "resume_clock", "already_running", "The clock runs")
    with battle.record("clock_resumed") as state:
        clocks.start(state, battle.now)
        state["turn"]["timeouts"] = 0


def switch_clock(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Lets another player's time run; whose runs already has nothing to do."""
    require_running(battle, "switch_clock")
    if battle.state["clock_mode"] != "chess":
        refuse_action(battle, "switch_clock", "turn_mode", "Each turn has its own clock")
    require_player(battle, "player_id", sent["player_id"])
    if battle.state["turn"]["clock_player_id"] == sent["player_id"]:
        return
    with battle.record("clock_switched", {"player_id": sent["player_id"]}) as state:
        is_running = state["turn"]["running_since"] is not None
        clocks.stop(state, battle.now)
        state["turn"]["clock_player_id"] = sent["player_id"]
        if is_running:
            clocks.start(state, battle.now)


def adjust_clock(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Gives a player more time, or takes some; of a turn's clock whose turn it is."""
    require_running(battle, "adjust_clock")
    require_official(battle)
    player_id, is_chess = sent["player_id"], battle.state["clock_mode"] == "chess"
    require_player(battle, "player_id", player_id)
    if not is_chess and player_id != battle.state["turn"]["player_id"]:
        refuse_action(battle, "adjust_clock", "not_at_turn", "It is the other player's turn")
    data = {key: sent[key] for key in ("player_id", "seconds", "reason")}
    with battle.record("clock_adjusted", data) as state:
        holder = state["players"][player_id] if is_chess else state["turn"]
        holder["budget_used_ms" if is_chess else "used_ms"] -= sent["seconds"] * 1000
        if sent["seconds"] > 0:
            holder["is_expired"] = False
