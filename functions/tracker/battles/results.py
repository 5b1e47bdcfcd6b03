"""How battles end: by a result, or without one; and how one is taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from functions.shared.fields import RequestModel, parse_time
from functions.shared.json_codec import format_time
from functions.tracker.battles import clocks, turns
from functions.tracker.battles.battle import Battle, State
from functions.tracker.battles.problems import refuse_action, refuse_field, require_official
from functions.tracker.battles.scores import Scores, change_scores, find_leader, list_warnings
from functions.tracker.fields import Id, Reason

REOPENING = timedelta(minutes=15)  # in which players may take a casual battle up again
ResultType = Literal["score", "concession", "forfeit", "timeout", "declared"]


class Completion(RequestModel):
    """How a battle ended: the last scores, and whoever won if not by them."""

    final_scores: dict[str, Scores] | None = None
    winner_id: Id | None = None
    result_type: ResultType | None = None


class Cancellation(RequestModel):
    """Why."""

    action: Literal["cancel"]
    reason: Reason | None = None


class Reopening(RequestModel):
    """Why."""

    action: Literal["reopen"]
    reason: Reason | None = None


def complete(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Ends a battle with a result; raises Conflict, Invalid."""
    if battle.status not in ("setup", "in_progress"):
        refuse_action(battle, "complete", battle.status, "The battle is over")
    turns.ensure_started(battle)
    data = {key: sent[key] for key in ("winner_id", "result_type") if sent.get(key)}
    with battle.record("completed", data) as state:
        set_result(state, sent)
        clocks.stop(state, battle.now)
        state |= {"status": "completed", "completed_at": format_time(battle.now)}


def set_result(state: State, sent: Mapping[str, Any]) -> None:
    """Sets the last scores and the result; raises Invalid."""
    for player_id, scores in (sent.get("final_scores") or {}).items():
        field = f"final_scores.{player_id}"
        if player_id not in state["players"]:
            refuse_field(field, "unknown_player", "must be of one of the two players")
        change_scores(state, player_id, scores, field)
    leader, winner_id = find_leader(state), sent.get("winner_id")
    if winner_id is not None and winner_id not in state["players"]:
        refuse_field("winner_id", "unknown_player", "must be one of the two players")
    if winner_id is None and leader is None and state["needs_winner"]:
        refuse_field("winner_id", "winner_required", "is required where nobody may draw")
    if winner_id is None:
        state |= {"winner_id": leader, "result_type": "score" if leader else "draw"}
    else:
        usual = "score" if winner_id == leader else "declared"
        state |= {"winner_id": winner_id, "result_type": sent.get("result_type") or usual}
    state["warnings"] = list_warnings(state)


def cancel(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Ends a battle without a result; raises Conflict."""
    if battle.status not in ("setup", "in_progress"):
        refuse_action(battle, "cancel", battle.status, "The battle is over")
    if battle.state["is_pairing"]:
        message = "A battle of a tournament's round cannot be cancelled"
        refuse_action(battle, "cancel", "tournament_battle", message)
    force_cancel(battle, sent.get("reason"))


def force_cancel(battle: Battle, reason: str | None) -> None:
    """Ends a battle without a result, whatever its state, as its tournament wants it."""
    with battle.record("cancelled", {"reason": reason}) as state:
        clocks.stop(state, battle.now)
        state |= {"status": "cancelled", "winner_id": None, "result_type": None}
        state |= {"completed_at": None, "warnings": []}


def reopen(battle: Battle, sent: Mapping[str, Any]) -> None:
    """Takes a completed battle up again; its clock stands until somebody resumes it.

    Raises Conflict, Forbidden.
    """
    if battle.status != "completed":
        refuse_action(battle, "reopen", "not_completed", "Only a completed battle can be reopened")
    require_official(battle)
    is_late = battle.now - parse_time(battle.state["completed_at"]) > REOPENING
    if is_late and not battle.actor.is_official:
        refuse_action(battle, "reopen", "too_late", "It was completed too long ago")
    if battle.is_needed:
        message = "A later round depends on this result"
        refuse_action(battle, "reopen", "round_depends", message)
    with battle.record("reopened", {"reason": sent.get("reason")}) as state:
        state |= {"status": "in_progress", "winner_id": None, "result_type": None}
        state |= {"completed_at": None}
        state["warnings"] = list_warnings(state)
