"""Moments of the web game: the greatest numbers, a clock that goes back, an answer that is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.game.maintenance import maintenance
from functions.game.progression import TOTALS
from functions.shared import db
from tests.support.battles import (
    MOST,
    claim,
    enemies,
    events,
    fighters,
    join,
    make_battle,
    make_raid,
    strike,
    win,
)
from tests.support.client import Answered, Client
from tests.support.game import buy, change, drawing, make_player, pass_time

LARGEST = 2**53 - 1
HOUR = 3600
TICK = 1000  # seconds: none passes while a test runs


@pytest.fixture
def mira(store: str, setting: Callable[..., None]) -> Client:
    setting(STAMINA_REGEN_INTERVAL=str(TICK))
    return make_player()


def me(client: Client) -> Any:
    return client.get("/api/player/me").json


def won(client: Client, **columns: int) -> int:
    """A battle that a player has won and not claimed, with columns of the battle."""
    battle = make_battle()
    win(client, battle)
    for name, value in columns.items():
        db.query(
            f"update game.battles set {name} = %s where id = %s",  # type: ignore[arg-type]
            (value, battle),
        )
    return battle


# --- the greatest numbers ---


@pytest.mark.parametrize("room", [0, 1, 119, 120, 121])
def test_a_claim_gives_gold_up_to_what_javascript_holds(mira: Client, room: int) -> None:
    """An easy battle of one player pays 120."""
    battle = won(mira)
    change(mira, gold=LARGEST - room)
    with drawing(MOST):
        assert claim(mira, battle).json["gold"] == 120
    assert me(mira)["gold"] == LARGEST - room + min(room, 120)
    given = db.query("select amount from game.ledger where cause = 'claim'")
    assert [row["amount"] for row in given] == ([min(room, 120)] if room else [])
    assert maintenance.check(db.connection()) == {}


def test_the_richest_spend_eat_and_strike(mira: Client) -> None:
    change(mira, gold=LARGEST, gems=LARGEST, level=100, xp=LARGEST, unspent_stat_points=2**31 - 1)
    assert mira.post("/api/pets/egg").json["gold_remaining"] == LARGEST - 500
    pet, food = buy(mira, "egg-fox"), buy(mira, "food-1")
    potion = buy(mira, "fury-10", "gems")
    assert me(mira)["gems"] == LARGEST - 50
    assert mira.post("/api/pets/hatch", {"pet_id": pet, "name": "Rex"}).status == 200
    assert mira.post("/api/pets/feed", {"pet_id": pet, "food_item_id": food}).json["exp"] == 10
    body = {"attack": 2**30, "max_stamina": 2**30 - 100}
    assert mira.post("/api/player/allocate-stats", body).json["player"]["stamina"] == 2**30
    assert mira.post(f"/api/inventory/use-potion/{potion}").status == 200
    battle = make_raid()
    [dragon] = fighters(mira, battle)
    blow = strike(mira, battle, dragon, "ultimate").json
    assert blow["damage"] > 10 * 2**30
    assert (blow["battle_completed"], blow["stamina_remaining"]) == (True, 2**30 - 70)
    gained = claim(mira, battle).json["level_up_info"]
    assert (gained["total_xp"], gained["levels_gained"]) == (LARGEST, 0)
    assert me(mira)["exp_max"] == 102114213
    assert maintenance.check(db.connection()) == {}


def test_a_stack_ends_at_what_its_column_holds(mira: Client) -> None:
    """Regression: one more was a 500. Nothing is charged for what cannot be given."""
    food = buy(mira, "food-1")
    change_quantity = "update game.items set quantity = %s where id = %s"
    db.query(change_quantity, (2**31 - 2, food))
    assert buy(mira, "food-1") == food
    answered = mira.post("/api/shop/purchase", {"item_id": "food-1"})
    assert (answered.status, answered.json) == (400, {"detail": "You cannot carry more of this"})
    assert me(mira)["gold"] == 900
    [item] = mira.get("/api/inventory").json["items"]
    assert item["quantity"] == 2**31 - 1


# --- levels ---


@pytest.mark.parametrize(
    ("xp", "level", "points"),
    [(0, 4, 9), (TOTALS[8] - 1, 10, 11), (TOTALS[98], 100, 8), (TOTALS[99], 100, 0)],
)
def test_several_levels_at_once(mira: Client, xp: int, level: int, points: int) -> None:
    """A claim pays for every level that it reaches, and fills stamina once for all of them."""
    before = max(number for number in range(1, 101) if TOTALS[number - 1] <= xp)
    battle = won(mira, exp_reward=5 * max(1, -(-(TOTALS[level - 1] - xp) // 6)))
    change(mira, xp=xp, level=before, stamina=7, unspent_stat_points=1)
    with drawing(MOST):
        found = claim(mira, battle).json["level_up_info"]
    assert (found["old_level"], found["new_level"]) == (before, level)
    assert (found["levels_gained"], found["stat_points_earned"]) == (level - before, points)
    after = me(mira)
    assert (after["level"], after["unspent_stat_points"]) == (level, points + 1)
    assert after["exp"] == after["total_exp"] - TOTALS[level - 1] >= 0
    assert after["stamina"] == (100 if level > before else 7)


# --- the clock an hour back ---


def test_stamina_when_the_clock_goes_back(mira: Client) -> None:
    """Nothing is lost, nothing is won, and ticks go on from the new time."""
    change(mira, stamina=40, stamina_rest=300)
    pass_time(mira, -HOUR)
    assert me(mira)["stamina"] == 40
    battle = make_battle()
    goblin, *_ = fighters(mira, battle)
    assert strike(mira, battle, goblin).json["stamina_remaining"] == 30
    assert mira.post("/api/player/regenerate-stamina").json["stamina"] == 30
    pass_time(mira, TICK)
    assert me(mira)["stamina"] == 40


@pytest.mark.parametrize(("potion", "kind"), [("fury-2", "attack"), ("vigour-1", "stamina")])
def test_boosts_when_the_clock_goes_back(mira: Client, potion: str, kind: str) -> None:
    """A boost lasts to the end that it was given, is one, and then is over for good."""
    change(mira, gold=5000)
    id_ = buy(mira, potion)
    buy(mira, potion)
    assert mira.post(f"/api/inventory/use-potion/{id_}").status == 200
    most = me(mira)["stamina_max"]
    pass_time(mira, -HOUR)
    now = me(mira)
    assert [one["buff_type"] for one in now["active_buffs"]] == [f"{kind}_boost"]
    assert (now["stamina"], now["stamina_max"]) == (most, most)
    again = mira.post(f"/api/inventory/use-potion/{id_}")
    assert again.json == {"detail": f"You already have an active {kind} boost!"}
    pass_time(mira, HOUR + 301)
    after = me(mira)
    assert after["active_buffs"] == []
    assert (after["stamina"], after["stamina_max"]) == (100, 100)


def test_a_key_when_the_clock_goes_back(mira: Client) -> None:
    keyed = mira.headers | {"Idempotency-Key": "k"}
    body = {"item_id": "sword-1"}
    first = mira.post("/api/shop/purchase", body, headers=keyed)
    db.query("update game.idempotency set stored_at = stored_at + interval '1 hour'")
    assert mira.post("/api/shop/purchase", body, headers=keyed).json == first.json
    assert me(mira)["gold"] == 920


# --- the answer is cut after the commit ---


def _hatched(client: Client) -> int:
    pet = buy(client, "egg-fox")
    assert client.post("/api/pets/hatch", {"pet_id": pet, "name": "Rex"}).status == 200
    return pet


def _fighting(client: Client) -> tuple[int, int]:
    battle = make_battle()
    return battle, fighters(client, battle)[0]


# By verb: the path and body of a request that changes something.
VERBS: dict[str, Callable[[Client], tuple[str, Any]]] = {
    "purchase": lambda c: ("/api/shop/purchase", {"item_id": "food-1", "currency": "gold"}),
    "egg": lambda c: ("/api/pets/egg", None),
    "hatch": lambda c: ("/api/pets/hatch", {"pet_id": buy(c, "egg-fox"), "name": "Rex"}),
    "feed": lambda c: (f"/api/pets/feed/{_hatched(c)}", {"food_item_id": buy(c, "food-1")}),
    "equip": lambda c: (f"/api/inventory/equip/{buy(c, 'sword-1')}", None),
    "equip pet": lambda c: (f"/api/pets/equip/{_hatched(c)}", None),
    "unequip": lambda c: ("/api/inventory/unequip/weapon", None),
    "use": lambda c: (f"/api/inventory/use-potion/{buy(c, 'fury-2')}", None),
    "starter": lambda c: ("/api/inventory/starter-items", None),
    "allocate": lambda c: ("/api/player/allocate-stats", {"attack": 2, "max_stamina": 1}),
    "regenerate": lambda c: ("/api/player/regenerate-stamina", None),
    "join": lambda c: (f"/api/battles/join/{make_battle()}", None),
    "attack": lambda c: (
        f"/api/battles/{(found := _fighting(c))[0]}/attack",
        {"enemy_id": found[1]},
    ),
    "claim": lambda c: (f"/api/battles/{won(c)}/claim-loot", None),
}


def _state(client: Client) -> list[str]:
    """All that a verb may change."""
    tables = ("players", "items", "pets", "equipment", "pet_slots", "buffs", "purchases")
    tables += ("ledger", "rolls", "participants", "battle_enemies", "battles")
    return [
        row["row"]
        for table in tables
        for row in db.query(f"select t::text as row from game.{table} as t order by 1")  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize("verb", VERBS)
def test_an_answer_that_was_cut_is_given_to_the_same_key(
    mira: Client, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    change(mira, gold=5000, unspent_stat_points=5)
    path, body = VERBS[verb](mira)
    complete = db.fetch_once

    def cut(*sent: Any) -> None:
        complete(*sent)
        raise db.DatabaseUnavailable

    def send(key: str) -> Answered:
        return mira.post(path, body, headers=mira.headers | {"Idempotency-Key": key})

    with monkeypatch.context() as patch:
        patch.setattr(db, "fetch_once", cut)
        assert send("click").status == 503
    state = _state(mira)
    first, second = send("click"), send("click")
    assert first.status in (200, 201)
    assert first.text == second.text
    assert _state(mira) == state


def test_two_keys_for_one_click_are_two_blows(mira: Client) -> None:
    battle, _ = make_raid(), change(mira, level=10, xp=1675)
    assert join(mira, battle).status == 200
    body = {"enemy_id": enemies(mira, battle)[0]}
    for number, key in enumerate(("one", "two"), 1):
        headers = mira.headers | {"Idempotency-Key": key}
        assert mira.post(f"/api/battles/{battle}/attack", body, headers=headers).status == 200
        assert len([kind for kind, _ in events(battle) if kind == "attack"]) == number
