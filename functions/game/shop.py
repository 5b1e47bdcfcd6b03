"""The shop: what it sells, and what players bought."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, RootModel

from functions.game.calls import Call, to_response
from functions.game.fields import Stats, clamp
from functions.shared import db
from functions.shared.fields import Lenient, RequestModel, ResponseModel
from functions.shared.response import Response

Rarity = Literal["COMMON", "UNCOMMON", "RARE", "EPIC", "LEGENDARY"]


class Entry(ResponseModel):
    """Something that is sold."""

    id: str
    name: str
    type: str
    rarity: Rarity
    level: int
    price: int
    gem_price: int | None
    description: str
    icon: str | None


class EquipmentEntry(Entry):
    """A weapon, or a piece of equipment."""

    type: Literal["WEAPON", "HELMET", "ARMOR", "BOOTS", "GLOVES", "RING", "AMULET"]
    stats: Stats


class EggEntry(Entry):
    """An egg; `pet_type` null: drawn when it hatches."""

    type: Literal["EGG"]
    pet_type: str | None
    focus: str | None
    pet_stats: Stats


class FoodEntry(Entry):
    """Food of pets."""

    type: Literal["FOOD"]
    pet_exp: int


class PotionEntry(Entry):
    """A potion; `duration` in seconds."""

    type: Literal["CONSUMABLE"]
    potion_type: Literal["STAMINA_RESTORE", "STAMINA_BOOST", "ATTACK_BOOST"]
    effect_value: int
    duration: int | None


class Shop(ResponseModel):
    """All that is sold."""

    equipment: list[EquipmentEntry]
    eggs: list[EggEntry]
    food: list[FoodEntry]
    potions: list[PotionEntry]


class NewPurchase(RequestModel):
    """What is bought, and for what: gems if either field says so."""

    item_id: Annotated[str, Field(strict=True, max_length=100)]
    currency: Literal["gold", "gems"] = "gold"
    use_gems: Annotated[bool, Field(strict=True)] = False


class Bought(ResponseModel):
    """The id of the item, or of the pet, as text; what is left."""

    success: bool
    message: str
    item_id: str
    item_name: str
    gold_remaining: int
    gems_remaining: int


class Purchase(ResponseModel):
    """A purchase of the past."""

    id: int
    item_type: str
    item_name: str
    cost_gold: int
    cost_gems: int
    purchased_at: datetime


class Purchases(RootModel[list[Purchase]]):
    """Purchases, newest first."""

    model_config = ConfigDict(defer_build=True)


class HistoryQuery(Lenient, RequestModel):
    """How many: 1 to 100."""

    limit: Annotated[int, clamp(50, 100)] = 50


def list_entries(call: Call) -> Response:
    """All that is sold. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_entries(row(%s, %s, %s, %s, %s, %s, %s)::game.call)
            """,
            call,
        )
    )


def buy(call: Call, sent: NewPurchase) -> Response:
    """Buys a unit; raises BadRequest. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.purchase(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s)
            """,
            (*call, sent.item_id, sent.use_gems or sent.currency == "gems"),
        )
    )


def list_purchases(call: Call, limit: int) -> Response:
    """The player's last purchases. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_purchases(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s)
            """,
            (*call, limit),
        )
    )
