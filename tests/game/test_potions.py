"""Potions and boosts: game.md 3.2 and 5.8."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, buy, change, make_player, pass_time

POTIONS = ["rest-1", "rest-2", "rest-3", "rest-4"]


@pytest.fixture
def mira(store: str) -> Client:
    client = make_player()
    change(client, gold=10_000, stamina_max=400, stamina=10)
    return client


def use(client: Client, item_id: int) -> Any:
    return client.post(f"/api/inventory/use-potion/{item_id}")


@pytest.mark.parametrize(
    ("potion", "stamina"), [("rest-1", 60), ("rest-2", 110), ("rest-3", 210), ("rest-4", 400)]
)
def test_a_restoring_potion_gives_stamina(mira: Client, potion: str, stamina: int) -> None:
    answered = use(mira, buy(mira, potion))
    assert answered.status == 200
    assert answered.json == {
        "success": True,
        "message": "You feel rested.",
        "stamina": stamina,
        "stamina_max": 400,
        "buff_applied": None,
        "remaining_quantity": 0,
    }
    assert mira.get("/api/player/me").json["stamina"] == stamina
    assert mira.get("/api/inventory").json["items"] == []


def test_it_is_consumed_at_full_stamina_too(mira: Client) -> None:
    change(mira, stamina=400)
    buy(mira, "rest-1")
    answered = use(mira, buy(mira, "rest-1")).json
    assert (answered["stamina"], answered["remaining_quantity"]) == (400, 1)


@pytest.mark.parametrize(
    ("potion", "factor", "seconds"),
    [("fury-2", 2, 180), ("fury-3", 3, 180), ("fury-5", 5, 300), ("fury-10", 10, 300)],
)
def test_a_boost_of_attack_is_listed_while_it_lasts(
    mira: Client, potion: str, factor: int, seconds: int
) -> None:
    answered = use(mira, buy(mira, potion)).json
    buff = answered["buff_applied"]
    assert (buff["buff_type"], buff["effect_value"], buff["source"]) == (
        "attack_boost",
        factor,
        "potion",
    )
    assert "stamina" not in answered
    assert mira.get("/api/player/me").json["active_buffs"] == [buff]
    pass_time(mira, seconds - 1)
    assert len(mira.get("/api/player/me").json["active_buffs"]) == 1
    pass_time(mira, 1)
    assert mira.get("/api/player/me").json["active_buffs"] == []


def test_one_boost_of_a_kind_at_a_time(mira: Client) -> None:
    use(mira, buy(mira, "fury-2"))
    other = buy(mira, "fury-3")
    answered = use(mira, other)
    assert (answered.status, answered.json) == (
        400,
        {"detail": "You already have an active attack boost!"},
    )
    assert use(mira, buy(mira, "vigour-1")).status == 200
    second = buy(mira, "vigour-2")
    assert use(mira, second).json == {"detail": "You already have an active stamina boost!"}
    assert {one["id"] for one in mira.get("/api/inventory").json["items"]} == {other, second}
    buffs = mira.get("/api/player/me").json["active_buffs"]
    assert [one["buff_type"] for one in buffs] == ["attack_boost", "stamina_boost"]
    pass_time(mira, 181)
    assert use(mira, other).status == 200
    assert buffs[0]["id"] not in {
        one["id"] for one in mira.get("/api/player/me").json["active_buffs"]
    }


def test_food_and_equipment_are_no_potions(mira: Client) -> None:
    food = buy(mira, "food-1")
    answered = use(mira, food)
    assert (answered.status, answered.json) == (
        400,
        {"detail": "Invalid potion - missing potion_type"},
    )
    for item in (buy(mira, "sword-1"), 10**9, -1):
        answered = use(mira, item)
        assert (answered.status, answered.json) == (
            404,
            {"detail": "Potion not found in inventory"},
        )
    assert len(mira.get("/api/inventory").json["items"]) == 2


def test_what_a_potion_does_is_in_its_properties(mira: Client) -> None:
    buy(mira, "fury-10")
    [item] = mira.get("/api/inventory").json["items"]
    assert item["item_type"] == "consumable"
    assert item["properties"] == {
        "potion_type": "attack_boost",
        "effect_value": 10,
        "duration": 300,
        "description": "Ten times the strength, for five minutes.",
        "icon": "Icon10.png",
    }


def test_boosts_that_are_over_are_deleted(mira: Client) -> None:
    use(mira, buy(mira, "vigour-1"))
    use(mira, buy(mira, "fury-2"))
    assert mira.post("/api/inventory/cleanup-expired-buffs").json["deleted_count"] == 0
    pass_time(mira, 301)
    assert mira.post("/api/inventory/cleanup-expired-buffs").json["deleted_count"] == 2
    me = mira.get("/api/player/me").json
    assert (me["stamina"], me["stamina_max"]) == (400, 400)


@pytest.mark.commits
def test_of_a_quantity_no_more_is_used_at_once(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    [potion] = {buy(mira, "rest-1") for _ in range(7)}
    [boost] = {buy(mira, "fury-2") for _ in range(3)}
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: use(mira, potion))
        boosts = at_once(20, lambda _: use(mira, boost))
    assert sorted(one.status for one in answers) == [200] * 7 + [404] * 13
    assert sorted(one.status for one in boosts) == [200, *[400] * 19]
    assert [one["quantity"] for one in mira.get("/api/inventory").json["items"]] == [2]
