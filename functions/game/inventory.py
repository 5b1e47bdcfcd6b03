"""Items of players, and the two sets that they wear."""

from __future__ import annotations

from typing import Any, Literal

from functions.game import chance
from functions.game.calls import Call, to_response
from functions.game.fields import Id, PathId, SetType, Slot, Stats
from functions.shared import db
from functions.shared.fields import RequestModel, ResponseModel
from functions.shared.response import Response

STARTER_DRAWS = 6  # one for each stat of the three items that is drawn


class Item(ResponseModel):
    """Something that a player has; food is `consumable` too."""

    id: int
    item_type: Literal[
        "weapon",
        "helmet",
        "armor",
        "boots",
        "gloves",
        "ring",
        "amulet",
        "consumable",
        "pet_equipment",
    ]
    name: str
    rarity: Literal["common", "uncommon", "rare", "epic", "legendary"]
    level_requirement: int
    attack_bonus: int
    defense_bonus: int
    hp_bonus: int
    quantity: int
    properties: dict[str, Any] | None
    icon: str | None


class Equipment(ResponseModel):
    """What is worn in a set."""

    id: int
    set_type: SetType
    weapon: Item | None
    helmet: Item | None
    armor: Item | None
    boots: Item | None
    gloves: Item | None
    ring: Item | None
    ring2: Item | None
    amulet: Item | None


class Inventory(ResponseModel):
    """All items, worn ones too, and the sets."""

    items: list[Item]
    attack_set: Equipment
    defense_set: Equipment


class Equipped(ResponseModel):
    """The set after a change, and its sums."""

    message: str
    equipment_set: Equipment
    stats: Stats


class NewEquipment(RequestModel):
    """Which item goes where."""

    item_id: Id
    slot: Slot
    set_type: SetType


class Place(RequestModel):
    """A slot of a set."""

    slot: Slot
    set_type: SetType


class AnyPlace(RequestModel):
    """Where an item goes, as far as that matters to the caller: by default, into the attack set."""

    slot: Slot | None = None
    set_type: SetType = "attack"


class AnySet(RequestModel):
    """Which set, in the body: by default as in the query, or the attack set."""

    set_type: SetType | None = None


class ItemPath(RequestModel):
    """The item of a path."""

    item_id: PathId


class SlotPath(RequestModel):
    """The slot of a path; the set may be in the query."""

    slot: Slot
    set_type: SetType = "attack"


def get_inventory(call: Call) -> Response:
    """All items and both sets. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.get_inventory(row(%s, %s, %s, %s, %s, %s, %s)::game.call)
            """,
            call,
        )
    )


def get_stats(call: Call, set_type: SetType) -> Response:
    """The sums of a set. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.get_equipment_stats(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s)
            """,
            (*call, set_type),
        )
    )


def equip(call: Call, item_id: int, slot: Slot | None, set_type: SetType) -> Response:
    """Puts an item into a slot (None: by its type), out of any other. One round trip.

    Raises NotFound, or BadRequest for a level too low or a slot that does not fit.
    """
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.equip_item(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s)
            """,
            (*call, item_id, slot, set_type),
        )
    )


def unequip(call: Call, slot: Slot, set_type: SetType) -> Response:
    """Empties a slot, which may be empty. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.unequip_item(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s)
            """,
            (*call, slot, set_type),
        )
    )


def take_starter_items(call: Call) -> Response:
    """A common weapon, armor and helmet; raises BadRequest the second time. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.take_starter_items(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s::bigint[])
            """,
            (*call, chance.draw_many(STARTER_DRAWS)),
        )
    )
