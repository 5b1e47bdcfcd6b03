"""Contribution: who claims loot of battles in which they did next to nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from functions.game.calls import Call, to_response
from functions.game.fields import clamp
from functions.game.operators import MAX_PAGE, Reasoned
from functions.shared import db
from functions.shared.fields import ResponseModel
from functions.shared.response import Response


class ContributionQuery(Reasoned):
    """Of how many days up to now, and at most how many players."""

    days: Annotated[int, clamp(7, 365)] = 7
    limit: Annotated[int, clamp(100, MAX_PAGE)] = 100


class Freeloader(ResponseModel):
    """A player who claimed with less than 1 % of a battle's damage: how often, and how much.

    `all_claims` counts the claims with more damage too; `damage`, `gold`, `xp` and `items` are sums
    of the others.
    """

    player_id: int
    username: str
    claims: int
    all_claims: int
    damage: int
    gold: int
    xp: int
    items: int
    last_claimed_at: datetime


class Contributions(ResponseModel):
    """Such players, who did it most often first."""

    days: int
    players: list[Freeloader]


def list_contributions(call: Call, query: ContributionQuery) -> Response:
    """Players who claimed for less than 1 % of the damage. Audited. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_contributions(
              row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s
            )
            """,
            (*call, query.days, query.limit, query.reason),
        )
    )
