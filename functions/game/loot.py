"""Loot of battles that are won."""

from __future__ import annotations

from functions.game import chance
from functions.game.calls import Call, to_response
from functions.live import fanout
from functions.shared import db
from functions.shared.fields import ResponseModel
from functions.shared.response import Response
from functions.shared.settings import settings

DRAWS = 3  # whether there is an item, of which type, and how rare


class LootItem(ResponseModel):
    """An item of the loot, which is in the inventory now."""

    id: int
    name: str
    type: str
    rarity: str


class LevelUp(ResponseModel):
    """What the experience did."""

    leveled_up: bool
    old_level: int
    new_level: int
    levels_gained: int
    stat_points_earned: int
    total_xp: int
    xp_gained: int


class Claimed(ResponseModel):
    """The loot; `contribution_percent` is the player's share of the damage.

    `message`: why there is none, of a player whose share is below the least that is rewarded.
    """

    success: bool
    gold: int
    xp: int
    items: list[LootItem]
    contribution_percent: float
    level_up_info: LevelUp
    error: None
    message: str | None = None


def claim(call: Call, battle_id: int) -> Response:
    """Takes the player's loot, once; raises NotFound, BadRequest. One round trip."""
    room = f"battle:{battle_id}"
    row = db.fetch_once(
        """
        select status, body::text as body, live.count_connections(%s, %s) as sockets
        from game.claim_loot(
          row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s::bigint[], %s::numeric
        )
        """,
        (
            *(room, fanout.COUNTED),
            *(*call, battle_id, chance.draw_many(DRAWS), settings().game_min_contribution),
        ),
    )
    fanout.announce(room, row)
    return to_response(row)
