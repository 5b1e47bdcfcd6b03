"""Attacks: what a blow costs, and what it does. The server draws; a client's numbers count for
nothing."""

from __future__ import annotations

from typing import Literal

from functions.game import chance, pool
from functions.game.calls import Call, to_response
from functions.game.fields import Id
from functions.live import fanout
from functions.shared import db, log
from functions.shared.fields import RequestModel, ResponseModel
from functions.shared.response import Response

AttackType = Literal["quick", "normal", "power", "critical", "ultimate"]


class AnyAttack(RequestModel):
    """Which enemy, by default the first that stands, and how."""

    enemy_id: Id | None = None
    attack_type: AttackType = "normal"


class Attack(RequestModel):
    """Which enemy, and how."""

    enemy_id: Id
    attack_type: AttackType = "normal"


class Attacked(ResponseModel):
    """What the blow did; `damage` may be more than the enemy had left."""

    success: bool
    damage: int
    is_critical: bool
    enemy_id: int
    enemy_hp_remaining: int
    enemy_defeated: bool
    battle_completed: bool
    attack_type: AttackType
    stamina_cost: int
    stamina_remaining: int
    error: None


def attack(call: Call, battle_id: int, enemy_id: int | None, attack_type: AttackType) -> Response:
    """Strikes an enemy (None: the first that stands); raises NotFound, BadRequest.

    One round trip, and another one where the battle ends and the pool is filled.
    """
    room = f"battle:{battle_id}"
    row = db.fetch_once(
        """
        select status, body::text as body, body -> 'battle_completed' = 'true' as is_over,
          live.count_connections(%s, %s) as sockets
        from game.attack(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s, %s, %s)
        """,
        (
            *(room, fanout.COUNTED),
            *(*call, battle_id, enemy_id, attack_type, chance.draw(), chance.draw()),
        ),
    )
    fanout.announce(room, row)
    if row and row["is_over"]:
        _fill_pool()
    return to_response(row)


def _fill_pool() -> None:
    """The attack has happened: where the pool cannot be filled now, the next reader fills it."""
    try:
        pool.keep()
    except db.DatabaseUnavailable:
        log.event("game.pool", level="ERROR", away=True)
