"""Potions, and the boosts that they give."""

from __future__ import annotations

from functions.game.calls import Call, to_response
from functions.game.player import Buff
from functions.shared import db
from functions.shared.fields import ResponseModel
from functions.shared.response import Response


class Used(ResponseModel):
    """What a potion did; stamina only of those that are about it."""

    success: bool
    message: str
    buff_applied: Buff | None
    remaining_quantity: int
    stamina: int | None = None
    stamina_max: int | None = None


class CleanedUp(ResponseModel):
    """How many boosts were over."""

    message: str
    deleted_count: int


def use(call: Call, item_id: int) -> Response:
    """Drinks a unit; raises NotFound or BadRequest, and consumes nothing then. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.use_potion(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s)
            """,
            (*call, item_id),
        )
    )


def clean_up(call: Call) -> Response:
    """Deletes boosts that are over. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.clean_up_buffs(row(%s, %s, %s, %s, %s, %s, %s)::game.call)
            """,
            call,
        )
    )
