"""Pets: game.md 3.3 and 5.6."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, buy, change, drawing, make_player

# attack, defense, hp at level 1, and growth a level
FOCUSES = {
    "attack": (20, (15, 3, 10), ("3", "0.5", "2")),
    "defense": (20, (3, 15, 10), ("0.5", "3", "2")),
    "hp": (20, (3, 3, 30), ("0.5", "0.5", "5")),
    "damage": (15, (20, 1, 5), ("4", "0.2", "1")),
    "mixed": (15, (10, 10, 10), ("2", "2", "2")),
    "balanced": (10, (8, 8, 15), ("1.5", "1.5", "3")),
}
SPECIES = (
    {"wolf": 15, "bear": 15, "fox": 15, "tiger": 12, "lion": 12, "eagle": 10, "serpent": 8}
    | {"dragon": 3, "phoenix": 2, "griffin": 2, "unicorn": 2, "pegasus": 2}
    | {"hydra": 1, "cerberus": 1}
)
RANDOM = {"dragon", "phoenix", "griffin", "unicorn", "hydra", "cerberus", "pegasus"}


@pytest.fixture
def mira(store: str) -> Client:
    client = make_player()
    change(client, gold=1_000_000)
    return client


def hatch(client: Client, pet_id: int, name: Any = "Rex") -> Any:
    return client.post("/api/pets/hatch", {"pet_id": pet_id, "name": name})


def make_pet(client: Client, entry: str = "egg-wolf") -> int:
    pet_id = buy(client, entry)
    assert hatch(client, pet_id).status == 200
    return pet_id


def feed(client: Client, pet_id: int, **meal: Any) -> Any:
    return client.post("/api/pets/feed", {"pet_id": pet_id} | meal)


def give_food(client: Client, *units: int) -> None:
    """So many units of each food, the smallest first."""
    for number, count in enumerate(units, 1):
        for _ in range(count):
            buy(client, f"food-{number}")


def food(client: Client) -> dict[int, int]:
    """Units that are left, by their experience."""
    return {
        one["properties"]["pet_exp"]: one["quantity"]
        for one in client.get("/api/inventory").json["items"]
        if "pet_exp" in one["properties"]
    }


# --- eggs ---


def test_an_egg_costs_500_gold_and_shows_nothing(store: str) -> None:
    mira = make_player()
    answered = mira.post("/api/pets/egg")
    assert answered.status == 201
    assert answered.json["gold_remaining"] == 500
    egg = answered.json["egg"]
    assert egg | {"id": 0, "created_at": ""} == {
        "id": 0,
        "species": None,
        "focus": None,
        "name": "Mystery Egg",
        "is_egg": True,
        "level": 1,
        "exp": 0,
        "exp_max": 100,
        "attack_bonus": 0,
        "defense_bonus": 0,
        "hp_bonus": 0,
        "created_at": "",
    }
    assert mira.get("/api/pets/").json["pets"] == [egg]
    [bought] = mira.get("/api/shop/history").json
    assert (bought["item_type"], bought["cost_gold"]) == ("EGG", 500)
    mira.post("/api/pets/egg")
    answered = mira.post("/api/pets/egg")
    assert (answered.status, answered.json) == (
        400,
        {"detail": "Insufficient gold (need 500, have 0)"},
    )


def test_species_and_focus_follow_their_weights(mira: Client) -> None:
    drawn = range(2**23, 2**32, 2**32 // 200)
    for one in drawn:
        with drawing(one):
            mira.post("/api/pets/egg")
    rows = db.query("select species, focus from game.pets")
    assert len(rows) == len(drawn)
    for column, weights in (
        ("species", SPECIES),
        ("focus", {name: one[0] for name, one in FOCUSES.items()}),
    ):
        counted = Counter(row[column] for row in rows)
        assert counted.keys() == weights.keys()
        for name, weight in weights.items():
            assert abs(counted[name] - 2 * weight) <= 2, name


def test_what_is_drawn_is_kept(mira: Client) -> None:
    with drawing(2**32 - 1):
        egg = mira.post("/api/pets/egg").json["egg"]["id"]
    rolls = db.query("select kind, reference, chance, drawn, result from game.rolls")
    assert {row["kind"]: row["chance"] for row in rolls} == {
        "species": SPECIES,
        "focus": {name: one[0] for name, one in FOCUSES.items()},
    }
    assert {(row["reference"], row["drawn"]) for row in rolls} == {(egg, 2**32 - 1)}


@pytest.mark.parametrize("focus", FOCUSES)
@pytest.mark.parametrize("level", [1, 2, 3, 10, 100])
def test_bonuses_grow_with_the_level(mira: Client, focus: str, level: int) -> None:
    mira.post("/api/pets/egg")
    db.query("update game.pets set focus = %s, species = 'lion', level = %s", (focus, level))
    pet_id = mira.get("/api/pets").json["pets"][0]["id"]
    pet = hatch(mira, pet_id).json["pet"]
    _, first, growth = FOCUSES[focus]
    expected = [
        base + int(Fraction(each) * (level - 1)) for base, each in zip(first, growth, strict=True)
    ]
    assert [pet["attack_bonus"], pet["defense_bonus"], pet["hp_bonus"]] == expected


# --- hatching ---


def test_a_shop_egg_has_the_catalogues_stats_and_focus(mira: Client) -> None:
    answered = hatch(mira, buy(mira, "egg-bear"), "  Honey  ")
    assert answered.status == 200
    assert "bear" in answered.json["message"]
    pet = answered.json["pet"]
    assert (pet["species"], pet["focus"], pet["name"]) == ("bear", "hp", "Honey")
    assert (pet["attack_bonus"], pet["defense_bonus"], pet["hp_bonus"]) == (25, 40, 0)
    assert pet["is_egg"] is False


def test_a_random_egg_is_drawn_when_it_hatches(mira: Client) -> None:
    found = set()
    for drawn in range(2**28, 2**32, 2**29):
        egg = buy(mira, "egg-random")
        with drawing(drawn):
            pet = mira.post(f"/api/pets/hatch/{egg}").json["pet"]
        assert pet["name"] == pet["species"].capitalize()
        assert (pet["attack_bonus"], pet["defense_bonus"]) == (60, 50)
        found.add(pet["species"])
    assert found == RANDOM


def test_hatching_is_refused_in_this_order(mira: Client) -> None:
    egg = buy(mira, "egg-fox")
    answered = hatch(mira, egg, "   ")
    assert (answered.status, answered.json) == (400, {"detail": "Pet name is required"})
    assert hatch(mira, 10**9, "").json == {"detail": "Pet not found"}
    assert hatch(make_player("Other"), egg).status == 404
    assert hatch(mira, egg).status == 200
    answered = hatch(mira, egg, "")
    assert (answered.status, answered.json) == (400, {"detail": "Pet is already hatched"})


@pytest.mark.parametrize("name", ["x" * 21, "<b>", "a&b", "a`b", 'a"b', "a\nb", 7, None])
def test_names_are_checked(mira: Client, name: Any) -> None:
    answered = hatch(mira, 1, name)
    assert answered.status == 422
    assert answered.json["detail"][0]["loc"] == ["body", "name"]


# --- feeding ---


def test_food_is_eaten_and_levels_follow(mira: Client) -> None:
    pet = make_pet(mira)
    give_food(mira, 0, 0, 2)
    answered = feed(mira, pet, xp_amount=400)
    assert answered.status == 200
    found = answered.json
    assert (found["levels_gained"], found["new_level"], found["leveled_up"]) == (2, 3, True)
    assert (found["exp"], found["exp_max"]) == (150, 225)
    assert found["stats"] == {"attack": 35 + 4, "defense": 25 + 4, "hp": 0 + 4}
    assert found["pet"]["level"] == 3
    assert food(mira) == {}


@pytest.mark.parametrize(
    ("units", "xp", "left"),
    [
        ((5, 0, 0, 0), 30, {10: 2}),
        ((5, 3, 1, 0), 260, {10: 4, 50: 2}),
        ((20, 1, 0, 0), 200, {10: 5}),
        ((1, 3, 2, 1), 1450, {10: 1, 50: 2}),
    ],
)
def test_an_exact_sum_is_found(
    mira: Client, units: tuple[int, ...], xp: int, left: dict[int, int]
) -> None:
    pet = make_pet(mira)
    give_food(mira, *units)
    assert feed(mira, pet, xp_amount=xp).status == 200
    assert food(mira) == left


def test_without_an_exact_sum_nothing_is_eaten(mira: Client) -> None:
    pet = make_pet(mira)
    give_food(mira, 1, 2)
    for xp in (15, 60 + 60, 1, 2**53 - 1):
        answered = feed(mira, pet, xp_amount=xp)
        assert (answered.status, answered.json) == (
            400,
            {"detail": f"No pet food adding up to {xp} XP (you have 110 XP)"},
        )
    assert food(mira) == {10: 1, 50: 2}


def test_one_unit_of_one_item_can_be_chosen(mira: Client) -> None:
    pet = make_pet(mira)
    give_food(mira, 2, 2)
    [item] = [one for one in mira.get("/api/inventory").json["items"] if "Fowl" in one["name"]]
    assert feed(mira, pet, food_item_id=item["id"]).json["exp"] == 50
    assert food(mira) == {10: 2, 50: 1}
    potion = buy(mira, "rest-1")
    answered = feed(mira, pet, food_item_id=potion)
    assert (answered.status, answered.json) == (400, {"detail": "No pet food"})


def test_the_seeds_path_feeds_the_smallest(mira: Client) -> None:
    pet = make_pet(mira)
    assert mira.post(f"/api/pets/feed/{pet}").json == {"detail": "No pet food"}
    give_food(mira, 1, 1)
    assert mira.post(f"/api/pets/feed/{pet}").json["exp"] == 10
    assert mira.post(f"/api/pets/feed/{pet}", {"xp_amount": 50}).json["exp"] == 60
    assert food(mira) == {}


def test_feeding_is_refused_in_this_order(mira: Client) -> None:
    egg, pet = buy(mira, "egg-fox"), make_pet(mira)
    give_food(mira, 1)
    assert feed(mira, 10**9, xp_amount=10).json == {"detail": "Pet not found"}
    assert feed(mira, egg, xp_amount=10).json == {"detail": "Cannot feed an unhatched egg"}
    db.query("update game.pets set level = 100 where id = %s", (pet,))
    assert "No pet food" in feed(mira, pet, xp_amount=20).json["detail"]
    answered = feed(mira, pet, xp_amount=10)
    assert (answered.status, answered.json) == (400, {"detail": "Pet is already at max level"})
    assert food(mira) == {10: 1}


@pytest.mark.parametrize(
    "meal", [{}, {"xp_amount": 0}, {"xp_amount": -5}, {"xp_amount": "10"}, {"food_item_id": "1"}]
)
def test_meals_that_are_none_are_422(mira: Client, meal: dict[str, Any]) -> None:
    assert feed(mira, 1, **meal).status == 422


def test_costs_grow_by_half_and_end_at_what_javascript_holds(store: str) -> None:
    rows = db.query("select level, cost from game.pet_levels order by level")
    costs = [row["cost"] for row in rows]
    assert costs == [min(100 * 3**n // 2**n, 2**53 - 1) for n in range(100)]
    assert costs[:5] == [100, 150, 225, 337, 506]


def test_the_highest_levels_hold(mira: Client) -> None:
    pet = make_pet(mira)
    db.query("update game.pets set level = 99, exp = 9007199254740990")
    give_food(mira, 1)
    found = feed(mira, pet, xp_amount=10).json
    assert (found["new_level"], found["exp"], found["exp_max"]) == (100, 0, 2**53 - 1)


# --- sets ---


def in_slots(client: Client) -> dict[tuple[str, int], int]:
    found = client.get("/api/pets").json
    return {
        (name, slot): found[f"{name}_set"][f"pet_{slot}"]["id"]
        for name, slot in itertools.product(("attack", "defense"), (1, 2, 3))
        if found[f"{name}_set"][f"pet_{slot}"]
    }


def equip(client: Client, pet_id: int, slot: Any, set_type: str = "attack") -> Any:
    body = {"pet_id": pet_id, "slot": slot, "set_type": set_type}
    return client.post("/api/pets/equip", body)


def test_a_pet_is_in_one_slot_of_one_set(mira: Client) -> None:
    first, second = make_pet(mira), make_pet(mira, "egg-fox")
    answered = equip(mira, first, 2)
    assert answered.json["stats"] == {"attack": 35, "defense": 25, "hp": 0}
    assert answered.json["pet_set"]["pet_2"]["id"] == first
    equip(mira, second, 1)
    assert mira.get("/api/pets/stats/attack").json == {"attack": 55, "defense": 40, "hp": 0}
    equip(mira, first, 1)
    assert in_slots(mira) == {("attack", 1): first}
    equip(mira, first, 3, "defense")
    assert in_slots(mira) == {("defense", 3): first}


def test_the_seeds_path_takes_the_first_free_slot(mira: Client) -> None:
    pets = [make_pet(mira, "egg-fox") for _ in range(4)]
    for pet in pets:
        assert mira.post(f"/api/pets/equip/{pet}").status == 200
    assert in_slots(mira) == {
        ("attack", 1): pets[3],
        ("attack", 2): pets[1],
        ("attack", 3): pets[2],
    }
    mira.post(f"/api/pets/equip/{pets[0]}", {"set_type": "defense", "slot": 2})
    assert in_slots(mira)["defense", 2] == pets[0]


def test_eggs_and_other_peoples_pets_are_not_equipped(mira: Client) -> None:
    egg, pet = buy(mira, "egg-fox"), make_pet(mira)
    answered = equip(mira, egg, 1)
    assert (answered.status, answered.json) == (400, {"detail": "Cannot equip an unhatched egg"})
    answered = equip(make_player("Other"), pet, 1)
    assert (answered.status, answered.json) == (404, {"detail": "Pet not found"})
    assert equip(mira, pet, 4).status == 422
    assert equip(mira, pet, 1, "both").status == 422


def test_an_empty_slot_may_be_emptied(mira: Client) -> None:
    pet = make_pet(mira)
    equip(mira, pet, 1)
    for _ in range(2):
        answered = mira.post("/api/pets/unequip", {"slot": 1, "set_type": "attack"})
        assert answered.status == 200
        assert answered.json["pet_set"]["pet_1"] is None
    assert mira.post("/api/pets/unequip", {"slot": 0, "set_type": "attack"}).status == 422


def test_pets_are_listed_newest_first(mira: Client) -> None:
    made = [buy(mira, "egg-fox") for _ in range(3)]
    assert [one["id"] for one in mira.get("/api/pets/").json["pets"]] == made[::-1]


# --- at the same moment ---


@pytest.mark.commits
def test_of_twenty_at_once_one_hatches(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    egg = mira.post("/api/pets/egg").json["egg"]["id"]
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda n: hatch(mira, egg, f"Rex {n}"))
    assert sorted(one.status for one in answers) == [200, *[400] * 19]
    [winner] = [one.json["pet"] for one in answers if one.status == 200]
    assert mira.get("/api/pets").json["pets"] == [winner]


@pytest.mark.commits
def test_eggs_and_food_go_as_far_as_they_go(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    change(mira, gold=2000 + 1250)
    pet = make_pet(mira)
    give_food(mira, 5)
    with own_connections(store, monkeypatch):
        meals = at_once(20, lambda _: feed(mira, pet, xp_amount=10))
        eggs = at_once(20, lambda _: mira.post("/api/pets/egg"))
    assert sorted(one.status for one in meals) == [200] * 5 + [400] * 15
    assert sorted(one.status for one in eggs) == [201] * 2 + [400] * 18
    found = mira.get("/api/pets").json["pets"]
    assert (len(found), found[-1]["exp"]) == (3, 50)
    assert mira.get("/api/player/me").json["gold"] == 0


@pytest.mark.commits
def test_a_pet_is_never_in_two_slots(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    change(mira, gold=10_000)
    pets = [make_pet(mira, "egg-fox") for _ in range(2)]
    places = list(itertools.product(("attack", "defense"), (1, 2, 3)))
    with own_connections(store, monkeypatch):
        answers = at_once(
            24, lambda n: equip(mira, pets[n % 2], places[n % 6][1], places[n % 6][0])
        )
    assert {one.status for one in answers} == {200}
    found = in_slots(mira)
    assert sorted(found.values()) == sorted(set(found.values()))
