"""`/api/inventory`: what the player has and wears, potions, and the items to start with."""

from __future__ import annotations

from http import HTTPStatus

from functions.game import inventory, potions
from functions.game.calls import MAX_BYTES, build_call, player
from functions.game.fields import Message, OfSet, Stats
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", prefix="/api/inventory/")
EQUIP_ANSWERS = {
    HTTPStatus.OK: inventory.Equipped,
    HTTPStatus.NOT_FOUND: "The player has no such item",
    HTTPStatus.BAD_REQUEST: "The level is too low, or the item does not fit the slot",
}


@routes.get("/api/inventory", guard=player, answers={HTTPStatus.OK: inventory.Inventory})
def get_inventory(request: Request) -> Response:
    """Returns all items, worn ones too, and both sets."""
    return inventory.get_inventory(build_call(request))


@routes.get(
    "/api/inventory/stats/{set_type}",
    guard=player,
    query=OfSet,
    answers={HTTPStatus.OK: Stats},
)
def get_stats(request: Request, path: OfSet) -> Response:
    """Returns the sums of what is worn in a set."""
    return inventory.get_stats(build_call(request), path.set_type)


@routes.post(
    "/api/inventory/equip",
    idempotent=True,
    guard=player,
    body=inventory.NewEquipment,
    max_bytes=MAX_BYTES,
    answers=EQUIP_ANSWERS,
)
def equip(request: Request, sent: inventory.NewEquipment) -> Response:
    """Puts an item into a slot of a set, out of any other slot; what was there goes to the bag."""
    return inventory.equip(build_call(request), sent.item_id, sent.slot, sent.set_type)


@routes.post(
    "/api/inventory/equip/{item_id}",
    idempotent=True,
    guard=player,
    body=inventory.AnyPlace,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    query=inventory.ItemPath,
    answers=EQUIP_ANSWERS,
)
def equip_by_path(request: Request, sent: inventory.AnyPlace, path: inventory.ItemPath) -> Response:
    """Puts an item into a slot, by default of the attack set and by its type."""
    return inventory.equip(build_call(request), path.item_id, sent.slot, sent.set_type)


@routes.post(
    "/api/inventory/unequip",
    idempotent=True,
    guard=player,
    body=inventory.Place,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.OK: inventory.Equipped},
)
def unequip(request: Request, sent: inventory.Place) -> Response:
    """Empties a slot of a set; an empty one stays empty."""
    return inventory.unequip(build_call(request), sent.slot, sent.set_type)


@routes.post(
    "/api/inventory/unequip/{slot}",
    idempotent=True,
    guard=player,
    body=inventory.AnySet,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    query=inventory.SlotPath,
    answers={HTTPStatus.OK: inventory.Equipped},
)
def unequip_by_path(request: Request, sent: inventory.AnySet, path: inventory.SlotPath) -> Response:
    """Empties a slot, by default of the attack set; the set is in the body or in the query."""
    return inventory.unequip(build_call(request), path.slot, sent.set_type or path.set_type)


@routes.post(
    "/api/inventory/use-potion/{item_id}",
    idempotent=True,
    guard=player,
    query=inventory.ItemPath,
    answers={
        HTTPStatus.OK: potions.Used,
        HTTPStatus.NOT_FOUND: "The player has no such potion",
        HTTPStatus.BAD_REQUEST: "It is no potion, or a boost of its kind is on",
    },
)
def use_potion(request: Request, path: inventory.ItemPath) -> Response:
    """Drinks a unit of a potion. A refusal consumes nothing."""
    return potions.use(build_call(request), path.item_id)


@routes.post(
    "/api/inventory/starter-items",
    idempotent=True,
    guard=player,
    answers={HTTPStatus.OK: Message, HTTPStatus.BAD_REQUEST: "The player has or had items"},
)
def take_starter_items(request: Request) -> Response:
    """Gives a common weapon, armor and helmet, once per player."""
    return inventory.take_starter_items(build_call(request))


@routes.post(
    "/api/inventory/cleanup-expired-buffs",
    idempotent=True,
    guard=player,
    answers={HTTPStatus.OK: potions.CleanedUp},
)
def clean_up_buffs(request: Request) -> Response:
    """Deletes the player's boosts that are over; they are never listed anyway."""
    return potions.clean_up(build_call(request))
