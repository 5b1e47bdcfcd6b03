"""Battles: reading them, and joining one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, RootModel

from functions.game import pool
from functions.game.calls import Call, to_response
from functions.game.fields import PathId, clamp
from functions.live import fanout
from functions.shared import db
from functions.shared.fields import Lenient, RequestModel, ResponseModel
from functions.shared.response import Response

MAX_LOGS = 500
MAX_OFFSET = 1_000_000
BattleType = Literal["standard", "boss_raid"]


class BattleItem(ResponseModel):
    """A battle as lists show it."""

    id: int
    name: str
    difficulty: Literal["easy", "medium", "hard", "epic", "legendary"]
    wave_number: int
    status: Literal["waiting", "in_progress", "completed", "abandoned"]
    required_level: int
    stamina_cost: int
    current_players: int
    max_players: int
    gold_reward: int
    exp_reward: int
    is_boss_raid: bool
    battle_type: BattleType


class Battles(RootModel[list[BattleItem]]):
    """Battles, newest first."""

    model_config = ConfigDict(defer_build=True)


class Enemy(ResponseModel):
    """An enemy of a battle; its attack has no effect."""

    id: int
    name: str
    type: Literal["GOBLIN", "ORC", "TROLL", "LIZARDMAN", "DEMON", "DRAGON", "UNDEAD"]
    level: int
    icon: str
    hp_current: int
    hp_max: int
    attack: int
    defense: int
    is_defeated: bool


class Participant(ResponseModel):
    """A player in a battle."""

    id: int
    player_id: int
    username: str
    level: int
    total_damage_dealt: int
    is_dead: bool


class Battle(BattleItem):
    """A battle with its enemies and players, oldest first; of raids also the boss's phase."""

    enemies: list[Enemy]
    participants: list[Participant]
    boss_current_phase: int | None = None
    boss_phase_count: int | None = None
    boss_phase_thresholds: list[int] | None = None
    min_players: int | None = None


class OwnBattle(ResponseModel):
    """A battle that the player joined; `id` is the participant's."""

    id: int
    player_id: int
    total_damage_dealt: int
    attacks_count: int
    has_claimed_loot: bool
    joined_at: datetime
    battle_id: int
    battle_name: str
    status: Literal["waiting", "in_progress", "completed", "abandoned"]
    rewards: dict[str, Any] | None
    claimed_at: datetime | None


class OwnBattles(RootModel[list[OwnBattle]]):
    """Battles of a player, newest first."""

    model_config = ConfigDict(defer_build=True)


class LogMessage(ResponseModel):
    """A blow or a defeat, in words and in numbers; a defeat has no damage."""

    id: int
    battle_id: int
    type: Literal["attack", "enemy_defeated"]
    message: str
    timestamp: datetime
    user_id: Annotated[int, Field(alias="userId")]
    username: str
    player_name: str
    enemy_id: int
    enemy_name: str
    damage: int | None
    enemy_hp_remaining: int | None
    is_critical: bool | None


class Logs(ResponseModel):
    """Messages of a battle, oldest first."""

    battle_id: int
    logs: list[LogMessage]
    count: int


class Joined(ResponseModel):
    """The player's place in the battle."""

    success: bool
    message: str
    battle_id: int
    participant_id: int


class BattlePath(RequestModel):
    """The battle of a path."""

    battle_id: PathId


class LogsQuery(BattlePath):
    """How many of the last messages, 1 to 500, and how many of the newest not."""

    limit: Annotated[int, clamp(100, MAX_LOGS)] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET)] = 0


class HistoryQuery(Lenient, RequestModel):
    """How many: 1 to 100."""

    limit: Annotated[int, clamp(50, 100)] = 50


class ResurrectionQuery(BattlePath):
    """Whether a potion is used; nobody dies yet."""

    use_potion: bool = False


def list_battles(call: Call, battle_type: BattleType) -> Response:
    """Open battles of a type, after the pool is filled. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_battles(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s::bigint[])
            """,
            (*call, battle_type, pool.draw()),
        )
    )


def get_battle(call: Call, battle_id: int) -> Response:
    """A battle, also one that is over; raises NotFound. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.get_battle(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s)
            """,
            (*call, battle_id),
        )
    )


def list_own(call: Call, limit: int) -> Response:
    """The player's battles. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_own_battles(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s)
            """,
            (*call, limit),
        )
    )


def list_logs(call: Call, query: LogsQuery) -> Response:
    """What happened in a battle; raises NotFound. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_battle_logs(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s)
            """,
            (*call, query.battle_id, query.limit, query.offset),
        )
    )


def join(call: Call, battle_id: int) -> Response:
    """Joins a battle, or lets a player in again; raises NotFound, BadRequest. One round trip."""
    room = f"battle:{battle_id}"
    row = db.fetch_once(
        """
        select status, body::text as body, live.count_connections(%s, %s) as sockets
        from game.join_battle(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s)
        """,
        (room, fanout.COUNTED, *call, battle_id),
    )
    fanout.announce(room, row)
    return to_response(row)


def resurrect(call: Call, battle_id: int) -> Response:
    """Always raises NotFound or BadRequest: nobody dies yet. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.resurrect(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s)
            """,
            (*call, battle_id),
        )
    )
