"""The player: game.md 3.1, each row of its tables."""

from __future__ import annotations

import re
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.game import buy, change, export, make_player, pass_time, player_id

FRESH = {
    "username": "Mira_K",
    "level": 1,
    "exp": 0,
    "exp_max": 100,
    "total_exp": 0,
    "gold": 1000,
    "gems": 0,
    "stamina": 100,
    "stamina_max": 100,
    "base_attack": 10,
    "base_defense": 10,
    "base_hp": 100,
    "unspent_stat_points": 0,
    "active_buffs": [],
}


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


def test_a_new_player_is_as_the_contract_says(mira: Client) -> None:
    answered = mira.get("/api/player/me?_=1234567890")
    assert answered.status == 200
    assert answered.headers["cache-control"] == "no-store"
    me = answered.json
    assert {name: me[name] for name in FRESH} == FRESH
    assert me["id"] == me["user_id"]
    for name in ("created_at", "updated_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", me[name])


def test_a_new_players_gold_is_in_the_ledger(mira: Client) -> None:
    rows = db.query("select kind, amount, balance_after, cause from game.ledger")
    assert rows == [{"kind": "gold", "amount": 1000, "balance_after": 1000, "cause": "start"}]


def test_without_a_token_nobody_is_anybody(store: str) -> None:
    answered = Client().get("/api/player/me")
    assert (answered.status, answered.json) == (401, {"detail": "Authentication required"})


def test_an_erased_player_and_a_banned_user_are_refused(mira: Client) -> None:
    db.query("update accounts.users set is_active = false")
    assert mira.get("/api/player/me").json == {"detail": "Inactive user"}
    assert mira.post("/api/player/allocate-stats").status == 403
    db.query("update accounts.users set is_active = true, token_version = token_version + 1")
    assert mira.get("/api/player/me").status == 401
    assert mira.post("/api/player/regenerate-stamina").status == 401


def test_points_are_allocated_one_each(mira: Client) -> None:
    change(mira, unspent_stat_points=8, stamina=5)
    answered = mira.post(
        "/api/player/allocate-stats", {"attack": 2, "defense": 1, "max_stamina": 3}
    )
    assert answered.status == 200
    assert answered.json["message"] == "Stats allocated successfully"
    player = answered.json["player"]
    assert player == mira.get("/api/player/me").json
    assert (player["base_attack"], player["base_defense"]) == (12, 11)
    assert (player["stamina"], player["stamina_max"]) == (103, 103)
    assert player["unspent_stat_points"] == 2


def test_too_many_points_are_refused(mira: Client) -> None:
    change(mira, unspent_stat_points=3)
    answered = mira.post("/api/player/allocate-stats", {"attack": 2, "defense": 2})
    assert answered.status == 400
    assert answered.json == {"detail": "Not enough stat points. Available: 3, Requested: 4"}
    assert mira.get("/api/player/me").json["base_attack"] == 10


@pytest.mark.parametrize("body", [None, {}, {"attack": 0}])
def test_no_points_change_nothing(mira: Client, body: Any) -> None:
    before = mira.get("/api/player/me").json
    answered = mira.post("/api/player/allocate-stats", body)
    assert answered.status == 200
    assert answered.json["player"] == before


@pytest.mark.parametrize("points", [-1, 1.5, "1", True, None, 2**53])
def test_points_are_whole_numbers(mira: Client, points: Any) -> None:
    answered = mira.post("/api/player/allocate-stats", {"max_stamina": points})
    assert answered.status == 422
    assert answered.json["detail"][0]["loc"] == ["body", "max_stamina"]


def test_the_largest_numbers_are_refused_by_the_rule(mira: Client) -> None:
    most = 2**53 - 1
    body = {"attack": most, "defense": most, "max_stamina": most}
    answered = mira.post("/api/player/allocate-stats", body)
    assert answered.json["detail"].endswith(f"Requested: {3 * most}")


def test_more_maximum_stamina_counts_below_a_boost_too(mira: Client) -> None:
    change(mira, unspent_stat_points=10)
    mira.post(f"/api/inventory/use-potion/{buy(mira, 'vigour-1')}")
    mira.post("/api/player/allocate-stats", {"max_stamina": 10})
    assert mira.get("/api/player/me").json["stamina_max"] == 500
    pass_time(mira, 301)
    me = mira.get("/api/player/me").json
    assert (me["stamina"], me["stamina_max"], me["active_buffs"]) == (110, 110, [])


def test_regenerating_only_applies_what_time_has_earned(mira: Client) -> None:
    change(mira, stamina=7)
    answered = mira.post("/api/player/regenerate-stamina")
    assert (answered.status, answered.json) == (200, {"stamina": 7, "stamina_max": 100})
    pass_time(mira, 21)
    assert mira.get("/api/player/me").json["stamina"] == 27
    assert mira.post("/api/player/regenerate-stamina").json["stamina"] == 27
    assert mira.post("/api/player/regenerate-stamina").json["stamina"] == 27


def test_progress_is_shown(mira: Client) -> None:
    change(mira, level=9, xp=1675 - 305 + 100)
    assert mira.get("/api/player/progression").json == {
        "current_level": 9,
        "total_xp": 1470,
        "xp_in_current_level": 100,
        "xp_for_next_level": 305,
        "xp_to_next_level": 205,
        "progress_percent": 32.78,
        "max_level_reached": False,
        "unspent_stat_points": 0,
        "next_level_rewards": {"stat_points": 8, "is_milestone": True},
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 20), ("?max_level=3", 3), ("?max_level=0", 1), ("?max_level=999", 100)],
)
def test_the_table_of_levels_is_clamped(mira: Client, query: str, count: int) -> None:
    levels = mira.get(f"/api/player/progression/table{query}").json
    assert len(levels) == count
    assert levels[0] == {"level": 1, "xp_required": 0, "total_xp": 0, "stat_points_reward": 0}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/player/gain-xp"),
        ("POST", "/api/player/debug/set-level"),
        ("GET", "/api/player/nothing"),
    ],
)
def test_what_would_let_anybody_cheat_is_not_there(mira: Client, method: str, path: str) -> None:
    answered = mira.call(method, path)
    assert (answered.status, answered.json) == (404, {"detail": "Not Found"})


def test_a_wrong_method_is_answered_in_the_games_words(mira: Client) -> None:
    answered = mira.call("DELETE", "/api/player/allocate-stats")
    assert (answered.status, answered.json) == (405, {"detail": "Method Not Allowed"})


def test_a_player_is_exported_without_what_eggs_hide(mira: Client) -> None:
    mira.post("/api/pets/egg")
    buy(mira, "sword-1")
    found = export(mira)
    assert found["player"]["username"] == "Mira_K"
    records = found["records"]
    assert [one["name"] for one in records["pets"]] == ["Mystery Egg"]
    assert records["pets"][0]["species"] is None
    assert [one["cause"] for one in records["ledger"]] == ["start", "egg", "purchase"]
    assert len(records["items"]) == 1
    assert len(records["purchases"]) == 2


def test_an_erased_player_is_nameless(mira: Client) -> None:
    db.query("select game.erase_player(%s)", (player_id(mira),))
    assert db.fetch_value("select username from game.players") == "Deleted player"
