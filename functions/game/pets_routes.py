"""`/api/pets`: the player's pets, their eggs, meals and sets."""

from __future__ import annotations

from http import HTTPStatus

from functions.game import pets
from functions.game.calls import MAX_BYTES, build_call, player
from functions.game.fields import OfSet, Stats
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", prefix="/api/pets/")
UNKNOWN = "The player has no such pet"
HATCH_ANSWERS = {
    HTTPStatus.OK: pets.Hatched,
    HTTPStatus.NOT_FOUND: UNKNOWN,
    HTTPStatus.BAD_REQUEST: "It has hatched, or the name is blank",
}
FEED_ANSWERS = {
    HTTPStatus.OK: pets.Fed,
    HTTPStatus.NOT_FOUND: UNKNOWN,
    HTTPStatus.BAD_REQUEST: "It is an egg, or fully grown, or there is no such food",
}
EQUIP_ANSWERS = {
    HTTPStatus.OK: pets.PetSetChanged,
    HTTPStatus.NOT_FOUND: UNKNOWN,
    HTTPStatus.BAD_REQUEST: "It is an egg",
}


@routes.get("/api/pets", guard=player, answers={HTTPStatus.OK: pets.Pets})
def list_pets(request: Request) -> Response:
    """Returns all pets, eggs included, newest first, and both sets."""
    return pets.list_pets(build_call(request))


@routes.get("/api/pets/stats/{set_type}", guard=player, query=OfSet, answers={HTTPStatus.OK: Stats})
def get_stats(request: Request, path: OfSet) -> Response:
    """Returns the sums of the bonuses of a set."""
    return pets.get_stats(build_call(request), path.set_type)


@routes.post(
    "/api/pets/egg",
    idempotent=True,
    guard=player,
    answers={HTTPStatus.CREATED: pets.NewEgg, HTTPStatus.BAD_REQUEST: "Too little gold"},
)
def buy_egg(request: Request) -> Response:
    """Buys a mystery egg for 500 gold. What is inside is decided now, and shown at hatching."""
    return pets.buy_egg(build_call(request))


@routes.post(
    "/api/pets/hatch",
    idempotent=True,
    guard=player,
    body=pets.Hatching,
    max_bytes=MAX_BYTES,
    answers=HATCH_ANSWERS,
)
def hatch(request: Request, sent: pets.Hatching) -> Response:
    """Hatches an egg and names the pet."""
    return pets.hatch(build_call(request), sent.pet_id, sent.name)


@routes.post(
    "/api/pets/hatch/{egg_id}",
    idempotent=True,
    guard=player,
    body=pets.Naming,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    query=pets.EggPath,
    answers=HATCH_ANSWERS,
)
def hatch_by_path(request: Request, sent: pets.Naming, path: pets.EggPath) -> Response:
    """Hatches an egg and names the pet, by default after its species."""
    return pets.hatch(build_call(request), path.egg_id, sent.name)


@routes.post(
    "/api/pets/feed",
    idempotent=True,
    guard=player,
    body=pets.Meal,
    max_bytes=MAX_BYTES,
    answers=FEED_ANSWERS,
)
def feed(request: Request, sent: pets.Meal) -> Response:
    """Gives a pet food that the player has: of `food_item_id` one unit, or such units that their
    experience adds up to `xp_amount` exactly."""
    return pets.feed(build_call(request), sent.pet_id, sent)


@routes.post(
    "/api/pets/feed/{pet_id}",
    idempotent=True,
    guard=player,
    body=pets.AnyMeal,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    query=pets.PetPath,
    answers=FEED_ANSWERS,
)
def feed_by_path(request: Request, sent: pets.AnyMeal, path: pets.PetPath) -> Response:
    """Gives a pet food that the player has, by default one unit of the smallest."""
    return pets.feed(build_call(request), path.pet_id, sent)


@routes.post(
    "/api/pets/equip",
    idempotent=True,
    guard=player,
    body=pets.NewPetPlace,
    max_bytes=MAX_BYTES,
    answers=EQUIP_ANSWERS,
)
def equip(request: Request, sent: pets.NewPetPlace) -> Response:
    """Puts a pet into a slot of a set, out of any other slot."""
    return pets.equip(build_call(request), sent.pet_id, sent.slot, sent.set_type)


@routes.post(
    "/api/pets/equip/{pet_id}",
    idempotent=True,
    guard=player,
    body=pets.AnyPetPlace,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    query=pets.PetPath,
    answers=EQUIP_ANSWERS,
)
def equip_by_path(request: Request, sent: pets.AnyPetPlace, path: pets.PetPath) -> Response:
    """Puts a pet into a slot, by default the first free one of the attack set."""
    return pets.equip(build_call(request), path.pet_id, sent.slot, sent.set_type)


@routes.post(
    "/api/pets/unequip",
    idempotent=True,
    guard=player,
    body=pets.PetPlace,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.OK: pets.PetSetChanged},
)
def unequip(request: Request, sent: pets.PetPlace) -> Response:
    """Empties a slot of a set; an empty one stays empty."""
    return pets.unequip(build_call(request), sent.slot, sent.set_type)
