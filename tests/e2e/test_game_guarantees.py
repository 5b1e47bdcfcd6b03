"""The guarantees of the web game (game.md 6): the same request, many times at the same moment.

Each row of the contract's table over HTTP, against the deployed stack.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support.battles import enemies, events, fighters, make_battle, make_raid, win
from tests.support.client import Answered
from tests.support.game import at_once, buy, change
from tests.support.online import Online
from tests.support.stack import Wire

NewPlayer = Callable[[str], Online]
RACE = 40  # requests at the same moment


def split(answers: list[Answered], *refusals: str) -> list[Any]:
    """The bodies of successes; every other answer is one of these refusals."""
    bad = [one for one in answers if one.status not in (200, 201)]
    assert {one.status for one in bad} <= {400}
    details = {one.json["detail"] for one in bad}
    assert all(text.startswith(refusals) for text in details), details
    return [one.json for one in answers if one.status in (200, 201)]


def me(player: Online) -> Any:
    return player.get("/api/player/me").json


def told(battle: int) -> Counter[str]:
    """How often what happened in a battle's room, by type."""
    return Counter(kind for kind, _ in events(battle))


def test_loot_is_claimed_once(new_player: NewPlayer) -> None:
    mira = new_player("Claim")
    battle = make_battle()
    win(mira, battle)
    before = me(mira)
    path = f"/api/battles/{battle}/claim-loot"
    [claimed] = split(at_once(RACE, lambda _: mira.post(path)), "Already claimed loot")
    after = me(mira)
    assert after["gold"] == before["gold"] + claimed["gold"]
    assert after["total_exp"] == before["total_exp"] + claimed["xp"]
    assert len(mira.get("/api/inventory").json["items"]) == len(claimed["items"])
    assert told(battle)["loot_claimed"] == 1


def test_an_egg_hatches_once(new_player: NewPlayer) -> None:
    mira = new_player("Hatch")
    egg = mira.post("/api/pets/egg").json["egg"]["id"]
    path = "/api/pets/hatch"
    answers = at_once(RACE, lambda n: mira.post(path, {"pet_id": egg, "name": f"Rex {n}"}))
    [hatched] = split(answers, "Pet is already hatched")
    assert mira.get("/api/pets").json["pets"] == [hatched["pet"]]


@pytest.mark.parametrize(
    ("item", "currency", "price", "stacks"),
    [
        ("food-1", "gold", 50, True),
        ("crossbow-1", "gold", 90, False),
        ("fury-10", "gems", 50, True),
        ("egg-fox", "gold", 1200, False),
    ],
)
def test_money_for_k_buys_k(
    new_player: NewPlayer, item: str, currency: str, price: int, stacks: bool
) -> None:
    mira, k = new_player("Buy"), 7
    change(mira, **{currency: k * price + price - 1})
    body = {"item_id": item, "currency": currency}
    answers = at_once(RACE, lambda _: mira.post("/api/shop/purchase", body))
    bought = split(answers, f"Insufficient {currency} (need {price}, have {price - 1})")
    assert len(bought) == k
    assert sorted(one[f"{currency}_remaining"] for one in bought) == [
        price - 1 + n * price for n in range(k)
    ]
    assert me(mira)[currency] == price - 1
    assert len(mira.get("/api/shop/history").json) == k
    items = mira.get("/api/inventory").json["items"]
    pets = mira.get("/api/pets").json["pets"]
    assert sum(one["quantity"] for one in items) + len(pets) == k
    assert len(items) + len(pets) == (1 if stacks else k)
    assert len({one["item_id"] for one in bought}) == (1 if stacks else k)


def test_one_key_buys_once_and_two_keys_twice(new_player: NewPlayer) -> None:
    mira = new_player("Key")
    body = {"item_id": "sword-1", "currency": "gold"}
    for number, key in enumerate(("one", "two"), 1):
        caller = mira.with_key(key)
        answers = at_once(RACE, lambda _, c=caller: c.post("/api/shop/purchase", body))
        assert {one.status for one in answers} == {200}
        assert len({one.text for one in answers}) == 1
        assert me(mira)["gold"] == 1000 - 80 * number
    assert len(mira.get("/api/shop/history").json) == 2


def test_a_double_click_without_a_key_is_two_purchases(new_player: NewPlayer) -> None:
    mira = new_player("Click")
    body = {"item_id": "rest-1", "currency": "gold"}
    assert len(split(at_once(2, lambda _: mira.post("/api/shop/purchase", body)))) == 2
    assert me(mira)["gold"] == 980
    answers = at_once(2, lambda n: mira.with_key(f"{n}").post("/api/shop/purchase", body))
    assert len(split(answers)) == 2
    assert me(mira)["gold"] == 960


def test_eggs_points_potions_and_food_go_as_far_as_they_go(new_player: NewPlayer) -> None:
    mira, k = new_player("Spend"), 3
    change(mira, gold=500 * k + 499, unspent_stat_points=k)
    answers = at_once(RACE, lambda _: mira.post("/api/pets/egg"))
    eggs = split(answers, "Insufficient gold (need 500, have 499)")
    assert len(eggs) == k == len(mira.get("/api/pets").json["pets"])
    answers = at_once(RACE, lambda _: mira.post("/api/player/allocate-stats", {"attack": 1}))
    assert len(split(answers, "Not enough stat points. Available: 0, Requested: 1")) == k
    assert (me(mira)["base_attack"], me(mira)["unspent_stat_points"]) == (10 + k, 0)

    change(mira, gold=10_000, stamina_max=10_000, stamina=0)
    rest, *_ = [buy(mira, "rest-2") for _ in range(k)]
    answers = at_once(RACE, lambda _: mira.post(f"/api/inventory/use-potion/{rest}"))
    gone = [one for one in answers if one.status == 404]
    drunk = [one.json["remaining_quantity"] for one in answers if one.status == 200]
    assert sorted(drunk) == list(range(k))
    assert len(gone) == RACE - k
    assert {one.json["detail"] for one in gone} == {"Potion not found in inventory"}

    pet = eggs[0]["egg"]["id"]
    mira.post("/api/pets/hatch", {"pet_id": pet, "name": "Rex"})
    food, *_ = [buy(mira, "food-1") for _ in range(k)]
    meal = {"pet_id": pet, "xp_amount": 10}
    answers = at_once(RACE, lambda _: mira.post("/api/pets/feed", meal))
    fed = split(answers, "No pet food adding up to 10 XP (you have 0 XP)")
    assert sorted(one["exp"] for one in fed) == [10, 20, 30]
    kept = mira.get("/api/inventory").json["items"]
    assert not {rest, food} & {one["id"] for one in kept}


def test_of_boost_potions_one_is_drunk(new_player: NewPlayer) -> None:
    mira = new_player("Boost")
    potion, *_ = [buy(mira, "fury-2") for _ in range(5)]
    answers = at_once(RACE, lambda _: mira.post(f"/api/inventory/use-potion/{potion}"))
    [used] = split(answers, "You already have an active attack boost!")
    assert used["remaining_quantity"] == 4
    assert [one["quantity"] for one in mira.get("/api/inventory").json["items"]] == [4]
    assert len(me(mira)["active_buffs"]) == 1


def test_starter_items_come_once(new_player: NewPlayer) -> None:
    mira = new_player("Start")
    answers = at_once(RACE, lambda _: mira.post("/api/inventory/starter-items"))
    assert len(split(answers, "Player already has items")) == 1
    assert len(mira.get("/api/inventory").json["items"]) == 3


def test_a_name_is_registered_once(http: Wire, new_player: NewPlayer) -> None:
    name = f"Twin {time.time_ns() % 10**9}"
    body = {"email": f"{name.replace(' ', '')}@example.org", "username": name}
    answers = at_once(
        20, lambda _: Online(http).post("/api/auth/register", body | {"password": "copper-kettle"})
    )
    [registered] = split(answers, "Email already registered")
    twin = Online(http, {"Authorization": f"Bearer {registered['access_token']}"})
    assert (me(twin)["username"], me(twin)["gold"]) == (name, 1000)


def test_a_player_joins_once(new_player: NewPlayer) -> None:
    mira = new_player("Join")
    change(mira, level=10, xp=1675)
    raid = make_raid()
    started = time.monotonic()
    joined = split(at_once(RACE, lambda _: mira.post(f"/api/battles/join/{raid}")))
    assert len(joined) == RACE
    assert len({one["participant_id"] for one in joined}) == 1
    assert Counter(one["message"] for one in joined)["Joined battle successfully"] == 1
    check_spent(mira, 20, started)
    assert told(raid) == {"player_joined_battle": 1}


def check_spent(player: Online, spent: int, started: float) -> None:
    """Whether of 100 points so many are gone, but for what has regenerated meanwhile."""
    left = me(player)["stamina"]
    ticks = int((time.monotonic() - started) / 10) + 1
    assert left in range(100 - spent, min(100 - spent + 10 * ticks, 100) + 1, 10)


def test_of_thirty_players_ten_get_a_seat(new_player: NewPlayer) -> None:
    battle = make_battle()
    players = [new_player("Seat") for _ in range(30)]
    answers = at_once(30, lambda n: players[n].post(f"/api/battles/join/{battle}"))
    joined = split(answers, "Battle is full")
    assert len({one["participant_id"] for one in joined}) == len(joined) == 10
    shown = players[0].get(f"/api/battles/{battle}").json
    assert shown["current_players"] == len(shown["participants"]) == 10
    assert told(battle) == {"player_joined_battle": 10}


def test_nothing_is_ever_in_two_slots(new_player: NewPlayer) -> None:
    mira = new_player("Wear")
    change(mira, gold=10_000)
    rings = [buy(mira, "ring-1") for _ in range(2)]
    pets = [buy(mira, "egg-fox") for _ in range(2)]
    for pet in pets:
        mira.post("/api/pets/hatch", {"pet_id": pet, "name": "Rex"})
    sets = ("attack", "defense")

    def change_place(number: int) -> Answered:
        chosen = {"set_type": sets[number // 2 % 2]}
        slot = {"slot": ("ring", "ring2")[number // 4 % 2]}
        place = {"slot": 1 + number // 4 % 3}
        return (
            lambda: mira.post(
                "/api/inventory/equip", {"item_id": rings[number % 2], **slot, **chosen}
            ),
            lambda: mira.post("/api/pets/equip", {"pet_id": pets[number % 2], **place, **chosen}),
            lambda: mira.post("/api/inventory/unequip", {**slot, **chosen}),
            lambda: mira.post("/api/pets/unequip", {**place, **chosen}),
        )[number // 8 % 4]()

    assert {one.status for one in at_once(64, change_place)} == {200}
    bag, kennel = mira.get("/api/inventory").json, mira.get("/api/pets").json
    for owner, slots in ((bag, ("ring", "ring2")), (kennel, ("pet_1", "pet_2", "pet_3"))):
        worn = [owner[f"{one}_set"][slot] for one in sets for slot in slots]
        ids = [one["id"] for one in worn if one]
        assert len(ids) == len(set(ids))
    assert {one["id"] for one in bag["items"]} == set(rings)

    final = {"item_id": rings[0], "slot": "ring", "set_type": "attack"}
    answers = at_once(RACE, lambda _: mira.post("/api/inventory/equip", final))
    assert {one.json["equipment_set"]["ring"]["id"] for one in answers} == {rings[0]}


def test_stamina_for_k_strikes_k_times(new_player: NewPlayer) -> None:
    mira = new_player("Strike")
    [dragon] = fighters(mira, make_raid(), level=10, xp=1675)
    [battle] = [one["battle_id"] for one in mira.get("/api/battles/history/me").json]
    change(mira, stamina=100)
    started = time.monotonic()
    blow = {"enemy_id": dragon, "attack_type": "normal"}
    answers = at_once(100, lambda _: mira.post(f"/api/battles/{battle}/attack", blow))
    hits = split(answers, "Not enough stamina! Need 10, have ")
    assert 10 <= len(hits) <= 11 + (time.monotonic() - started) / 10
    check_spent(mira, min(10 * len(hits), 100), started)
    [seat] = mira.get(f"/api/battles/{battle}").json["participants"]
    assert seat["total_damage_dealt"] == sum(one["damage"] for one in hits)
    assert told(battle)["attack"] == len(hits)


def test_thirty_strike_at_once_and_each_enemy_falls_once(new_player: NewPlayer) -> None:
    battle = make_battle()
    db.query("update game.battles set max_players = 30 where id = %s", (battle,))
    players = [new_player("Horde") for _ in range(30)]
    for one in players:
        fighters(one, battle)
    ids = enemies(players[0], battle)
    db.query("update game.battle_enemies set hp_current = hp_max where battle_id = %s", (battle,))

    def strike(number: int) -> Answered:
        blow = {"enemy_id": ids[number % 3], "attack_type": "ultimate"}
        return players[number % 30].post(f"/api/battles/{battle}/attack", blow)

    hits: list[Any] = []
    for _ in range(20):
        refusals = ("Enemy already defeated", "Battle not in progress", "Not enough stamina!")
        hits += split(at_once(60, strike), *refusals)
        shown = players[0].get(f"/api/battles/{battle}").json
        if shown["status"] == "completed":
            break
        for one in players:
            change(one, stamina=100)
    assert shown["status"] == "completed"
    fallen = [one["enemy_id"] for one in hits if one["enemy_defeated"]]
    assert sorted(fallen) == sorted(ids)
    assert sum(one["battle_completed"] for one in hits) == 1
    assert {one["hp_current"] for one in shown["enemies"]} == {0}
    dealt = {one["player_id"]: one["total_damage_dealt"] for one in shown["participants"]}
    assert sum(dealt.values()) == sum(one["damage"] for one in hits)
    happened = told(battle)
    assert (happened["enemy_defeated"], happened["battle_completed"]) == (3, 1)
    assert happened["attack"] == len(hits)
    assert [kind for kind, _ in events(battle)][-1] == "battle_completed"


def test_parallel_readers_keep_one_pool(new_player: NewPlayer) -> None:
    mira = new_player("Pool")
    db.query("update game.battles set status = 'in_progress' where status = 'waiting'")
    paths = ("/api/battles/available", "/api/battles/boss-raids/available")
    answers = at_once(RACE, lambda n: mira.get(paths[n % 2]))
    assert {one.status for one in answers} == {200}
    waiting = Counter(
        row["pool_place"]
        for row in db.query("select pool_place from game.battles where status = 'waiting'")
    )
    assert waiting == {"easy": 1, "medium": 1, "hard": 1, "raid": 1}
