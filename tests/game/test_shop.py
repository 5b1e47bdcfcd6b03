"""The shop: game.md 3.4 and 5.8, and the ledger that every purchase leaves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, buy, change, make_player

KINDS = {
    "COMMON": (6, (1, 3), (12, 26), (80, 190)),
    "UNCOMMON": (7, (5, 9), (32, 50), (280, 620)),
    "RARE": (9, (12, 18), (58, 88), (850, 1700)),
    "EPIC": (10, (22, 30), (100, 145), (2200, 4200)),
    "LEGENDARY": (16, (35, 50), (160, 280), (6000, 25000)),
}
EGGS = {
    "dragon": ("LEGENDARY", 5000, 50, 20, "attack"),
    "wyvern": ("EPIC", 3000, 40, 30, "damage"),
    "spider": ("EPIC", 2800, 35, 30, "mixed"),
    "tiger": ("RARE", 2500, 45, 20, "attack"),
    "wolf": ("RARE", 2000, 35, 25, "mixed"),
    "bear": ("RARE", 2000, 25, 40, "hp"),
    "fox": ("UNCOMMON", 1200, 20, 15, "balanced"),
    None: ("LEGENDARY", 10000, 60, 50, None),
}


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


def purchase(client: Client, item_id: Any = "crossbow-1", **more: Any) -> Any:
    return client.post("/api/shop/purchase", {"item_id": item_id} | more)


def money(client: Client) -> tuple[int, int]:
    me = client.get("/api/player/me").json
    return me["gold"], me["gems"]


# --- the catalogue ---


def test_there_are_48_weapons_within_the_contracts_bounds(mira: Client) -> None:
    sold = mira.get("/api/shop/items").json["equipment"]
    weapons = [one for one in sold if one["type"] == "WEAPON"]
    assert {one["icon"] for one in weapons} == {f"Icon{n}.png" for n in range(1, 49)}
    for rarity, (count, levels, attacks, prices) in KINDS.items():
        tier = [one for one in weapons if one["rarity"] == rarity]
        assert len(tier) == count
        for values, bounds in (
            ([one["level"] for one in tier], levels),
            ([one["stats"]["attack"] for one in tier], attacks),
            ([one["price"] for one in tier], prices),
        ):
            assert (min(values), max(values)) == bounds
        assert {(one["stats"]["defense"], one["stats"]["hp"]) for one in tier} == {(0, 0)}
    by_price = sorted(weapons, key=lambda one: one["price"])
    attacks = [one["stats"]["attack"] for one in by_price]
    assert attacks == sorted(set(attacks))


def test_equipment_is_the_contracts(mira: Client) -> None:
    sold = mira.get("/api/shop/items").json["equipment"]
    found = {
        f"{one['type']} {one['rarity']}": (one["level"], one["price"], *one["stats"].values())
        for one in sold
        if one["type"] != "WEAPON"
    }
    assert len(found) == len(sold) - 48 == 25
    assert found["HELMET COMMON"][:2] == (1, 100)
    assert found["ARMOR LEGENDARY"][:2] == (50, 18000)
    stats = {one["id"]: one["stats"] for one in sold}
    assert stats["boots-3"] == {"attack": 5, "defense": 35, "hp": 180}
    assert stats["gloves-4"] == {"attack": 65, "defense": 45, "hp": 300}
    assert stats["ring-5"] == {"attack": 100, "defense": 60, "hp": 600}
    assert stats["amulet-2"] == {"attack": 10, "defense": 10, "hp": 75}
    assert {one["gem_price"] for one in sold} == {None}


def test_eggs_food_and_potions_are_the_contracts(mira: Client) -> None:
    sold = mira.get("/api/shop/items").json
    eggs = {
        one["pet_type"]: (
            one["rarity"],
            one["price"],
            one["pet_stats"]["attack"],
            one["pet_stats"]["defense"],
            one["focus"],
        )
        for one in sold["eggs"]
    }
    assert eggs == EGGS
    food = [(one["rarity"], one["pet_exp"], one["price"]) for one in sold["food"]]
    assert food == [
        ("COMMON", 10, 50),
        ("UNCOMMON", 50, 200),
        ("RARE", 200, 700),
        ("LEGENDARY", 1000, 3000),
    ]
    potions = [
        (one["potion_type"], one["price"], one["gem_price"], one["effect_value"], one["duration"])
        for one in sold["potions"]
    ]
    assert sorted(potions, key=str) == sorted(
        [
            ("STAMINA_RESTORE", 10, None, 50, None),
            ("STAMINA_RESTORE", 20, None, 100, None),
            ("STAMINA_RESTORE", 30, None, 200, None),
            ("STAMINA_RESTORE", 50, 10, 9999, None),
            ("STAMINA_BOOST", 80, 15, 500, 300),
            ("STAMINA_BOOST", 150, 25, 1000, 600),
            ("ATTACK_BOOST", 30, None, 2, 180),
            ("ATTACK_BOOST", 60, 12, 3, 180),
            ("ATTACK_BOOST", 120, 20, 5, 300),
            ("ATTACK_BOOST", 300, 50, 10, 300),
        ],
        key=str,
    )
    everything = [one for group in sold.values() for one in group]
    assert all(re.fullmatch(r"[a-z]+-[a-z0-9]+", one["id"]) for one in everything)
    assert len({one["id"] for one in everything}) == len(everything)
    assert all(one["name"] and one["description"] for one in everything)


def test_the_examples_of_the_contract_are_sold(mira: Client) -> None:
    sold = mira.get("/api/shop/items").json
    assert {
        "id": "crossbow-1",
        "name": "Oak Crossbow",
        "type": "WEAPON",
        "rarity": "COMMON",
        "level": 1,
        "price": 90,
        "gem_price": None,
        "description": "Slow, but it never misses twice.",
        "icon": "Icon17.png",
        "stats": {"attack": 14, "defense": 0, "hp": 0},
    } in sold["equipment"]
    assert {
        "id": "fury-10",
        "name": "Draught of Fury",
        "type": "CONSUMABLE",
        "rarity": "LEGENDARY",
        "level": 1,
        "price": 300,
        "gem_price": 50,
        "description": "Ten times the strength, for five minutes.",
        "icon": "Icon10.png",
        "potion_type": "ATTACK_BOOST",
        "effect_value": 10,
        "duration": 300,
    } in sold["potions"]


# --- buying ---


def test_a_purchase_is_charged_and_kept(mira: Client) -> None:
    answered = purchase(mira, currency="gold")
    assert answered.status == 200
    item = answered.json.pop("item_id")
    assert isinstance(item, str)
    assert answered.json | {"item_id": 0} == {
        "success": True,
        "message": "Purchased Oak Crossbow!",
        "item_id": 0,
        "item_name": "Oak Crossbow",
        "gold_remaining": 910,
        "gems_remaining": 0,
    }
    [owned] = mira.get("/api/inventory").json["items"]
    assert str(owned["id"]) == item
    [bought] = mira.get("/api/shop/history").json
    assert (bought["item_type"], bought["item_name"]) == ("WEAPON", "Oak Crossbow")
    assert (bought["cost_gold"], bought["cost_gems"]) == (90, 0)
    assert bought["purchased_at"].endswith("Z")
    row = db.query("select * from game.ledger order by id desc limit 1")[0]
    assert (row["kind"], row["amount"], row["balance_after"]) == ("gold", -90, 910)
    assert (row["cause"], row["reference"]) == ("purchase", bought["id"])


@pytest.mark.parametrize("how", [{"currency": "gems"}, {"use_gems": True, "currency": "gold"}])
def test_gems_are_charged_if_either_field_says_so(mira: Client, how: dict[str, Any]) -> None:
    change(mira, gems=60)
    answered = purchase(mira, "fury-10", **how).json
    assert (answered["gold_remaining"], answered["gems_remaining"]) == (1000, 10)
    [bought] = mira.get("/api/shop/history").json
    assert (bought["cost_gold"], bought["cost_gems"]) == (0, 50)


def test_potions_and_food_stack_and_equipment_does_not(mira: Client) -> None:
    assert buy(mira, "rest-1") == buy(mira, "rest-1")
    assert buy(mira, "food-1") == buy(mira, "food-1")
    assert buy(mira, "sword-1") != buy(mira, "sword-1")
    items = mira.get("/api/inventory").json["items"]
    assert sorted(one["quantity"] for one in items) == [1, 1, 2, 2]


def test_a_purchase_is_refused_in_this_order(mira: Client) -> None:
    for body, detail in (
        ({"item_id": "nothing", "currency": "gems"}, "Item not found in shop"),
        ({"item_id": "ring-5", "currency": "gems"}, "Requires level 50"),
        ({"item_id": "sword-1", "currency": "gems"}, "Item cannot be bought with gems"),
        ({"item_id": "fury-10", "use_gems": True}, "Insufficient gems (need 50, have 0)"),
        ({"item_id": "egg-fox"}, "Insufficient gold (need 1200, have 1000)"),
    ):
        answered = mira.post("/api/shop/purchase", body)
        assert (answered.status, answered.json) == (400, {"detail": detail})
    assert money(mira) == (1000, 0)
    assert mira.get("/api/shop/history").json == []


def test_what_is_no_longer_sold_stays_with_its_owner(mira: Client) -> None:
    buy(mira, "rest-1")
    db.query("update game.catalogue set is_sold = false where id = 'rest-1'")
    assert purchase(mira, "rest-1").json == {"detail": "Item not found in shop"}
    assert "rest-1" not in mira.get("/api/shop/items").text
    assert len(mira.get("/api/inventory").json["items"]) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("item_id", None), ("item_id", 7), ("currency", "euro"), ("use_gems", 1), ("item_id", "\0")],
)
def test_fields_that_are_wrong_are_named(mira: Client, field: str, value: Any) -> None:
    answered = mira.post("/api/shop/purchase", {"item_id": "sword-1"} | {field: value})
    assert answered.status == 422
    assert answered.json["detail"][0]["loc"] == ["body", field]


@pytest.mark.parametrize(
    ("query", "count"), [("", 3), ("?limit=2", 2), ("?limit=0", 1), ("?limit=1000", 3)]
)
def test_the_history_is_newest_first(mira: Client, query: str, count: int) -> None:
    for item in ("rest-1", "rest-2", "rest-3"):
        buy(mira, item)
    found = mira.get(f"/api/shop/history{query}").json
    assert len(found) == count
    assert [one["id"] for one in found] == sorted((one["id"] for one in found), reverse=True)


# --- the same request again ---


def again(client: Client, key: str, body: dict[str, Any]) -> Any:
    headers = client.headers | {"Idempotency-Key": key}
    return client.post("/api/shop/purchase", body, headers=headers)


def test_the_same_key_gets_the_same_answer_and_no_second_purchase(mira: Client) -> None:
    first = again(mira, "k", {"item_id": "sword-1", "currency": "gold"})
    second = again(mira, "k", {"currency": "gold", "item_id": "sword-1"})
    assert (first.status, first.json) == (second.status, second.json)
    assert money(mira)[0] == 920
    assert again(mira, "two", {"item_id": "sword-1"}).json["gold_remaining"] == 840


def test_the_same_key_with_another_body_is_a_conflict(mira: Client) -> None:
    again(mira, "k", {"item_id": "sword-1"})
    answered = again(mira, "k", {"item_id": "axe-1"})
    assert answered.status == 409
    assert isinstance(answered.json["detail"], str)


def test_a_refusal_is_not_kept(mira: Client) -> None:
    assert again(mira, "k", {"item_id": "egg-fox"}).status == 400
    change(mira, gold=2000)
    assert again(mira, "k", {"item_id": "egg-fox"}).status == 200


def test_a_key_counts_for_a_day_one_user_and_one_path(mira: Client) -> None:
    again(mira, "k", {"item_id": "rest-1"})
    other = make_player("Other")
    assert again(other, "k", {"item_id": "rest-2"}).status == 200
    headers = mira.headers | {"Idempotency-Key": "k"}
    assert mira.post("/api/pets/egg", headers=headers).status == 201
    assert mira.post("/api/pets/egg/", headers=headers).json["gold_remaining"] == 490
    db.query("update game.idempotency set stored_at = stored_at - interval '25 hours'")
    assert again(mira, "k", {"item_id": "rest-2"}).status == 200


@pytest.mark.commits
def test_an_answer_that_was_cut_after_the_commit_is_given_to_the_same_key(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira = make_player()
    complete = db.fetch_once

    def cut(*sent: Any) -> None:
        complete(*sent)
        raise db.DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(db, "fetch_once", cut)
        assert again(mira, "k", {"item_id": "sword-1"}).status == 503
    assert money(mira)[0] == 920
    answered = again(mira, "k", {"item_id": "sword-1"})
    assert (answered.status, answered.json["gold_remaining"]) == (200, 920)
    assert money(mira)[0] == 920


@pytest.mark.parametrize("key", ["x" * 129])
def test_a_key_has_a_limit(mira: Client, key: str) -> None:
    assert again(mira, key, {"item_id": "sword-1"}).status == 422
    assert again(mira, "x" * 128, {"item_id": "sword-1"}).status == 200


# --- at the same moment ---


@pytest.mark.commits
def test_money_for_k_buys_k_times(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda n: purchase(mira, ("crossbow-1", "fury-10")[n % 2]))
    good = [one for one in answers if one.status == 200]
    bad = [one.json["detail"] for one in answers if one.status == 400]
    assert len(good) + len(bad) == 20
    assert all(text.startswith("Insufficient gold (need ") for text in bad)
    history = mira.get("/api/shop/history").json
    assert len(history) == len(good)
    assert sum(one["quantity"] for one in mira.get("/api/inventory").json["items"]) == len(good)
    assert money(mira)[0] == 1000 - sum(one["cost_gold"] for one in history) >= 0
    assert db.fetch_value("select sum(amount) from game.ledger") == money(mira)[0]


@pytest.mark.commits
def test_one_key_sent_twenty_times_at_once_is_charged_once(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira = make_player()
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: again(mira, "click", {"item_id": "fury-10"}))
    assert {one.status for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    assert money(mira)[0] == 700
