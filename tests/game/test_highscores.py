"""Highscores: game.md 3.7."""

from __future__ import annotations

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.game import buy, change, make_player, player_id


def equip(client: Client, item_id: int, set_type: str = "attack") -> None:
    answered = client.post(f"/api/inventory/equip/{item_id}", {"set_type": set_type})
    assert answered.status == 200, answered.text


def test_nobody_is_no_error(store: str) -> None:
    answered = Client().get("/api/highscores")
    assert (answered.status, answered.json) == (200, {"by_level": [], "by_item_score": []})


def test_players_are_ranked_by_level_then_experience_then_id(store: str) -> None:
    players = [make_player(f"Player {n}") for n in range(4)]
    for client, (level, xp) in zip(players, [(3, 300), (5, 500), (5, 600), (3, 300)], strict=True):
        change(client, level=level, xp=xp)
    found = Client().get("/api/highscores").json["by_level"]
    ids = [player_id(one) for one in players]
    assert [one["player_id"] for one in found] == [ids[2], ids[1], ids[0], ids[3]]
    assert [one["rank"] for one in found] == [1, 2, 3, 4]
    assert found[0] == {
        "rank": 1,
        "player_id": ids[2],
        "username": "Player 2",
        "level": 5,
        "exp": 600,
        "item_score": 0,
        "gold": 1000,
        "total_attack": 10,
        "total_defense": 10,
        "total_hp": 100,
    }


def test_items_of_both_sets_count_once_and_by_their_rarity(store: str) -> None:
    mira, other = make_player(), make_player("Other")
    change(mira, level=20, gold=100_000)
    change(other, level=30)
    items = [buy(mira, name) for name in ("sword-1", "helmet-2", "armor-3", "ring-4")]
    for number, item in enumerate(items):
        equip(mira, item, ("attack", "defense")[number % 2])
    buy(mira, "gloves-4")
    first, second = Client().get("/api/highscores").json["by_item_score"]
    score = 12 * 1 + (5 + 25 + 100) * 2 + (75 + 500) * 4 + (50 + 30 + 250) * 8
    assert (first["username"], first["item_score"]) == ("Mira_K", score)
    assert first["total_attack"] == 10 + 12 + 5 + 50
    assert first["total_defense"] == 10 + 25 + 75 + 30
    assert first["total_hp"] == 100 + 100 + 500 + 250
    assert (second["username"], second["item_score"]) == ("Other", 0)
    mira.post("/api/inventory/unequip/ring", {"set_type": "defense"})
    first = Client().get("/api/highscores").json["by_item_score"][0]
    assert first["item_score"] == score - 330 * 8


def test_twenty_are_shown_and_nobody_who_was_erased(store: str) -> None:
    players = [make_player(f"Player {n}") for n in range(22)]
    db.query("select game.erase_player(%s)", (player_id(players[0]),))
    found = Client().get("/api/highscores").json
    for name in ("by_level", "by_item_score"):
        assert len(found[name]) == 20
        assert found[name][0]["username"] == "Player 1"
    assert "@" not in str(found)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_a_token_is_not_needed(store: str, headers: dict[str, str]) -> None:
    assert Client(headers).get("/api/highscores/").status == 200
