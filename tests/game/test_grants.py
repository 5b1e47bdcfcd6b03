"""Grants: game.md section 9, `POST /api/admin/players/{id}/grant`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from functions.game import progression
from functions.shared import db
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import (
    DROP_PLAYERS,
    at_once,
    audited,
    buy,
    change,
    make_operator,
    make_player,
    player_id,
)

MOST = 2**53 - 1


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


@pytest.fixture
def ada(store: str) -> Client:
    return make_operator()


def grant(operator: Client, to: Client | int, key: str = "", **sent: Any) -> Any:
    id_ = to if isinstance(to, int) else player_id(to)
    headers = operator.headers | ({"Idempotency-Key": key} if key else {})
    body = {"reason": "a prize"} | sent
    return operator.post(f"/api/admin/players/{id_}/grant", body, headers=headers)


def refused(answered: Any, detail: str, status: int = 409) -> None:
    assert (answered.status, answered.json) == (status, {"detail": detail})


def me(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/player/me").json
    return found


def items(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/inventory").json["items"]
    return found


def kept() -> dict[str, int]:
    """How many rows there are of everything that a grant may write."""
    return {
        table: db.fetch_value(f"select count(*) from {table}")  # type: ignore[arg-type]
        for table in (
            "game.grants",
            "game.ledger",
            "game.items",
            "game.pets",
            "game.idempotency",
            "accounts.audit",
        )
    }


# --- gold and gems ---


def test_a_grant_is_given_kept_and_audited(mira: Client, ada: Client) -> None:
    answered = grant(ada, mira, gold=250, gems=7)
    assert answered.status == 200
    same = {"xp": 0, "level": 1, "unspent_stat_points": 0}
    assert answered.json == {
        "dry_run": False,
        "player_id": player_id(mira),
        "username": "Mira_K",
        "before": {"gold": 1000, "gems": 0, **same},
        "after": {"gold": 1250, "gems": 7, **same},
        "item": None,
    }
    assert (me(mira)["gold"], me(mira)["gems"]) == (1250, 7)
    actor = str(player_id(ada))
    rows = db.query("select * from game.ledger where cause = 'grant' order by id")
    [kept] = db.query("select * from game.grants")
    assert [(r["kind"], r["amount"], r["balance_after"]) for r in rows] == [
        ("gold", 250, 1250),
        ("gem", 7, 7),
    ]
    assert {(r["reference"], r["actor"], r["reason"]) for r in rows} == {
        (kept["id"], actor, "a prize")
    }
    assert (kept["actor"], kept["gold"], kept["xp"]) == (int(actor), 250, 0)
    [noted] = audited()
    assert noted == {
        "action": "player.granted",
        "user_id": player_id(mira),
        "actor": actor,
        "reason": "a prize",
        "details": {"grant_id": kept["id"], "gold": 250, "gems": 7},
    }


def test_negative_amounts_take_away_down_to_nothing(mira: Client, ada: Client) -> None:
    assert grant(ada, mira, gold=-400).json["after"]["gold"] == 600
    refused(grant(ada, mira, gold=-601), "Not enough gold (take 601, have 600)")
    assert grant(ada, mira, gold=-600).json["after"]["gold"] == 0
    refused(grant(ada, mira, gems=-1), "Not enough gems (take 1, have 0)")
    refused(grant(ada, mira, xp=-1), "Not enough experience (take 1, have 0)")


def test_a_grant_is_refused_as_a_whole(mira: Client, ada: Client) -> None:
    before = kept()
    refused(
        grant(ada, mira, gold=5, gems=-1, xp=9, item="rest-1"), "Not enough gems (take 1, have 0)"
    )
    refused(
        grant(ada, mira, gold=5, item="rest-1", quantity=-1),
        "Not enough Traveller's Tea (take 1, have 0)",
    )
    assert kept() == before
    assert me(mira)["gold"] == 1000


@pytest.mark.parametrize(("field", "name"), [("gold", "gold"), ("gems", "gems")])
def test_a_balance_ends_at_what_javascript_holds(
    mira: Client, ada: Client, field: str, name: str
) -> None:
    change(mira, **{field: MOST - 1})
    assert grant(ada, mira, **{field: 1}).json["after"][field] == MOST
    refused(grant(ada, mira, **{field: 1}), f"Too much {name} (give 1, have {MOST})")
    refused(grant(ada, mira, **{field: MOST}), f"Too much {name} (give {MOST}, have {MOST})")
    assert grant(ada, mira, **{field: -MOST}).json["after"][field] == 0


# --- experience ---


def test_experience_goes_by_the_rules_of_levels(mira: Client, ada: Client) -> None:
    change(mira, stamina=1)
    after = grant(ada, mira, xp=346).json["after"]
    assert (after["xp"], after["level"], after["unspent_stat_points"]) == (346, 4, 9)
    assert (me(mira)["exp"], me(mira)["stamina"]) == (0, 100)


def test_experience_ends_at_level_100(mira: Client, ada: Client) -> None:
    after = grant(ada, mira, xp=progression.TOTALS[99]).json["after"]
    points = sum(progression.get_stat_points(level) for level in range(1, 101))
    assert (after["level"], after["unspent_stat_points"]) == (100, points)
    after = grant(ada, mira, xp=MOST - after["xp"]).json["after"]
    assert (after["level"], after["xp"]) == (100, MOST)
    refused(grant(ada, mira, xp=1), f"Too much experience (give 1, have {MOST})")


def test_lost_experience_takes_levels_and_their_points_along(mira: Client, ada: Client) -> None:
    grant(ada, mira, xp=346)
    after = grant(ada, mira, xp=-133).json["after"]
    assert (after["xp"], after["level"], after["unspent_stat_points"]) == (213, 2, 3)
    assert me(mira)["exp"] == 113
    # What is gained again is earned once, and not twice.
    after = grant(ada, mira, xp=133).json["after"]
    assert (after["level"], after["unspent_stat_points"]) == (4, 9)


def test_points_that_were_spent_are_free_again_before_they_are_taken(
    mira: Client, ada: Client
) -> None:
    grant(ada, mira, xp=346)
    spent = {"attack": 3, "defense": 2, "max_stamina": 3}
    assert mira.post("/api/player/allocate-stats", spent).json["player"]["stamina"] == 103
    grant(ada, mira, xp=-133)
    found = me(mira)
    assert (found["unspent_stat_points"], found["level"]) == (3, 2)
    assert (found["base_attack"], found["base_defense"]) == (10, 10)
    assert (found["stamina"], found["stamina_max"]) == (100, 100)


def test_points_that_are_unspent_are_taken_first(mira: Client, ada: Client) -> None:
    grant(ada, mira, xp=346)
    mira.post("/api/player/allocate-stats", {"attack": 3})
    grant(ada, mira, xp=-133)
    found = me(mira)
    assert (found["unspent_stat_points"], found["base_attack"]) == (0, 13)


# --- items ---


def test_equipment_is_a_new_row_each(mira: Client, ada: Client) -> None:
    item = grant(ada, mira, item="ring-5", quantity=2).json["item"]
    assert item | {"id": 0} == {
        "id": 0,
        "item": "ring-5",
        "name": "Ring of the Drowned Star",
        "quantity": 2,
    }
    rings = items(mira)
    assert [one["name"] for one in rings] == ["Ring of the Drowned Star"] * 2
    assert item["id"] == max(one["id"] for one in rings)
    assert grant(ada, mira, item="sword-1").json["item"]["quantity"] == 1


def test_potions_and_food_stack(mira: Client, ada: Client) -> None:
    own = buy(mira, "rest-1")
    assert grant(ada, mira, item="rest-1", quantity=4).json["item"]["id"] == own
    [tea] = items(mira)
    assert tea["quantity"] == 5
    db.query("update game.items set quantity = 2147483647")
    refused(
        grant(ada, mira, item="rest-1"),
        "Too much Traveller's Tea (give 1, have 2147483647)",
    )


def test_an_egg_is_a_pet(mira: Client, ada: Client) -> None:
    item = grant(ada, mira, item="egg-fox").json["item"]
    [egg] = mira.get("/api/pets").json["pets"]
    assert (egg["id"], egg["is_egg"]) == (item["id"], True)
    refused(grant(ada, mira, item="egg-fox", quantity=-1), "Eggs cannot be taken away")


def test_items_are_taken_but_for_what_is_worn(mira: Client, ada: Client) -> None:
    first, second = buy(mira, "sword-1"), buy(mira, "sword-1")
    body = {"item_id": second, "slot": "weapon", "set_type": "attack"}
    assert mira.post("/api/inventory/equip", body).status == 200
    refused(
        grant(ada, mira, item="sword-1", quantity=-2),
        "Not enough Militia Sword (take 2, have 1)",
    )
    assert grant(ada, mira, item="sword-1", quantity=-1).json["item"]["id"] is None
    assert [one["id"] for one in items(mira)] == [second]
    assert first != second


def test_units_are_taken_until_the_last(mira: Client, ada: Client) -> None:
    grant(ada, mira, item="food-1", quantity=5)
    grant(ada, mira, item="food-1", quantity=-3)
    assert [one["quantity"] for one in items(mira)] == [2]
    grant(ada, mira, item="food-1", quantity=-2)
    assert items(mira) == []
    [last] = db.query("select catalogue_id, quantity from game.grants order by id desc limit 1")
    assert last == {"catalogue_id": "food-1", "quantity": -2}


def test_what_is_no_longer_sold_can_be_given(mira: Client, ada: Client) -> None:
    db.query("update game.catalogue set is_sold = false where id = 'rest-1'")
    assert grant(ada, mira, item="rest-1").status == 200
    refused(grant(ada, mira, item="nothing"), "Item not found", 404)


# --- without writing, and the same again ---


def test_a_dry_run_answers_what_would_be_and_changes_nothing(mira: Client, ada: Client) -> None:
    sent: dict[str, Any] = {"gold": 5, "gems": 6, "xp": 400, "item": "sword-1", "quantity": 2}
    before, was = kept(), me(mira)
    dry = grant(ada, mira, "a key", **sent, dry_run=True)
    assert dry.status == 200
    assert kept() == before
    assert me(mira) == was
    wet = grant(ada, mira, "a key", **sent)
    assert (
        dry.json["after"]
        == wet.json["after"]
        == {
            "gold": 1005,
            "gems": 6,
            "xp": 400,
            "level": 4,
            "unspent_stat_points": 9,
        }
    )
    assert (dry.json["dry_run"], wet.json["dry_run"]) == (True, False)
    assert (dry.json["item"]["id"], dry.json["item"]["quantity"]) == (None, 2)
    refused(grant(ada, mira, gold=-9999, dry_run=True), "Not enough gold (take 9999, have 1005)")


def test_the_same_key_grants_once(mira: Client, ada: Client) -> None:
    first, second = (grant(ada, mira, "k", gold=5) for _ in range(2))
    assert (first.status, first.json) == (second.status, second.json)
    assert me(mira)["gold"] == 1005
    assert grant(ada, mira, "k", gold=6).status == 409
    # A key counts for who sent it, and for the player.
    assert grant(make_operator("Bea"), mira, "k", gold=5).json["after"]["gold"] == 1010
    assert grant(ada, make_player("Other"), "k", gold=6).status == 200


@pytest.mark.commits
def test_an_answer_that_was_cut_after_the_commit_is_given_to_the_same_key(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira, ada = make_player(), make_operator()
    complete = db.fetch_once

    def cut(*sent: Any) -> None:
        complete(*sent)
        raise db.DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(db, "fetch_once", cut)
        assert grant(ada, mira, "k", gold=5).status == 503
    assert grant(ada, mira, "k", gold=5).json["after"]["gold"] == me(mira)["gold"] == 1005


# --- who, and what can be wrong ---


def test_only_an_admin_grants(mira: Client, store: str) -> None:
    for role in ("player", "organizer", "staff"):
        refused(grant(make_operator(f"The {role}", role), mira, gold=1), "Not allowed", 403)
    refused(grant(mira, mira, gold=1), "Not allowed", 403)
    assert me(mira)["gold"] == 1000


def test_an_admin_who_must_choose_a_password_grants_nothing(mira: Client, ada: Client) -> None:
    db.query("update accounts.users set must_change_password = true where role = 'admin'")
    refused(grant(ada, mira, gold=1), "Password change required", 403)


def test_an_operator_need_not_play(ada: Client, store: str) -> None:
    db.query(DROP_PLAYERS)
    assert grant(ada, make_player(), gold=1).status == 200


def test_unknown_and_erased_players(mira: Client, ada: Client) -> None:
    refused(grant(ada, 10**9, gold=1), "Player not found", 404)
    refused(grant(ada, -5, gold=1), "Player not found", 404)
    db.query("update game.players set erased_at = now() where username = 'Mira_K'")
    refused(grant(ada, mira, gold=1), "Player not found", 404)
    assert ada.post("/api/admin/players/mira/grant", {"gold": 1, "reason": "x"}).status == 422


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"gold": 0, "gems": 0, "xp": 0},
        {"gold": None},
        {"gold": 1.5},
        {"gold": "1"},
        {"gold": True},
        {"gold": MOST + 1},
        {"gems": -MOST - 1},
        {"xp": 10**30},
        {"item": 7},
        {"item": ""},
        {"item": "x" * 101},
        {"item": "rest-1", "quantity": 0},
        {"item": "rest-1", "quantity": 1001},
        {"item": "rest-1", "quantity": 1.5},
        {"quantity": 2},
        {"gold": 1, "quantity": 2},
        {"gold": 1, "dry_run": "no"},
        {"gold": 1, "reason": ""},
        {"gold": 1, "reason": "  "},
        {"gold": 1, "reason": None},
        {"gold": 1, "reason": "x" * 501},
        {"gold": 1, "reason": "two\nlines"},
        {"item": "\0"},
    ],
    ids=str,
)
def test_what_is_no_grant(mira: Client, ada: Client, sent: dict[str, Any]) -> None:
    assert grant(ada, mira, **sent).status == 422
    assert me(mira)["gold"] == 1000


def test_whole_numbers_as_floats_and_names_with_umlauts_are_read(mira: Client, ada: Client) -> None:
    assert grant(ada, mira, gold=5.0, reason=" Übung ").json["after"]["gold"] == 1005
    assert audited()[-1]["reason"] == "Übung"


def test_without_the_database(mira: Client, ada: Client, away: Callable[[], None]) -> None:
    id_ = player_id(mira)
    away()
    assert grant(ada, id_, gold=1).status == 503


def test_a_grant_is_one_round_trip(
    mira: Client, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, sent, real = player_id(mira), list[Any](), db.query

    def count(*args: Any, **more: Any) -> list[db.Row]:
        sent.append(args)
        return real(*args, **more)

    monkeypatch.setattr(db, "query", count)
    assert grant(ada, id_, gold=1).status == 200
    assert len(sent) == 1


# --- at the same moment ---


@pytest.mark.commits
def test_twenty_grants_at_once(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira, ada = make_player(), make_operator()
    id_ = player_id(mira)
    with own_connections(store, monkeypatch):
        given = at_once(20, lambda n: grant(ada, id_, gold=10 + n, xp=10))
        taken = at_once(20, lambda _: grant(ada, id_, gold=-300))
    assert {one.status for one in given} == {200}
    held = 1000 + sum(10 + n for n in range(20))
    assert max(one.json["after"]["gold"] for one in given) == held
    assert Counter(one.status for one in taken) == {200: held // 300, 409: 20 - held // 300}
    assert me(mira)["gold"] == held % 300
    assert me(mira)["total_exp"] == 200
    assert db.fetch_value("select sum(amount) from game.ledger where player_id = %s", (id_,)) == (
        held % 300
    )


@pytest.mark.commits
def test_one_key_sent_twenty_times_at_once_grants_once(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira, ada = make_player(), make_operator()
    id_ = player_id(mira)
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: grant(ada, id_, "click", gold=10, item="sword-1"))
    assert {one.status for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    assert me(mira)["gold"] == 1010
    assert len(items(mira)) == 1


@pytest.mark.commits
def test_grants_and_purchases_at_once(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A grant takes gold while the player spends it: no balance below 0, none that is lost."""
    mira, ada = make_player(), make_operator()
    id_ = player_id(mira)

    def act(number: int) -> Any:
        if number % 3 == 0:
            return grant(ada, id_, gold=-150)
        if number % 3 == 1:
            return grant(ada, id_, gold=20, item="rest-1")
        return mira.post("/api/shop/purchase", {"item_id": "crossbow-1"})

    with own_connections(store, monkeypatch):
        answers = at_once(30, act)
    assert {one.status for one in answers} <= {200, 400, 409}
    spent = sum(one.status == 200 for one in answers[2::3]) * 90
    taken = sum(one.status == 200 for one in answers[::3]) * 150
    assert me(mira)["gold"] == 1200 - spent - taken >= 0
    assert [one.status for one in answers[1::3]] == [200] * 10
    assert next(one["quantity"] for one in items(mira) if one["item_type"] == "consumable") == 10
