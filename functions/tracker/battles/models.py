"""Battles as clients read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from functions.shared.fields import Lenient, RequestModel, ResponseModel
from functions.tracker.battles import clocks
from functions.tracker.battles.actions import Phase
from functions.tracker.battles.battle import State
from functions.tracker.battles.creation import Position
from functions.tracker.fields import FilterId, PathId
from functions.tracker.pages import PageQuery, Pagination

Status = Literal["setup", "in_progress", "completed", "cancelled"]
ResultType = Literal["score", "draw", "concession", "forfeit", "timeout", "declared", "double_loss"]
BattleType = Literal["matched_play", "crusade", "narrative"]
EventType = Literal[
    "created",
    "started",
    "scores_updated",
    "stratagem_used",
    "command_points_set",
    "phase_advanced",
    "turn_ended",
    "turn_expired",
    "turn_timeout",
    "round_advanced",
    "clock_paused",
    "clock_resumed",
    "clock_switched",
    "clock_adjusted",
    "completed",
    "cancelled",
    "reopened",
    "undone",
    "corrected",
]
_SHOWN = (
    *("id", "tournament_id", "battle_type", "mission", "max_rounds", "turn_time_limit", "phases"),
    *("turn_timeout", "clock_mode", "chess_budget", "visibility", "status", "current_round"),
    *("round_number", "table_number", "winner_id", "result_type", "warnings", "created_by"),
    *("version", "created_at", "updated_at", "completed_at"),
)


class BattlePath(Lenient, RequestModel):
    """Which battle a path names."""

    battle_id: PathId


class ShownMission(ResponseModel):
    """What a battle is fought for."""

    name: str
    deployment: str
    primary_objectives: list[str]
    secondary_objectives: list[str]


class ArmyCopy(ResponseModel):
    """An army as it was when the battle was made."""

    name: str
    faction_id: str
    detachment: str
    points_value: int


class ShownScores(ResponseModel):
    """Scores: `victory_points` is the total, the others are parts of it."""

    victory_points: int
    primary: int
    secondary: int
    linchpin: int
    challenge: int


class BattlePlayer(ResponseModel):
    """A player of a battle; `time_used`: seconds, of all turns."""

    user_id: str
    display_name: str
    army_id: str
    army: ArmyCopy
    position: Position
    scores: ShownScores
    command_points: int
    stratagems_used: list[str]
    connected: bool
    time_used: int


class CurrentTurn(ResponseModel):
    """Whose turn it is, and the clock of `clock_player_id`; seconds."""

    player_id: str
    phase: Phase
    start_time: datetime | None
    time_remaining: int
    running: bool
    deadline: datetime | None
    expired: bool
    overtime: int
    clock_player_id: str


class Battle(ResponseModel):
    """A battle; the clock is as of the answer."""

    id: str
    tournament_id: str | None
    battle_type: BattleType
    mission: ShownMission
    max_rounds: int
    turn_time_limit: int
    phases: list[Phase]
    turn_timeout: Literal["flag", "pass"]
    clock_mode: Literal["turn", "chess"]
    chess_budget: int
    visibility: Literal["public", "private"]
    status: Status
    current_round: int
    round_number: int | None
    table_number: int | None
    winner_id: str | None
    result_type: ResultType | None
    warnings: list[str]
    created_by: str
    version: int
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    current_turn: CurrentTurn
    players: list[BattlePlayer]


class OneBattle(ResponseModel):
    """A battle."""

    battle: Battle


class BattlesQuery(PageQuery):
    """Which battles: of a player, of a status, of a tournament."""

    player_id: FilterId = None
    status: Status | Literal[""] | None = None
    tournament_id: FilterId = None


class Battles(ResponseModel):
    """A page of battles, the newest first."""

    data: list[Battle]
    pagination: Pagination


class BattleEvent(ResponseModel):
    """A change of a battle, with the parts of it that changed, before and after."""

    seq: int
    type: EventType
    actor_id: str | None
    actor_role: Literal["player", "organizer", "admin", "system"]
    source: Literal["rest", "ws", "system"]
    at: datetime
    data: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    request_id: str | None


class BattleEvents(ResponseModel):
    """Events of a battle, oldest first; those after the last one are asked for by its `seq`."""

    data: list[BattleEvent]
    pagination: Pagination


class Ticket(ResponseModel):
    """What opens one socket to a battle, within `expires_in` seconds, and the socket's address."""

    ticket: str
    expires_in: int
    url: str


def show_battle(state: State, people: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A battle at a moment. `people`: the players' names, and who of them is connected."""
    players = state["players"]
    return {
        **{name: state[name] for name in _SHOWN},
        "current_turn": clocks.show_turn(state, now),
        "players": [
            {
                "user_id": user_id,
                "display_name": people["names"].get(user_id, ""),
                **{
                    name: players[user_id][name]
                    for name in (
                        *("army_id", "army", "position", "scores", "command_points"),
                        "stratagems_used",
                    )
                },
                "connected": user_id in people["connected"],
                "time_used": clocks.get_time_used(state, user_id, now),
            }
            for user_id in state["order"]
        ],
    }
