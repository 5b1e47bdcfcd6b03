"""The web game over the deployed stack: the contract's worked session, and the rows of its tables.

Each row with both paths of the operation, with and without a slash at the end; refusals in the
order of the contract, each where all later ones hold as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support import game_session
from tests.support.battles import enemies, make_battle, make_raid
from tests.support.game import buy, change, player_id
from tests.support.game_session import Style
from tests.support.online import Online
from tests.support.stack import Wire

NewPlayer = Callable[[str], Online]
STYLES = [Style(ticks=4), Style(is_seed=True, slash="/", ticks=4)]
HUGE = 999_999_999


def refused(answered: Any, detail: str, status: int = 400) -> None:
    assert (answered.status, answered.json) == (status, {"detail": detail})


def set_battle(id_: int, **columns: Any) -> None:
    for name, value in columns.items():
        db.query(
            f"update game.battles set {name} = %s where id = %s",  # type: ignore[arg-type]
            (value, id_),
        )


def set_status(id_: int, status: str) -> None:
    db.query(
        """
        update game.battles
        set status = %(status)s,
          ended_at = case when %(status)s in ('completed', 'abandoned') then now() end
        where id = %(id)s
        """,
        {"status": status, "id": id_},
    )


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_the_worked_session(http: Wire, new_player: NewPlayer, style: Style) -> None:
    name = f"Mira {style.slash}{style.is_seed}"
    email = f"mira{style.is_seed}@example.org"
    guest = Online(http)
    mira = Online(http, game_session.register(guest, style.slash, email=email, username=name))
    game_session.arm(mira, *game_session.go_shopping(mira, name, style), style)
    battle = make_battle()
    ids = game_session.enter(mira, battle, name, style)
    damage = game_session.fight(mira, battle, ids, name, style)
    items = game_session.loot(mira, battle, style)
    game_session.look_back(mira, battle, damage, items, style)


# --- 3.1 player ---


@pytest.mark.parametrize("slash", ["", "/"])
def test_player(new_player: NewPlayer, slash: str) -> None:
    mira = new_player("Player")
    change(mira, unspent_stat_points=3, stamina=0, stamina_max=104)
    refused(
        mira.post(f"/api/player/allocate-stats{slash}", {"attack": 3, "defense": 1}),
        "Not enough stat points. Available: 3, Requested: 4",
    )
    given = mira.post(f"/api/player/allocate-stats{slash}", {"attack": 1, "max_stamina": 2}).json
    assert given["message"] == "Stats allocated successfully"
    me = mira.get(f"/api/player/me{slash}?_=1").json
    assert given["player"] == me
    assert (me["base_attack"], me["stamina"], me["stamina_max"]) == (11, 106, 106)
    assert mira.post(f"/api/player/allocate-stats{slash}").json["player"] == me
    shown = mira.post(f"/api/player/regenerate-stamina{slash}").json
    assert shown == {"stamina": 106, "stamina_max": 106}
    assert mira.get(f"/api/player/progression{slash}").json["current_level"] == 1
    assert len(mira.get(f"/api/player/progression/table{slash}?max_level=900").json) == 100
    assert mira.post(f"/api/player/me{slash}").status == 405


# --- 3.2 inventory ---


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_inventory(new_player: NewPlayer, style: Style) -> None:
    mira, slash = new_player("Wearer"), style.slash
    assert mira.post(f"/api/inventory/starter-items{slash}").json == {
        "message": "Starter items added to inventory"
    }
    refused(mira.post(f"/api/inventory/starter-items{slash}"), "Player already has items")
    change(mira, gold=5000)
    food, boost = buy(mira, "food-1"), buy(mira, "fury-2")
    buy(mira, "fury-2")
    owned = mira.get(f"/api/inventory{slash}").json["items"]
    sword, cap = (next(i["id"] for i in owned if i["item_type"] == t) for t in ("weapon", "helmet"))

    def equip(item: int, slot: str) -> Any:
        if style.is_seed:
            url = style.url("/api/inventory/equip", item)
            return mira.post(url, {"slot": slot, "set_type": "attack"})
        body = {"item_id": item, "slot": slot, "set_type": "attack"}
        return mira.post(f"/api/inventory/equip{slash}", body)

    refused(equip(HUGE, "boots"), "Item not found in inventory", 404)
    db.query("update game.items set level_requirement = 2 where id = %s", (sword,))
    refused(equip(sword, "helmet"), "Player level 1 too low. Required: 2")
    db.query("update game.items set level_requirement = 1 where id = %s", (sword,))
    refused(equip(sword, "helmet"), "Cannot equip weapon in helmet slot")
    refused(equip(food, "weapon"), "Cannot equip consumable in weapon slot")
    assert equip(sword, "weapon").json["equipment_set"]["weapon"]["id"] == sword
    assert equip(cap, "helmet").status == 200
    sums = mira.get(f"/api/inventory/stats/attack{slash}").json
    assert sums["attack"] > 0
    for _ in range(2):  # an empty slot is no error
        if style.is_seed:
            gone = mira.post(style.url("/api/inventory/unequip", "weapon"))
        else:
            body = {"slot": "weapon", "set_type": "attack"}
            gone = mira.post(f"/api/inventory/unequip{slash}", body)
        assert gone.json["message"] == "Item unequipped successfully"
    use = "/api/inventory/use-potion"
    refused(mira.post(f"{use}/{HUGE}{slash}"), "Potion not found in inventory", 404)
    refused(mira.post(f"{use}/{sword}{slash}"), "Potion not found in inventory", 404)
    refused(mira.post(f"{use}/{food}{slash}"), "Invalid potion - missing potion_type")
    assert mira.post(f"{use}/{boost}{slash}").json["remaining_quantity"] == 1
    refused(mira.post(f"{use}/{boost}{slash}"), "You already have an active attack boost!")
    cleaned = mira.post(f"/api/inventory/cleanup-expired-buffs{slash}").json
    assert cleaned["deleted_count"] == 0


# --- 3.3 pets ---


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_pets(new_player: NewPlayer, style: Style) -> None:
    mira, slash = new_player("Keeper"), style.slash

    def do(verb: str, pet: int, **fields: Any) -> Any:
        if style.is_seed:
            return mira.post(style.url(f"/api/pets/{verb}", pet), fields)
        return mira.post(f"/api/pets/{verb}{slash}", {"pet_id": pet, **fields})

    place = {"slot": 1, "set_type": "attack"}
    bought = mira.post(f"/api/pets/egg{slash}")
    assert (bought.status, bought.json["gold_remaining"]) == (201, 500)
    egg = bought.json["egg"]
    assert (egg["species"], egg["focus"], egg["name"]) == (None, None, "Mystery Egg")
    change(mira, gold=499)
    refused(mira.post(f"/api/pets/egg{slash}"), "Insufficient gold (need 500, have 499)")
    id_ = egg["id"]
    refused(do("hatch", HUGE, name="Rex"), "Pet not found", 404)
    refused(do("hatch", id_, name="  "), "Pet name is required")
    refused(do("feed", HUGE, xp_amount=10), "Pet not found", 404)
    refused(do("feed", id_, xp_amount=10), "Cannot feed an unhatched egg")
    refused(do("equip", HUGE, **place), "Pet not found", 404)
    refused(do("equip", id_, **place), "Cannot equip an unhatched egg")
    assert do("hatch", id_, name=" Rex ").json["pet"]["name"] == "Rex"
    refused(do("hatch", id_, name="  "), "Pet is already hatched")
    refused(do("feed", id_, xp_amount=7), "No pet food adding up to 7 XP (you have 0 XP)")
    refused(do("feed", id_, food_item_id=HUGE), "No pet food")
    food = buy(mira, "food-1")
    assert do("feed", id_, food_item_id=food).json["exp"] == 10
    assert do("equip", id_, **place).json["pet_set"]["pet_1"]["id"] == id_
    assert mira.get(f"/api/pets/stats/attack{slash}").json.keys() == {"attack", "defense", "hp"}
    assert mira.post(f"/api/pets/unequip{slash}", place).json["pet_set"]["pet_1"] is None
    assert [one["id"] for one in mira.get(f"/api/pets{slash}").json["pets"]] == [id_]


# --- 3.4 shop ---


@pytest.mark.parametrize("slash", ["", "/"])
def test_shop(new_player: NewPlayer, slash: str) -> None:
    mira = new_player("Buyer")
    change(mira, gold=20)

    def purchase(item: str, **how: Any) -> Any:
        return mira.post(f"/api/shop/purchase{slash}", {"item_id": item, **how})

    catalogue = mira.get(f"/api/shop/items{slash}").json
    high = max(catalogue["equipment"], key=lambda one: one["level"])
    refused(purchase("no-such-thing", currency="gems"), "Item not found in shop")
    refused(purchase(high["id"], currency="gems"), f"Requires level {high['level']}")
    refused(purchase("crossbow-1", currency="gems"), "Item cannot be bought with gems")
    refused(purchase("fury-10", use_gems=True), "Insufficient gems (need 50, have 0)")
    refused(purchase("fury-10"), "Insufficient gold (need 300, have 20)")
    assert purchase("rest-1").json["gold_remaining"] == 10
    [entry] = mira.get(f"/api/shop/history{slash}?limit=1000").json
    assert (entry["cost_gold"], entry["cost_gems"]) == (10, 0)


# --- 3.5, 3.6 battles ---


def test_battle_lists(new_player: NewPlayer) -> None:
    mira = new_player("Reader")
    for slash in ("", "/"):
        found = mira.get(f"/api/battles/available{slash}").json
        assert {one["battle_type"] for one in found} == {"standard"}
        assert [one["id"] for one in found] == sorted((one["id"] for one in found), reverse=True)
        raids = mira.get(f"/api/battles/boss-raids/available{slash}").json
        assert {one["battle_type"] for one in raids} == {"boss_raid"}
        shown = mira.get(f"/api/battles/{raids[0]['id']}{slash}").json
        assert (shown["boss_current_phase"], shown["boss_phase_count"]) == (1, 4)
        refused(mira.get(f"/api/battles/{HUGE}{slash}"), "Battle not found", 404)
        refused(mira.get(f"/api/battles/{HUGE}/logs{slash}"), "Battle not found", 404)
        assert mira.get(f"/api/battles/history/me{slash}?limit=0").json == []
        assert mira.get(f"/api/battles/x{slash}").status == 422
        refused(mira.post(f"/api/battles/create{slash}"), "Not Found", 404)


@pytest.mark.parametrize("slash", ["", "/"])
def test_joining_is_refused_in_this_order(new_player: NewPlayer, slash: str) -> None:
    mira, member = new_player("Joiner"), new_player("Member")
    battle = make_raid()
    change(member, level=10, xp=1675)
    change(mira, stamina=10)
    assert member.post(f"/api/battles/join/{battle}{slash}").json["message"] == (
        "Joined battle successfully"
    )
    set_battle(battle, max_players=1)

    def join(id_: int = battle) -> Any:
        return mira.post(f"/api/battles/join/{id_}{slash}")

    refused(join(HUGE), "Battle not found", 404)
    set_status(battle, "completed")
    refused(join(), "Battle is already completed")
    set_status(battle, "abandoned")
    refused(join(), "Battle has been abandoned")
    set_status(battle, "in_progress")
    refused(join(), "Requires level 10")
    change(mira, level=10, xp=1675, stamina_max=10, stamina=10)
    refused(join(), "Not enough stamina (need 20, have 10)")
    change(mira, stamina_max=100, stamina=100)
    refused(join(), "Battle is full")
    change(member, level=1, xp=0, stamina=0)
    again = member.post(f"/api/battles/join/{battle}{slash}")
    assert again.json["message"] == "Rejoined battle successfully"


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_attacks_are_refused_in_this_order(new_player: NewPlayer, style: Style) -> None:
    mira, member = new_player("Striker"), new_player("Member")
    battle = make_battle()
    change(mira, stamina_max=4, stamina=4)

    def strike(enemy: int, id_: int = battle) -> Any:
        return mira.post(style.url("/api/battles/attack", id_), {"enemy_id": enemy})

    first, second, _ = enemies(mira, battle)
    refused(strike(first, HUGE), "Battle not found", 404)
    refused(strike(HUGE), "Enemy not found")
    db.query("update game.battle_enemies set hp_current = 0 where id = %s", (first,))
    refused(strike(first), "Enemy already defeated")
    refused(strike(second), "Battle not in progress")
    assert member.post(f"/api/battles/join/{battle}").status == 200
    refused(strike(second), "Not in this battle")
    assert mira.post(f"/api/battles/join/{battle}").status == 200
    db.query("update game.participants set is_dead = true where player_id = %s", (player_id(mira),))
    assert "dead" in strike(second).json["detail"]
    db.query("update game.participants set is_dead = false")
    refused(strike(second), "Not enough stamina! Need 10, have 4")
    change(mira, stamina_max=100, stamina=100)
    assert strike(second).json["stamina_remaining"] == 90
    set_status(battle, "completed")
    refused(strike(second), "Battle not in progress")


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_claims_are_refused_in_this_order(new_player: NewPlayer, style: Style) -> None:
    mira, member = new_player("Claimer"), new_player("Member")
    battle = make_battle()
    member.post(f"/api/battles/join/{battle}")

    def claim(who: Online, id_: int = battle) -> Any:
        return who.post(style.url("/api/battles/claim-loot", id_))

    refused(claim(mira, HUGE), "Battle not found", 404)
    refused(claim(mira), "Battle not completed")
    set_status(battle, "completed")
    refused(claim(mira), "Not in this battle")
    assert claim(member).json["contribution_percent"] == 100
    refused(claim(member), "Already claimed loot")


@pytest.mark.parametrize("prefix", ["/api/battles", "/battles"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_nobody_is_dead(new_player: NewPlayer, prefix: str, slash: str) -> None:
    mira = new_player("Ghost")
    change(mira, level=10, xp=1675)

    def resurrect(id_: int) -> Any:
        return mira.post(f"{prefix}/{id_}/resurrect{slash}?use_potion=true")

    refused(resurrect(HUGE), "Battle not found", 404)
    refused(resurrect(make_battle()), "Resurrection is only available in boss raids")
    raid = make_raid()
    refused(resurrect(raid), "Not in this battle", 404)
    assert mira.post(f"/api/battles/join/{raid}").status == 200
    refused(resurrect(raid), "Player is not dead")


# --- 3.7 highscores and tavern ---


@pytest.mark.parametrize("slash", ["", "/"])
def test_highscores_and_tavern(http: Wire, new_player: NewPlayer, slash: str) -> None:
    mira = new_player("Champion")
    change(mira, level=100, xp=2**53 - 1, gold=2**53 - 1)
    for caller in (mira, Online(http)):
        found = caller.get(f"/api/highscores{slash}").json
        best = found["by_level"][0]
        assert (best["level"], best["exp"], best["gold"]) == (100, 2**53 - 1, 2**53 - 1)
        assert "@" not in str(found)
    said = mira.get(f"/api/chat/history{slash}?limit=1")
    assert said.status == 200
    assert len(said.json) <= 1  # others may have been in the tavern before
    assert mira.get(f"/api/chat/history{slash}?limit=501").status == 422
    refused(Online(http).get(f"/api/chat/history{slash}"), "Authentication required", 401)
    change(mira, level=1, xp=0, gold=0)
