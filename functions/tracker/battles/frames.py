"""Messages of a battle's room: one for each event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.shared.fields import parse_time
from functions.tracker.battles import clocks
from functions.tracker.battles.battle import Event, State
from functions.tracker.battles.models import show_battle

Frame = dict[str, Any]
_CAUSES = {
    "started": "started",
    "phase_advanced": "phase",
    "turn_ended": "turn",
    "turn_expired": "expired",
    "turn_timeout": "timeout",
    "clock_paused": "paused",
    "clock_resumed": "resumed",
    "clock_switched": "switched",
    "clock_adjusted": "adjusted",
}


def make_frame(state: State, event: Event, people: Mapping[str, Any]) -> Frame:
    """The message of an event, after which the battle is `state`."""
    return {
        "type": _name(event["type"]),
        "battle_id": state["id"],
        "timestamp": event["at"],
        "version": event["seq"],
        "status": state["status"],
        **_describe(state, event, people),
    }


def _name(type_: str) -> str:
    if type_ in _CAUSES:
        return "timer_update"
    return {
        "scores_updated": "score_update",
        "round_advanced": "round_advance",
        "command_points_set": "command_points_update",
        "stratagem_used": "stratagem_used",
        "completed": "battle_complete",
    }.get(type_, "battle_status")


def _describe(state: State, event: Event, people: Mapping[str, Any]) -> Frame:
    type_, data, at = event["type"], event["data"], parse_time(event["at"])
    if type_ in _CAUSES:
        return {"current_turn": clocks.show_turn(state, at), "cause": _CAUSES[type_]}
    player = state["players"].get(data.get("player_id"))
    match type_:
        case "scores_updated":
            return {
                "player_id": data["player_id"],
                "scores": player["scores"],
                "changed": data["changed"],
                "actor_id": event["actor_id"],
                "warnings": state["warnings"],
            }
        case "stratagem_used" | "command_points_set":
            return {
                "player_id": data["player_id"],
                "stratagem": data.get("stratagem"),
                "command_points": player["command_points"],
            }
        case "round_advanced":
            turn = clocks.show_turn(state, at)
            return {"current_round": state["current_round"], "current_turn": turn}
        case "completed":
            return {
                "winner_id": state["winner_id"],
                "final_scores": {name: one["scores"] for name, one in state["players"].items()},
                "result_type": state["result_type"],
                "warnings": state["warnings"],
            }
        case _:
            return _describe_status(state, event, people, at)


def _describe_status(state: State, event: Event, people: Mapping[str, Any], at: datetime) -> Frame:
    return {
        "cause": event["type"],
        "reason": event["data"].get("reason"),
        "battle": show_battle(state, people, at),
    }
