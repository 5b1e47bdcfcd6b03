"""Grants: what operators give to players, or take away."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from functions.game.calls import Call, to_response
from functions.game.fields import Change, Reason
from functions.shared import db
from functions.shared.fields import RequestModel, ResponseModel, fail_validation, to_integer
from functions.shared.response import Response

MAX_UNITS = 1000
Units = Annotated[int, Field(strict=True, ge=-MAX_UNITS, le=MAX_UNITS), BeforeValidator(to_integer)]


class NewGrant(RequestModel):
    """What is given, negative for what is taken; `item` is an id of the catalogue."""

    gold: Change | None = None
    gems: Change | None = None
    xp: Change | None = None
    item: Annotated[str, Field(strict=True, min_length=1, max_length=100)] | None = None
    quantity: Units | None = None
    reason: Reason
    dry_run: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _does_something(self) -> NewGrant:
        if not (self.gold or self.gems or self.xp or self.item):
            fail_validation("gold, gems, xp or item is required")
        if self.quantity == 0 or (self.quantity is not None and self.item is None):
            fail_validation("quantity must not be 0, and needs an item")
        return self


class Wealth(ResponseModel):
    """What a grant changes of a player; `xp` is lifetime experience."""

    gold: int
    gems: int
    xp: int
    level: int
    unspent_stat_points: int


class GrantedItem(ResponseModel):
    """The units given or taken; `id` is that of the item or the pet, of several the last one's."""

    id: int | None
    item: str
    name: str
    quantity: int


class Granted(ResponseModel):
    """The player before and after; of a dry run, as it would be."""

    dry_run: bool
    player_id: int
    username: str
    before: Wealth
    after: Wealth
    item: GrantedItem | None


def grant(call: Call, player_id: int, sent: NewGrant) -> Response:
    """Gives all of it or nothing; raises NotFound, Conflict. Audited. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.make_grant(
              row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s, %s, %s, %s, %s, %s
            )
            """,
            (
                *call,
                player_id,
                sent.gold or 0,
                sent.gems or 0,
                sent.xp or 0,
                sent.item,
                sent.quantity or 1,
                sent.reason,
                sent.dry_run,
            ),
        )
    )
