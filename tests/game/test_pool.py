"""The pool of battles: game.md 5.5."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import floor
from typing import Any

import pytest

from functions.game import handlers, pool
from functions.shared import db
from tests.support.battles import MOST, fighters, join, make_battle, make_raid, win
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, change, drawing, make_player

DIFFICULTIES = {
    "easy": ("1", "1", "1", "1"),
    "medium": ("1.5", "1.2", "1.2", "1.5"),
    "hard": ("2.5", "1.5", "1.5", "2.5"),
    "epic": ("4", "2", "2", "4"),
    "legendary": ("6", "2.5", "2.5", "6"),
}
TYPES = {"GOBLIN": ("1", "0.8", "0.7"), "ORC": ("1.3", "1.1", "0.9"), "TROLL": ("2", "0.9", "1.2")}


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


def waiting() -> Counter[str]:
    rows = db.query("select pool_place from game.battles where status = 'waiting'")
    return Counter(row["pool_place"] for row in rows)


FULL = Counter({"easy": 1, "medium": 1, "hard": 1, "raid": 1})


@pytest.mark.parametrize("wave", [1, 2, 5, 9])
@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_enemies_and_rewards_follow_difficulty_and_wave(
    mira: Client, difficulty: str, wave: int
) -> None:
    battle = mira.get(f"/api/battles/{make_battle(difficulty, wave)}").json
    hp, attack, defense, reward = (Fraction(one) for one in DIFFICULTIES[difficulty])
    assert battle["gold_reward"] == floor(100 * wave * reward)
    assert battle["exp_reward"] == floor(50 * wave * reward)
    assert battle["name"] == f"{difficulty.capitalize()} Battle - Wave {wave}"
    assert (battle["stamina_cost"], battle["max_players"], battle["required_level"]) == (0, 10, 1)
    assert (battle["battle_type"], battle["is_boss_raid"]) == ("standard", False)
    assert "boss_phase_count" not in battle
    assert len(battle["enemies"]) == min(2 + wave, 10)
    level = 1 + 2 * (wave - 1)
    for enemy in battle["enemies"]:
        by_type = [Fraction(one) for one in TYPES[enemy["type"]]]
        assert enemy["level"] == level
        assert enemy["hp_max"] == enemy["hp_current"] == floor((100 + 50 * level) * by_type[0] * hp)
        assert enemy["attack"] == floor((10 + 5 * level) * by_type[1] * attack)
        assert enemy["defense"] == floor((5 + 3 * level) * by_type[2] * defense)
        assert enemy["icon"].startswith("goblins/Icon")


def test_easy_wave_1_is_the_contracts(mira: Client) -> None:
    found = mira.get(f"/api/battles/{make_battle()}").json["enemies"]
    assert [(e["type"], e["hp_max"], e["attack"], e["defense"]) for e in found] == [
        ("GOBLIN", 150, 12, 5),
        ("ORC", 195, 16, 7),
        ("TROLL", 300, 13, 9),
    ]


@pytest.mark.parametrize(
    ("difficulty", "hp", "gold", "xp", "attack", "defense"),
    [
        ("epic", 1_500_000, 20_000, 10_000, 1200, 420),
        ("legendary", 2_250_000, 30_000, 15_000, 1500, 525),
    ],
)
def test_raids_have_one_dragon(
    mira: Client, difficulty: str, hp: int, gold: int, xp: int, attack: int, defense: int
) -> None:
    raid = mira.get(f"/api/battles/{make_raid(difficulty)}").json
    [boss] = raid["enemies"]
    assert (boss["type"], boss["level"], boss["hp_max"]) == ("DRAGON", 15, hp)
    assert (boss["attack"], boss["defense"]) == (attack, defense)
    assert (raid["gold_reward"], raid["exp_reward"], raid["stamina_cost"]) == (gold, xp, 20)
    assert (raid["required_level"], raid["max_players"], raid["min_players"]) == (10, 10, 3)
    assert (raid["boss_current_phase"], raid["boss_phase_count"]) == (1, 4)
    assert raid["boss_phase_thresholds"] == [75, 50, 25]
    assert (raid["battle_type"], raid["is_boss_raid"]) == ("boss_raid", True)


@pytest.mark.parametrize(("drawn", "hard", "raid"), [(0, "hard", "epic"), (MOST, "legendary", "")])
def test_reading_fills_the_pool(mira: Client, drawn: int, hard: str, raid: str) -> None:
    with drawing(drawn):
        listed = mira.get("/api/battles/available").json
    assert waiting() == FULL
    assert {one["difficulty"] for one in listed} == {"easy", "medium", hard}
    assert {one["wave_number"] for one in listed} == {5 if drawn else 1}
    ids = [one["id"] for one in listed]
    assert ids == sorted(ids, reverse=True)
    [boss] = mira.get("/api/battles/boss-raids/available").json
    assert boss["difficulty"] == (raid or "legendary")
    assert waiting() == FULL


def test_the_lists_show_what_the_level_may_join_and_all_raids(mira: Client) -> None:
    mira.get("/api/battles/available")
    db.query("update game.battles set required_level = 2 where difficulty = 'easy'")
    listed = mira.get("/api/battles/available").json
    assert "easy" not in {one["difficulty"] for one in listed}
    change(mira, level=2)
    assert len(mira.get("/api/battles/available").json) == 3
    assert len(mira.get("/api/battles/boss-raids/available").json) == 1
    for _ in range(20):
        make_battle()
    assert len(mira.get("/api/battles/available").json) == 20


def test_what_is_joined_is_replaced_at_the_next_read(mira: Client) -> None:
    first = mira.get("/api/battles/available").json
    join(mira, first[0]["id"])
    listed = mira.get("/api/battles/available").json
    assert Counter(one["status"] for one in listed) == {"waiting": 3, "in_progress": 1}
    assert waiting() == FULL


def test_the_end_of_a_battle_fills_the_pool(mira: Client) -> None:
    win(mira, make_battle())
    assert waiting() == FULL


def test_a_battle_ends_though_the_pool_cannot_be_filled(
    mira: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise db.DatabaseUnavailable

    monkeypatch.setattr(pool, "keep", fail)
    battle = make_battle()
    win(mira, battle)
    assert mira.get(f"/api/battles/{battle}").json["status"] == "completed"


def test_the_draws_of_the_pool_are_kept(mira: Client) -> None:
    with drawing(MOST):
        mira.get("/api/battles/available")
    rolls = db.query("select kind, result from game.rolls where player_id is null")
    counted = Counter((row["kind"], row["result"]) for row in rolls)
    assert counted == {
        ("difficulty", "legendary"): 2,
        ("wave", "5"): 3,
        ("enemy", "TROLL"): 21,
    }


def test_the_schedule_fills_the_pool_and_gives_up_what_is_idle(mira: Client) -> None:
    idle, busy, _ = make_battle(), make_battle(), make_battle()
    for battle in (idle, busy):
        fighters(mira, battle)
    db.query("update game.battles set started_at = now() - interval '25 hours'")
    db.query("update game.battles set last_attack_at = now() where id = %s", (busy,))
    assert handlers.keep_pool({}, None) == {"made": 4, "abandoned": 1}
    assert handlers.keep_pool({}, None) == {"made": 0, "abandoned": 0}
    assert mira.get(f"/api/battles/{idle}").json["status"] == "abandoned"
    answered = join(mira, idle)
    assert (answered.status, answered.json) == (400, {"detail": "Battle has been abandoned"})


@pytest.mark.commits
def test_twenty_parallel_reads_make_no_more(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    paths = ("/api/battles/available", "/api/battles/boss-raids/available")
    with own_connections(store, monkeypatch):
        answers: list[Any] = at_once(20, lambda n: mira.get(paths[n % 2]))
    assert {one.status for one in answers} == {200}
    assert {len(one.json) for one in answers} == {3, 1}
    assert waiting() == FULL
