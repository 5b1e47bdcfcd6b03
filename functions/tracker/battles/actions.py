"""What is done in a battle, each action with the fields that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from functions.shared.fields import RequestModel
from functions.tracker.battles import clock_actions, results, turns
from functions.tracker.battles.battle import Battle, merge
from functions.tracker.battles.clock_actions import (
    ClockAdjustment,
    ClockPause,
    ClockResumption,
    ClockSwitch,
)
from functions.tracker.battles.problems import (
    refuse_action,
    refuse_field,
    require_open,
    require_player,
    require_playing,
)
from functions.tracker.battles.results import Cancellation, Completion, Reopening
from functions.tracker.battles.scores import PARTS, Scores, change_scores
from functions.tracker.fields import Id, Name, Whole

Phase = Literal["command", "movement", "psychic", "shooting", "charge", "fight", "morale"]
PHASES: tuple[Phase, ...] = (
    *("command", "movement", "psychic", "shooting", "charge", "fight", "morale"),
)
MAX_STRATAGEMS = 50  # that are kept of a player
_UNDOABLE = {
    *("scores_updated", "stratagem_used", "command_points_set", "phase_advanced"),
    *("turn_ended", "round_advanced"),
}
Points = Annotated[int, Field(strict=True, ge=0, le=99), Whole]


class ScoresUpdate(RequestModel):
    """Scores of a player; whoever of the two writes them."""

    action: Literal["update_scores"]
    player_id: Id
    scores: Scores


class PhaseAdvance(RequestModel):
    """The next phase, or a later one."""

    action: Literal["advance_phase"]
    player_id: Id | None = None
    phase: Phase | None = None


class StratagemUse(RequestModel):
    """A stratagem, and what it costs."""

    action: Literal["use_stratagem"]
    player_id: Id
    stratagem: Name
    cp_cost: Points = 0


class CommandPointsChange(RequestModel):
    """How many a player has."""

    action: Literal["set_command_points"]
    player_id: Id
    command_points: Points


class Start(RequestModel):
    """Who has the first turn: by default the left player."""

    action: Literal["start"]
    first_player_id: Id | None = None


class TurnEnd(RequestModel):
    """Whose turn ends."""

    action: Literal["end_turn"]
    player_id: Id | None = None


class Undo(RequestModel):
    """Which event: the newest."""

    action: Literal["undo"]
    seq: Annotated[int, Field(strict=True, ge=1, le=2**53 - 1), Whole]


class RoundAdvance(RequestModel):
    """From which round to the next one."""

    from_round: Annotated[int, Field(strict=True, ge=0, le=99), Whole] | None = None


def update_scores(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Changes scores of a player; raises Conflict, Invalid."""
    require_open(battle, "update_scores")
    require_player(battle, "player_id", sent["player_id"])
    if not sent["scores"]:
        refuse_field("scores", "required", "must hold a score")
    turns.ensure_started(battle)
    changed = {**sent["scores"]}
    if set(changed) & set(PARTS):  # with which the total moves
        changed["victory_points"] = None
    data = {"player_id": sent["player_id"], "changed": sorted(changed)}
    with battle.record("scores_updated", data) as state:
        change_scores(state, sent["player_id"], sent["scores"], "scores")


def advance_phase(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Begins the next phase, or a later one; after the last one the turn passes."""
    _require_turn(battle, "advance_phase", sent.get("player_id"))
    phases, wanted = battle.state["phases"], sent.get("phase")
    if wanted is not None and wanted not in phases:
        refuse_field("phase", "unknown_phase", "must be one of the battle's phases")
    at = phases.index(battle.state["turn"]["phase"])
    next_at = at + 1 if wanted is None else phases.index(wanted)
    if next_at <= at:
        refuse_action(battle, "advance_phase", "phase_backwards", "That phase is over")
    turns.ensure_started(battle)
    if next_at == len(phases):
        turns.end_turn(battle)
        return
    data = {"player_id": battle.state["turn"]["player_id"], "phase": phases[next_at]}
    with battle.record("phase_advanced", data) as state:
        state["turn"]["phase"] = phases[next_at]


def use_stratagem(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Notes a stratagem, and takes what it costs."""
    require_playing(battle, "use_stratagem")
    player_id, cost = sent["player_id"], sent.get("cp_cost", 0)
    require_player(battle, "player_id", player_id)
    if cost > battle.state["players"][player_id]["command_points"]:
        message = "The player has too few command points"
        refuse_action(battle, "use_stratagem", "not_enough_command_points", message)
    turns.ensure_started(battle)
    data = {"player_id": player_id, "stratagem": sent["stratagem"], "cp_cost": cost}
    with battle.record("stratagem_used", data) as state:
        player = state["players"][player_id]
        player["command_points"] -= cost
        used = [*player["stratagems_used"], sent["stratagem"]]
        player["stratagems_used"] = used[-MAX_STRATAGEMS:]


def set_command_points(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Sets how many command points a player has."""
    require_playing(battle, "set_command_points")
    require_player(battle, "player_id", sent["player_id"])
    turns.ensure_started(battle)
    with battle.record("command_points_set", {"player_id": sent["player_id"]}) as state:
        state["players"][sent["player_id"]]["command_points"] = sent["command_points"]


def start(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Begins the first turn, of whom it is."""
    require_open(battle, "start")
    if battle.status != "setup":
        refuse_action(battle, "start", "already_started", "The battle has begun")
    first = sent.get("first_player_id") or battle.state["first_player_id"]
    require_player(battle, "first_player_id", first)
    turns.start(battle, first, is_explicit=True)


def end_turn(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Lets the turn pass."""
    _require_turn(battle, "end_turn", sent.get("player_id"))
    turns.ensure_started(battle)
    turns.end_turn(battle)


def advance_round(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Begins the next round, from any turn and phase; one that has begun already is left alone."""
    require_playing(battle, "advance_round")
    current, from_round = battle.state["current_round"], sent.get("from_round")
    if from_round is not None and from_round == current - 1:
        return
    if from_round is not None and from_round != current:
        refuse_action(battle, "advance_round", "wrong_round", "That is not the current round")
    if current == battle.state["max_rounds"]:
        refuse_action(battle, "advance_round", "last_round", "There is no further round")
    turns.ensure_started(battle)
    with battle.record("round_advanced", {"from_round": current}) as state:
        state["current_round"] += 1
        turns.begin(state, state["first_player_id"], battle.now)
        state["turn"]["timeouts"] = 0


def undo(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Takes the newest event back, if it is one that players make by a slip."""
    require_open(battle, "undo")
    last = battle.last_event
    if last is None or last["seq"] != sent["seq"] or battle.state["version"] != sent["seq"]:
        refuse_action(battle, "undo", "not_newest", "That is not the newest event")
    if last["type"] not in _UNDOABLE or last["actor_role"] == "system":
        refuse_action(battle, "undo", "not_undoable", "That event cannot be undone")
    with battle.record("undone", {"seq": last["seq"], "type": last["type"]}) as state:
        state |= merge(state, last["before"])


def _require_turn(battle: Battle, action: str, player_id: str | None) -> None:
    require_playing(battle, action)
    if player_id is None:
        return
    require_player(battle, "player_id", player_id)
    if player_id != battle.state["turn"]["player_id"]:
        refuse_action(battle, action, "not_at_turn", "It is the other player's turn")


Run = Callable[[Battle, Mapping[str, Any]], None]
ACTIONS: dict[str, tuple[type[BaseModel], Run]] = {
    "update_scores": (ScoresUpdate, update_scores),
    "advance_phase": (PhaseAdvance, advance_phase),
    "use_stratagem": (StratagemUse, use_stratagem),
    "set_command_points": (CommandPointsChange, set_command_points),
    "start": (Start, start),
    "end_turn": (TurnEnd, end_turn),
    "pause_clock": (ClockPause, clock_actions.pause_clock),
    "resume_clock": (ClockResumption, clock_actions.resume_clock),
    "switch_clock": (ClockSwitch, clock_actions.switch_clock),
    "adjust_clock": (ClockAdjustment, clock_actions.adjust_clock),
    "undo": (Undo, undo),
    "cancel": (Cancellation, results.cancel),
    "reopen": (Reopening, results.reopen),
}
# What has a path of its own, and is a command of sockets too.
BY_PATH: dict[str, tuple[type[BaseModel], Run]] = {
    "advance_round": (RoundAdvance, advance_round),
    "complete": (Completion, results.complete),
}
AnyAction = (
    ScoresUpdate
    | PhaseAdvance
    | StratagemUse
    | CommandPointsChange
    | Start
    | TurnEnd
    | ClockPause
    | ClockResumption
    | ClockSwitch
    | ClockAdjustment
    | Undo
    | Cancellation
    | Reopening
)
