"""New battles: what is sent of one, and how it begins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from functions.shared import ids
from functions.shared.fields import RequestModel, fail_validation
from functions.shared.json_codec import format_time
from functions.tracker.battles.actions import PHASES, Phase
from functions.tracker.battles.battle import Actor, Battle
from functions.tracker.battles.scores import make_scores
from functions.tracker.fields import Id, Mission, Whole

Position = Literal["left", "right"]


def _turn_limit(seconds: int) -> int:
    if 0 < seconds < 30:
        fail_validation("must be 0, or 30 to 86400")
    return seconds


def _phases(phases: list[Phase]) -> list[Phase]:
    if phases != [phase for phase in PHASES if phase in phases] or "command" not in phases:
        fail_validation("must be phases in their order, with command")
    return phases


class NewPlayer(RequestModel):
    """Who plays, with which army of theirs, and on which side."""

    user_id: Id
    army_id: Id
    position: Position | None = None


class NewBattle(RequestModel):
    """A battle of two players, and the rules of its clock."""

    tournament_id: Id | None = None
    battle_type: Literal["matched_play", "crusade", "narrative"]
    mission: Mission
    players: Annotated[list[NewPlayer], Field(min_length=2, max_length=2)]
    max_rounds: Annotated[int, Field(strict=True, ge=1, le=10), Whole] = 5
    turn_time_limit: Annotated[
        int, Field(strict=True, ge=0, le=86_400), Whole, AfterValidator(_turn_limit)
    ] = 1800
    phases: Annotated[list[Phase], AfterValidator(_phases)] = Field(
        default_factory=lambda: list(PHASES)
    )
    turn_timeout: Literal["flag", "pass"] = "flag"
    clock_mode: Literal["turn", "chess"] = "turn"
    chess_budget: Annotated[int, Field(strict=True, ge=60, le=36_000), Whole] = 5400
    visibility: Literal["public", "private"] = "public"

    @model_validator(mode="after")
    def _are_two(self) -> NewBattle:
        first, second = self.players
        if first.user_id == second.user_id:
            fail_validation("must be two users", "same_player", field="players")
        if first.position is not None and first.position == second.position:
            fail_validation("must have a side each", "same_position", field="players")
        return self


def make_battle(
    sent: Mapping[str, Any],
    armies: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    **of_tournament: Any,
) -> Battle:
    """A new battle with its first event.

    `sent`: a dumped NewBattle. `armies`: by id, the copies that it holds of the players' armies.
    `of_tournament`: round_number, table_number, score_caps, needs_winner, is_pairing, where they
    are not those of a casual battle.
    """
    players = _place(sent["players"])
    left = next(one["user_id"] for one in players if one["position"] == "left")
    made_at = format_time(now)
    rules = {
        name: sent[name]
        for name in (
            *("tournament_id", "battle_type", "mission", "max_rounds", "turn_time_limit"),
            *("phases", "turn_timeout", "clock_mode", "chess_budget", "visibility"),
        )
    }
    battle = Battle({"version": 0}, actor, now)
    with battle.record("created") as state:
        state |= {
            "id": ids.sortable_id("btl"),
            **rules,
            **{"round_number": None, "table_number": None, "score_caps": None},
            **{"needs_winner": False, "is_pairing": False},
            **of_tournament,
            **{"status": "setup", "current_round": 1, "winner_id": None, "result_type": None},
            **{"warnings": [], "created_by": actor.id, "created_at": made_at},
            **{"completed_at": None, "first_player_id": left, "is_first_turn_known": False},
            "order": [one["user_id"] for one in players],
            "players": {one["user_id"]: _make_player(one, armies) for one in players},
            "turn": _make_turn(left, sent["phases"][0]),
        }
    return battle


def _place(players: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The players with a side each: who has none has the one that is left."""
    sides: list[Position] = ["left", "right"]
    taken = {one["position"] for one in players}
    free = iter([side for side in sides if side not in taken])
    return [{**one, "position": one["position"] or next(free)} for one in players]


def _make_player(sent: Mapping[str, Any], armies: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "army_id": sent["army_id"],
        "position": sent["position"],
        "army": armies[sent["army_id"]],
        "scores": make_scores(),
        "command_points": 0,
        "stratagems_used": [],
        "turns": 0,
        "time_used_ms": 0,
        "budget_used_ms": 0,
        "is_expired": False,
    }


def _make_turn(player_id: str, phase: str) -> dict[str, Any]:
    return {
        "player_id": player_id,
        "phase": phase,
        "started_at": None,
        "clock_player_id": player_id,
        "running_since": None,
        "used_ms": 0,
        "is_expired": False,
        "is_last_over": False,
        "timeouts": 0,
    }
