"""Whose things a player may use: their own, whatever their role.

Every route of users × another user's ids, in paths and in bodies. A new parameter or field that
names something fails here until NAMES says whose it is.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from functions.accounts import sessions
from functions.shared import db
from functions.shared.routing import Operation
from tests.support import battles
from tests.support.accounts import bearer, make_user
from tests.support.client import Client, operations
from tests.support.game import BODIES, buy, change, make_player, player_id, to_url
from tests.support.policies import ROLES, STATED, named

# What a parameter or field names: a thing of one player, what is there for all, nothing that is
# stored, or a user, whom only roles may change (test_policy_users.py says which).
NAMES = {
    **dict.fromkeys(("item_id", "food_item_id", "pet_id", "egg_id"), "own"),
    **dict.fromkeys(("battle_id", "enemy_id", "message_id", "army_id", "tournament_id"), "shared"),
    **dict.fromkeys(("slot", "set_type", "number"), "nothing"),
    **dict.fromkeys(("user_id", "player_id", "key_id"), "role"),
}
CATALOGUE = "POST /api/shop/purchase"  # whose item_id names no item of anybody
USERS = [one for one in operations() if set(STATED[named(one)].doors) & {"game", "tracker"}]
IDS = re.compile(r"\w+_id")


def names_of(one: Operation) -> set[str]:
    """The parameters of a route's path, and the fields of its body that name something."""
    fields = {} if named(one) == CATALOGUE else BODIES.get(named(one), {})
    optional = {"food_item_id"} if "/pets/feed" in one.path else set()
    in_body = {name for name in fields if IDS.fullmatch(name)}
    return {*re.findall(r"{(\w+)}", one.path), *in_body, *optional}


OWNED = [one for one in USERS if any(NAMES.get(name) == "own" for name in names_of(one))]


@pytest.fixture
def victim(store: str) -> Client:
    """Somebody who has one of everything."""
    client = make_player("Victim")
    change(client, gold=10_000, gems=50, unspent_stat_points=4, stamina=60)
    return client


@pytest.fixture
def things(victim: Client) -> dict[str, int]:
    """Ids of what the victim has, by what routes call them."""
    sword, potion, food = buy(victim, "sword-1"), buy(victim, "fury-2"), buy(victim, "food-1")
    pet, egg = buy(victim, "egg-fox"), buy(victim, "egg-fox")
    assert victim.post("/api/pets/hatch", {"pet_id": pet, "name": "Rex"}).status == 200
    worn = {"item_id": sword, "slot": "weapon", "set_type": "attack"}
    assert victim.post("/api/inventory/equip", worn).status == 200
    place = {"pet_id": pet, "slot": 1, "set_type": "attack"}
    assert victim.post("/api/pets/equip", place).status == 200
    battle = battles.make_battle()
    battles.win(victim, battle)
    return {
        **{"sword": sword, "potion": potion, "food_item_id": food, "pet_id": pet, "egg_id": egg},
        "battle_id": battle,
    }


def aim(one: Operation, things: dict[str, int], meal: str = "") -> tuple[str, Any]:
    """The URL and body of a request that names what the victim has."""
    found = dict(things)
    found["item_id"] = found["potion" if "use-potion" in one.path else "sword"]
    if "/hatch" in one.path:
        found["pet_id"] = found["egg_id"]
    path = re.sub(r"{(\w+)}", lambda name: str(found.get(name[1], name[0])), one.path)
    fields = {} if named(one) == CATALOGUE else found
    body = {key: fields.get(key, value) for key, value in BODIES.get(named(one), {}).items()}
    if "/pets/feed" in one.path and meal == "food":
        body = {key: value for key, value in body.items() if key != "xp_amount"}
        body["food_item_id"] = found["food_item_id"]
    return to_url(path), None if one.method == "GET" else body


def snapshot(user_id: int) -> dict[str, list[str]]:
    """Every row that names a user, of all tables of accounts and of the game."""
    tables = db.query(
        """
        select format('%I.%I', c.table_schema, c.table_name) as name, c.column_name as column
        from information_schema.columns as c
        join information_schema.tables as t using (table_schema, table_name)
        where c.table_schema in ('accounts', 'game')
          and (
            c.column_name in ('player_id', 'user_id')
            or (c.table_name, c.column_name) = ('users', 'id')
          )
          and t.table_type = 'BASE TABLE'
        order by 1, 2
        """,
        None,
    )
    assert len(tables) > 10
    rows = "select t::text as row from {name} as t where t.{column} = %s order by 1"
    return {
        table["name"]: [
            row["row"]
            for row in db.query(rows.format(**table), (user_id,))  # type: ignore[arg-type]
        ]
        for table in tables
    }


@pytest.mark.parametrize("one", USERS, ids=named)
def test_every_name_says_whose_it_is(one: Operation) -> None:
    assert names_of(one) <= NAMES.keys()


@pytest.mark.parametrize("meal", ["", "food"])
@pytest.mark.parametrize("one", OWNED, ids=named)
def test_what_another_has_is_not_found(
    victim: Client, things: dict[str, int], one: Operation, meal: str
) -> None:
    url, body = aim(one, things, meal)
    before = snapshot(player_id(victim))
    for role in ROLES:
        with db.connection().transaction(force_rollback=True):
            answered = bearer(make_user("Thief", role)).call(one.method, url, body)
            assert answered.status == 404, f"{role}: {answered.text}"
            assert re.fullmatch(
                r"(Item not found in inventory|Potion not found in inventory|Pet not found)",
                answered.json["detail"],
            )
            assert snapshot(player_id(victim)) == before
    # What the owner is answered shows that nothing but the caller was wrong.
    assert victim.call(one.method, url, body).status == 200


def test_food_of_another_is_no_food(victim: Client, things: dict[str, int]) -> None:
    thief = make_player("Thief")
    change(thief, gold=10_000)
    pet = buy(thief, "egg-fox")
    thief.post("/api/pets/hatch", {"pet_id": pet, "name": "Rex"})
    before = snapshot(player_id(victim))
    for path in ("/api/pets/feed", f"/api/pets/feed/{pet}"):
        body = {"pet_id": pet, "food_item_id": things["food_item_id"]}
        answered = thief.post(path, body)
        assert (answered.status, answered.json) == (400, {"detail": "No pet food"})
    assert snapshot(player_id(victim)) == before


@pytest.mark.parametrize("one", USERS, ids=named)
def test_nothing_that_a_player_does_changes_another(
    victim: Client, things: dict[str, int], one: Operation
) -> None:
    user_id = player_id(victim)
    sessions.open_session(db.query("select * from accounts.users where id = %s", (user_id,))[0])
    before = snapshot(user_id)
    url, body = aim(one, {**things, "user_id": user_id, "player_id": user_id})
    thief = make_player("Thief")
    key = thief.headers | {"Idempotency-Key": "one"}
    for headers in (thief.headers, key, key):
        assert thief.call(one.method, url, body, headers=headers).status < 500
    assert snapshot(user_id) == before


def test_a_key_of_one_player_is_no_key_of_another(victim: Client, things: dict[str, int]) -> None:
    """The answer that is kept for a key holds what only its own user may read."""
    path = f"/api/battles/{things['battle_id']}/claim-loot"
    key = {"Idempotency-Key": "claim"}
    assert victim.post(path, headers=victim.headers | key).status == 200
    thief = make_player("Thief")
    answered = thief.post(path, headers=thief.headers | key)
    assert (answered.status, answered.json) == (400, {"detail": "Not in this battle"})
