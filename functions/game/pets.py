"""Pets: eggs, hatching, feeding, and the two sets of three."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from functions.game import chance
from functions.game.calls import Call, to_response
from functions.game.fields import Amount, Id, PathId, PetName, PetSlot, SetType, Stats
from functions.shared import db
from functions.shared.fields import RequestModel, ResponseModel, fail_validation
from functions.shared.response import Response


class Pet(ResponseModel):
    """A pet, or an egg, of which nothing else is known yet."""

    id: int
    species: str | None
    focus: Literal["attack", "defense", "hp", "damage", "mixed", "balanced"] | None
    name: str
    is_egg: bool
    level: int
    exp: int
    exp_max: int
    attack_bonus: int
    defense_bonus: int
    hp_bonus: int
    created_at: datetime


class PetSet(ResponseModel):
    """The pets of a set."""

    id: int
    set_type: SetType
    pet_1: Pet | None
    pet_2: Pet | None
    pet_3: Pet | None


class Pets(ResponseModel):
    """All pets, newest first, and the sets."""

    pets: list[Pet]
    attack_set: PetSet
    defense_set: PetSet


class NewEgg(ResponseModel):
    """An egg that was bought, and what is left."""

    message: str
    egg: Pet
    gold_remaining: int


class Hatched(ResponseModel):
    """The pet that was inside."""

    message: str
    pet: Pet


class Fed(ResponseModel):
    """The pet after a meal."""

    message: str
    levels_gained: int
    new_level: int
    exp: int
    exp_max: int
    stats: Stats
    pet: Pet
    leveled_up: bool


class PetSetChanged(ResponseModel):
    """The set after a change, and its sums."""

    message: str
    pet_set: PetSet
    stats: Stats


class Hatching(RequestModel):
    """Which egg, and what its pet is called."""

    pet_id: Id
    name: PetName


class Naming(RequestModel):
    """What the pet is called: by default its species."""

    name: PetName | None = None


class AnyMeal(RequestModel):
    """How much experience, or which item: by default one unit of the smallest food."""

    xp_amount: Amount | None = None
    food_item_id: Id | None = None


class Meal(AnyMeal):
    """Which pet eats, and how much experience, or which item."""

    pet_id: Id

    @model_validator(mode="after")
    def _names_food(self) -> Self:
        if self.xp_amount is None and self.food_item_id is None:
            fail_validation("xp_amount is required")
        return self


class NewPetPlace(RequestModel):
    """Which pet goes where."""

    pet_id: Id
    slot: PetSlot
    set_type: SetType


class PetPlace(RequestModel):
    """A slot of a set."""

    slot: PetSlot
    set_type: SetType


class AnyPetPlace(RequestModel):
    """Where a pet goes: by default into the first free slot of the attack set."""

    slot: PetSlot | None = None
    set_type: SetType = "attack"


class PetPath(RequestModel):
    """The pet of a path."""

    pet_id: PathId


class EggPath(RequestModel):
    """The egg of a path."""

    egg_id: PathId


def list_pets(call: Call) -> Response:
    """All pets and both sets. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_pets(row(%s, %s, %s, %s, %s, %s, %s)::game.call)
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
            from game.get_pet_stats(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s)
            """,
            (*call, set_type),
        )
    )


def buy_egg(call: Call) -> Response:
    """A mystery egg for 500 gold; raises BadRequest. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.buy_egg(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s)
            """,
            (*call, chance.draw(), chance.draw()),
        )
    )


def hatch(call: Call, pet_id: int, name: str | None) -> Response:
    """Hatches an egg (None: named after its species); raises NotFound, BadRequest.

    One round trip.
    """
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.hatch_pet(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s, %s)
            """,
            (*call, pet_id, name, chance.draw(), chance.draw()),
        )
    )


def feed(call: Call, pet_id: int, sent: AnyMeal) -> Response:
    """Gives a pet food that the player has; raises NotFound, BadRequest. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.feed_pet(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s)
            """,
            (*call, pet_id, sent.xp_amount, sent.food_item_id),
        )
    )


def equip(call: Call, pet_id: int, slot: int | None, set_type: SetType) -> Response:
    """Puts a pet into a slot (None: a free one), out of any other. One round trip.

    Raises NotFound, or BadRequest for an egg.
    """
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.equip_pet(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s)
            """,
            (*call, pet_id, slot, set_type),
        )
    )


def unequip(call: Call, slot: int, set_type: SetType) -> Response:
    """Empties a slot, which may be empty. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.unequip_pet(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s)
            """,
            (*call, slot, set_type),
        )
    )
