"""The economy of the game: what is made and destroyed, who holds it, and what loot really drops."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from functions.game.calls import Call, to_response
from functions.game.fields import clamp
from functions.game.operators import Reasoned
from functions.shared import db
from functions.shared.fields import ResponseModel
from functions.shared.response import Response

MAX_DAYS = 365


class EconomyQuery(Reasoned):
    """Of how many UTC days, today included."""

    days: Annotated[int, clamp(30, MAX_DAYS)] = 30


class CauseFlow(ResponseModel):
    """What one cause, such as purchase or claim, made and destroyed in so many movements."""

    cause: str
    movements: int
    made: int
    destroyed: int


class Flow(ResponseModel):
    """Gold or gems made and destroyed on a UTC day."""

    day: date
    kind: Literal["gold", "gem"]
    made: int
    destroyed: int
    causes: list[CauseFlow]


class Holding(ResponseModel):
    """What a player holds."""

    player_id: int
    username: str
    amount: int


class Holdings(ResponseModel):
    """What all players hold; erased ones count in `held` alone. `top`: the richest ten."""

    held: int
    players: int
    median: int
    top: list[Holding]


class Drop(ResponseModel):
    """Claims of a difficulty that were offered an item at a stated chance, and items drawn.

    `expected` is what the chance says; `drawn_percent` is null where nobody claimed.
    """

    difficulty: Literal["easy", "medium", "hard", "epic", "legendary"]
    stated_percent: int
    offered: int
    expected: float
    drawn: int
    drawn_percent: float | None


class Economy(ResponseModel):
    """Flows of days on which anything moved, oldest first; holdings as they are now."""

    days: int
    from_day: date
    flows: list[Flow]
    gold: Holdings
    gems: Holdings
    drops: list[Drop]


def get_economy(call: Call, query: EconomyQuery) -> Response:
    """The economy of the last days; raises Unauthorized, Forbidden. Audited. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.describe_economy(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s)
            """,
            (*call, query.days, query.reason),
        )
    )
