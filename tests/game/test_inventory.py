"""Items and the two sets: game.md 3.2, each row of its tables."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, buy, change, drawing, make_player, player_id

SLOTS = ("weapon", "helmet", "armor", "boots", "gloves", "ring", "ring2", "amulet")


@pytest.fixture
def mira(store: str) -> Client:
    client = make_player()
    change(client, gold=100_000, level=60)
    return client


def equip(client: Client, item_id: int, slot: str, set_type: str = "attack") -> Any:
    body = {"item_id": item_id, "slot": slot, "set_type": set_type}
    return client.post("/api/inventory/equip", body)


def worn(client: Client) -> dict[tuple[str, str], int]:
    """Item ids by set and slot."""
    found = client.get("/api/inventory").json
    return {
        (name, slot): found[f"{name}_set"][slot]["id"]
        for name, slot in itertools.product(("attack", "defense"), SLOTS)
        if found[f"{name}_set"][slot]
    }


@pytest.mark.parametrize("url", ["/api/inventory/", "/api/inventory"])
def test_a_new_player_has_nothing(store: str, url: str) -> None:
    found = make_player().get(url).json
    assert found["items"] == []
    for name in ("attack", "defense"):
        one = found[f"{name}_set"]
        assert one["set_type"] == name
        assert isinstance(one["id"], int)
        assert {slot: one[slot] for slot in SLOTS} == dict.fromkeys(SLOTS)
    assert found["attack_set"]["id"] != found["defense_set"]["id"]


def test_an_item_is_worn_and_still_listed(mira: Client) -> None:
    sword = buy(mira, "crossbow-1")
    answered = equip(mira, sword, "weapon")
    assert answered.status == 200
    item = {
        "id": sword,
        "item_type": "weapon",
        "name": "Oak Crossbow",
        "rarity": "common",
        "level_requirement": 1,
        "attack_bonus": 14,
        "defense_bonus": 0,
        "hp_bonus": 0,
        "quantity": 1,
        "icon": "Icon17.png",
        "properties": {"description": "Slow, but it never misses twice."},
    }
    assert answered.json["message"] == "Item equipped successfully"
    assert answered.json["equipment_set"]["weapon"] == item
    assert answered.json["stats"] == {"attack": 14, "defense": 0, "hp": 0}
    assert mira.get("/api/inventory/stats/attack").json == answered.json["stats"]
    assert mira.get("/api/inventory/stats/defense").json == {"attack": 0, "defense": 0, "hp": 0}
    assert mira.get("/api/inventory/").json["items"] == [item]


def test_an_item_is_in_one_slot_of_one_set(mira: Client) -> None:
    first, second = buy(mira, "sword-1"), buy(mira, "sword-1")
    assert first != second
    equip(mira, first, "weapon")
    equip(mira, first, "weapon", "defense")
    assert worn(mira) == {("defense", "weapon"): first}
    equip(mira, second, "weapon", "defense")
    assert worn(mira) == {("defense", "weapon"): second}
    equip(mira, second, "weapon", "defense")
    assert worn(mira) == {("defense", "weapon"): second}


def test_rings_fit_two_slots(mira: Client) -> None:
    ring = buy(mira, "ring-1")
    equip(mira, ring, "ring")
    equip(mira, ring, "ring2")
    assert worn(mira) == {("attack", "ring2"): ring}


def test_equipping_is_refused_in_this_order(mira: Client) -> None:
    hard, easy = buy(mira, "armor-5"), buy(mira, "sword-1")
    change(mira, level=7)
    assert equip(mira, 10**9, "ring").json == {"detail": "Item not found in inventory"}
    assert equip(mira, 10**9, "ring").status == 404
    answered = equip(mira, hard, "ring")
    assert (answered.status, answered.json) == (
        400,
        {"detail": "Player level 7 too low. Required: 50"},
    )
    answered = equip(mira, easy, "ring2")
    assert (answered.status, answered.json) == (
        400,
        {"detail": "Cannot equip weapon in ring2 slot"},
    )
    potion = buy(mira, "rest-1")
    assert equip(mira, potion, "weapon").json == {
        "detail": "Cannot equip consumable in weapon slot"
    }
    assert worn(mira) == {}


def test_what_another_has_is_not_found(mira: Client) -> None:
    sword = buy(mira, "sword-1")
    other = make_player("Other")
    assert equip(other, sword, "weapon").status == 404
    assert other.post(f"/api/inventory/use-potion/{buy(mira, 'rest-1')}").status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("item_id", "41"), ("item_id", None), ("slot", "tail"), ("slot", 1), ("set_type", "both")],
)
def test_fields_that_are_wrong_are_named(mira: Client, field: str, value: Any) -> None:
    body = {"item_id": 1, "slot": "weapon", "set_type": "attack"} | {field: value}
    answered = mira.post("/api/inventory/equip", body)
    assert answered.status == 422
    assert answered.json["detail"][0]["loc"] == ["body", field]


def test_all_fields_are_required_on_the_clients_path(mira: Client) -> None:
    answered = mira.post("/api/inventory/equip")
    assert answered.status == 422
    assert [one["loc"][1] for one in answered.json["detail"]] == ["item_id", "slot", "set_type"]
    answered = mira.post("/api/inventory/unequip", {})
    assert [one["loc"][1] for one in answered.json["detail"]] == ["slot", "set_type"]


def test_the_seeds_path_needs_no_body(mira: Client) -> None:
    rings = [buy(mira, "ring-1") for _ in range(3)]
    for ring in rings:
        assert mira.post(f"/api/inventory/equip/{ring}").status == 200
    assert worn(mira) == {("attack", "ring"): rings[0], ("attack", "ring2"): rings[2]}
    mira.post(f"/api/inventory/equip/{rings[0]}")
    assert worn(mira) == {("attack", "ring"): rings[0], ("attack", "ring2"): rings[2]}
    mira.post(f"/api/inventory/equip/{rings[2]}", {"set_type": "defense"})
    mira.post("/api/inventory/unequip/ring")
    assert worn(mira) == {("defense", "ring"): rings[2]}
    mira.post("/api/inventory/unequip/ring?set_type=defense")
    assert worn(mira) == {}
    mira.post(f"/api/inventory/equip/{rings[1]}", {"slot": "ring2", "set_type": "defense"})
    mira.post("/api/inventory/unequip/ring2", {"set_type": "defense"})
    assert worn(mira) == {}


@pytest.mark.parametrize(
    "path", ["equip/one", "equip/1.5", "unequip/tail", "use-potion/x", f"use-potion/{2**63}"]
)
def test_paths_that_name_nothing_are_422(mira: Client, path: str) -> None:
    assert mira.post(f"/api/inventory/{path}").status == 422


def test_an_empty_slot_may_be_emptied(mira: Client) -> None:
    body = {"slot": "boots", "set_type": "defense"}
    answered = mira.post("/api/inventory/unequip", body)
    assert answered.status == 200
    assert answered.json["message"] == "Item unequipped successfully"
    assert answered.json["equipment_set"]["boots"] is None
    assert answered.json["stats"] == {"attack": 0, "defense": 0, "hp": 0}


def test_unknown_sets_are_422(mira: Client) -> None:
    assert mira.get("/api/inventory/stats/both").status == 422


def test_starter_items_are_common(store: str) -> None:
    mira = make_player()
    with drawing(0, 2**32 - 1):
        answered = mira.post("/api/inventory/starter-items")
    assert (answered.status, answered.json) == (
        200,
        {"message": "Starter items added to inventory"},
    )
    items = {one["item_type"]: one for one in mira.get("/api/inventory").json["items"]}
    assert items.keys() == {"weapon", "armor", "helmet"}
    assert {(one["rarity"], one["level_requirement"]) for one in items.values()} == {("common", 1)}
    stats = {
        kind: (one["attack_bonus"], one["defense_bonus"], one["hp_bonus"])
        for kind, one in items.items()
    }
    assert stats == {"weapon": (5, 2, 0), "armor": (0, 15, 30), "helmet": (0, 7, 15)}


def test_each_stat_that_is_drawn_is_kept(store: str) -> None:
    mira = make_player()
    with drawing(2**31):
        mira.post("/api/inventory/starter-items")
    rolls = {
        row["kind"]: (row["chance"]["from"], row["chance"]["to"], row["result"])
        for row in db.query("select kind, chance, result from game.rolls")
    }
    assert rolls == {
        "weapon attack": (5, 15, "10"),
        "weapon defense": (0, 2, "1"),
        "armor defense": (5, 15, "10"),
        "armor hp": (10, 30, "20"),
        "helmet defense": (2, 7, "5"),
        "helmet hp": (5, 15, "10"),
    }


def test_starter_items_come_once_and_only_to_empty_bags(store: str) -> None:
    mira, other = make_player(), make_player("Other")
    refused = {"detail": "Player already has items"}
    buy(other, "rest-1")
    assert other.post("/api/inventory/starter-items").json == refused
    assert mira.post("/api/inventory/starter-items").status == 200
    db.query("delete from game.items where player_id = %s", (player_id(mira),))
    answered = mira.post("/api/inventory/starter-items")
    assert (answered.status, answered.json) == (400, refused)


# --- at the same moment ---


@pytest.mark.commits
def test_of_twenty_at_once_one_gets_starter_items(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira = make_player()
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: mira.post("/api/inventory/starter-items"))
    assert sorted(one.status for one in answers) == [200, *[400] * 19]
    assert len(mira.get("/api/inventory").json["items"]) == 3


@pytest.mark.commits
def test_an_item_is_never_in_two_slots(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    ring, other = buy(mira, "ring-1"), buy(mira, "ring-1")
    places = list(itertools.product(("attack", "defense"), ("ring", "ring2")))

    def move(number: int) -> Any:
        set_type, slot = places[number % 4]
        if number % 5 == 4:
            return mira.post("/api/inventory/unequip", {"slot": slot, "set_type": set_type})
        return equip(mira, (ring, other)[number % 2], slot, set_type)

    with own_connections(store, monkeypatch):
        answers = at_once(24, move)
    assert {one.status for one in answers} == {200}
    found = worn(mira)
    assert len(set(found.values())) == len(found)
