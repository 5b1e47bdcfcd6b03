"""What a change of a battle is refused with."""

from __future__ import annotations

from typing import Any, NoReturn

from functions.shared.errors import Conflict, Forbidden, Invalid, NotFound
from functions.tracker.battles.battle import Battle

_SCORING = ["update_scores", "undo", "complete", "cancel"]
_PLAYING = [
    *("update_scores", "advance_phase", "use_stratagem", "set_command_points", "end_turn"),
    *("advance_round", "pause_clock", "resume_clock", "switch_clock", "adjust_clock", "undo"),
    *("complete", "cancel"),
]
_BEFORE = [
    *("start", "update_scores", "advance_phase", "use_stratagem", "set_command_points"),
    *("end_turn", "advance_round", "complete", "cancel"),
]


class InvalidBattleState(Conflict):
    """The action is not legal now."""

    code = "INVALID_BATTLE_STATE"


class BattleNotFound(NotFound):
    """There is no such battle."""

    code = "BATTLE_NOT_FOUND"
    message = "No such battle"


class VersionConflict(Conflict):
    """The battle is of another version than the caller knows."""

    code = "VERSION_CONFLICT"


def list_allowed(battle: Battle) -> list[str]:
    """The actions that are legal now."""
    if battle.status == "in_progress":
        return _SCORING if battle.state["turn"]["is_last_over"] else _PLAYING
    return {"setup": _BEFORE, "completed": ["reopen"]}.get(battle.status, [])


def refuse_action(battle: Battle, action: str, reason: str, message: str, **more: Any) -> NoReturn:
    """Raises that an action is not legal now."""
    raise InvalidBattleState(
        message,
        status=battle.status,
        action=action,
        allowed=list_allowed(battle),
        reason=reason,
        **more,
    )


def refuse_field(field: str, rule: str, problem: str) -> NoReturn:
    """Raises that a field breaks a rule."""
    raise Invalid(f"{field} {problem}", [{"field": field, "problem": problem, "rule": rule}])


def require_official(battle: Battle) -> None:
    """Raises Forbidden for players of a battle that belongs to a tournament."""
    if battle.state["tournament_id"] and not battle.actor.is_official:
        raise Forbidden("Only an organiser of its tournament may do this", required="organizer")


def require_player(battle: Battle, field: str, player_id: str) -> None:
    """Raises Invalid for an id that is neither player's."""
    if player_id not in battle.state["players"]:
        refuse_field(field, "unknown_player", "must be one of the two players")


def require_playing(battle: Battle, action: str) -> None:
    """Raises Conflict where the battle is over, or its last turn is."""
    require_open(battle, action)
    if battle.state["turn"]["is_last_over"]:
        refuse_action(battle, action, "final_turn_over", "The last turn is over")


def require_open(battle: Battle, action: str) -> None:
    """Raises Conflict where the battle is over."""
    if battle.status not in ("setup", "in_progress"):
        refuse_action(battle, action, battle.status, "The battle is over")


def require_running(battle: Battle, action: str) -> None:
    """Raises Conflict where the battle has not begun, or is over."""
    require_playing(battle, action)
    if battle.status == "setup":
        refuse_action(battle, action, "not_started", "The battle has not begun")
