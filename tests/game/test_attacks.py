"""Attacks: game.md 3.6, 5.3 and the phases of 5.5."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest

from functions.shared import db
from tests.support.battles import (
    MOST,
    enemies,
    events,
    fighters,
    join,
    make_battle,
    make_raid,
    strike,
)
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, buy, change, drawing, make_player, pass_time, player_id

# stamina, factor, chance of a critical hit
KINDS = {
    "quick": (5, "0.7", "0.10"),
    "normal": (10, "1", "0.10"),
    "power": (20, "1.5", "0.15"),
    "critical": (35, "2.2", "0.25"),
    "ultimate": (50, "3", "0.35"),
}


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


def refused(answered: Any, detail: str, status: int = 400) -> None:
    assert (answered.status, answered.json) == (status, {"detail": detail})


def expected(power: int, defense: int, is_critical: bool, kind: str, drawn: int) -> int:
    """The contract's formula, in fractions."""
    base = max(1, power - defense // 2) * (2 if is_critical else 1)
    u = Fraction(9, 10) + Fraction(2, 10) * Fraction(drawn, MOST)
    return max(1, floor(floor(base * u) * Fraction(KINDS[kind][1])))


# --- damage ---


@pytest.mark.parametrize("drawn", [0, 1, 2**31, 3_141_592_653, MOST - 1, MOST])
@pytest.mark.parametrize("is_critical", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_exact(store: str, kind: str, is_critical: bool, drawn: int) -> None:
    for power in (0, 1, 2, 10, 24, 240, 999, 12_345, 2**31):
        for defense in (0, 1, 5, 9, 525):
            found = db.fetch_value(
                """
                select game.compute_damage(%s, %s, %s, a.factor_tenths, %s)
                from game.attack_types as a
                where a.attack_type = %s
                """,
                (power, defense, is_critical, drawn, kind),
            )
            assert found == expected(power, defense, is_critical, kind, drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_an_attack_costs_its_stamina_and_does_its_damage(mira: Client, kind: str) -> None:
    battle = make_battle("legendary")
    goblin, *_ = fighters(mira, battle)
    with drawing(MOST):
        answered = strike(mira, battle, goblin, kind)
    damage = expected(10, 14, False, kind, MOST)
    assert answered.json == {
        "success": True,
        "damage": damage,
        "is_critical": False,
        "enemy_id": goblin,
        "enemy_hp_remaining": 900 - damage,
        "enemy_defeated": False,
        "battle_completed": False,
        "attack_type": kind,
        "stamina_cost": KINDS[kind][0],
        "stamina_remaining": 100 - KINDS[kind][0],
        "error": None,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_chance_of_a_critical_hit(mira: Client, kind: str) -> None:
    battle = make_battle("legendary")
    goblin, *_ = fighters(mira, battle)
    edge = ceil(Fraction(KINDS[kind][2]) * 2**32)
    for drawn, is_critical in ((0, True), (edge - 1, True), (edge, False), (MOST, False)):
        change(mira, stamina=100)
        with drawing(drawn, 0):
            answered = strike(mira, battle, goblin, kind).json
        assert answered["is_critical"] is is_critical
        assert answered["damage"] == expected(10, 14, is_critical, kind, 0)


def test_power_is_attack_items_pets_and_boost(mira: Client) -> None:
    change(mira, gold=100_000, level=30)
    me = player_id(mira)
    db.query("update game.players set base_attack = 20 where user_id = %s", (me,))
    for set_type, item in (("attack", "crossbow-1"), ("defense", "sword-1")):
        body = {"item_id": buy(mira, item), "slot": "weapon", "set_type": set_type}
        assert mira.post("/api/inventory/equip", body).status == 200
    for set_type, egg in (("attack", "egg-wolf"), ("attack", "egg-fox"), ("defense", "egg-bear")):
        pet = buy(mira, egg)
        mira.post("/api/pets/hatch", {"pet_id": pet, "name": "Rex"})
        mira.post(f"/api/pets/equip/{pet}", {"set_type": set_type})
    battle = make_battle("hard")
    goblin, *_ = fighters(mira, battle)
    with drawing(MOST, 0):
        answered = strike(mira, battle, goblin).json
    assert answered["damage"] == expected(20 + 14 + 35 + 20, 8, False, "normal", 0)
    mira.post(f"/api/inventory/use-potion/{buy(mira, 'fury-10')}")
    orc = enemies(mira, battle)[1]
    with drawing(MOST, 0):
        answered = strike(mira, battle, orc).json
    assert answered["damage"] == expected(890, 10, False, "normal", 0)
    pass_time(mira, 301)
    change(mira, stamina=100)
    troll = enemies(mira, battle)[2]
    with drawing(MOST, 0):
        answered = strike(mira, battle, troll).json
    assert answered["damage"] == expected(89, 14, False, "normal", 0)


def test_overkill_counts(mira: Client) -> None:
    battle = make_battle()
    goblin, *_ = fighters(mira, battle)
    db.query("update game.battle_enemies set hp_current = 1")
    answered = strike(mira, battle, goblin).json
    assert (answered["enemy_hp_remaining"], answered["enemy_defeated"]) == (0, True)
    assert answered["damage"] > 1
    [found] = mira.get("/api/battles/history/me").json
    assert (found["total_damage_dealt"], found["attacks_count"]) == (answered["damage"], 1)


def test_the_draws_are_kept(mira: Client) -> None:
    battle = make_battle()
    goblin, *_ = fighters(mira, battle)
    with drawing(0, 2**31):
        damage = strike(mira, battle, goblin).json["damage"]
    rolls = db.query(
        """
        select kind, reference, chance, drawn, result
        from game.rolls
        where player_id = %s
        order by kind
        """,
        (player_id(mira),),
    )
    assert [tuple(row.values()) for row in rolls] == [
        ("critical", battle, {"critical": 10, "plain": 90}, 0, "critical"),
        ("damage", battle, {"from": 14, "to": 17}, 2**31, str(damage)),
    ]


# --- what is refused, and the fields ---


def test_attacks_are_refused_in_this_order(mira: Client) -> None:
    battle = make_battle()
    goblin, orc, _ = enemies(mira, battle)
    refused(strike(mira, 10**9, goblin), "Battle not found", 404)
    refused(strike(mira, battle, 10**9), "Enemy not found")
    refused(strike(mira, battle, enemies(mira, make_battle())[0]), "Enemy not found")
    db.query("update game.battle_enemies set hp_current = 0 where id = %s", (goblin,))
    refused(strike(mira, battle, goblin), "Enemy already defeated")
    refused(strike(mira, battle, orc), "Battle not in progress")
    join(make_player("Other"), battle)
    refused(strike(mira, battle, orc), "Not in this battle")
    fighters(mira, battle, stamina=9)
    db.query("update game.participants set is_dead = true")
    assert "dead" in strike(mira, battle, orc).json["detail"]
    db.query("update game.participants set is_dead = false")
    refused(strike(mira, battle, orc), "Not enough stamina! Need 10, have 9")
    assert strike(mira, battle, orc, "quick").json["stamina_remaining"] == 4
    assert [kind for kind, _ in events(battle)].count("attack") == 1


def test_stamina_that_time_has_earned_can_be_spent(mira: Client) -> None:
    battle = make_battle()
    _, orc, _ = fighters(mira, battle, stamina=0)
    refused(strike(mira, battle, orc), "Not enough stamina! Need 10, have 0")
    pass_time(mira, 10)
    assert strike(mira, battle, orc).json["stamina_remaining"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "enemy_id"),
        ({"enemy_id": None}, "enemy_id"),
        ({"enemy_id": "1"}, "enemy_id"),
        ({"enemy_id": 1.5}, "enemy_id"),
        ({"enemy_id": 1, "attack_type": "mighty"}, "attack_type"),
        ({"enemy_id": 1, "attack_type": None}, "attack_type"),
    ],
)
def test_bodies_that_are_none_are_422(mira: Client, body: Any, field: str) -> None:
    answered = mira.post("/api/battles/1/attack", body)
    assert answered.status == 422
    assert answered.json["detail"][0]["loc"] == ["body", field]


def test_the_seeds_path_strikes_the_first_that_stands(mira: Client) -> None:
    battle = make_battle()
    goblin, orc, troll = fighters(mira, battle)
    db.query("update game.battle_enemies set hp_current = 1")
    path = f"/api/battles/attack/{battle}"
    assert mira.post(path).json["enemy_id"] == goblin
    assert mira.post(path, {"enemy_id": troll}).json["enemy_id"] == troll
    last = mira.post(path, {"attack_type": "quick"}).json
    assert (last["enemy_id"], last["battle_completed"]) == (orc, True)
    refused(mira.post(path), "Enemy already defeated")


def test_damage_of_the_client_is_ignored(mira: Client) -> None:
    battle = make_battle()
    goblin, *_ = fighters(mira, battle)
    body = {"enemy_id": goblin, "damage": 999_999}
    answered = mira.post(f"/api/battles/{battle}/attack", body).json
    assert answered["damage"] <= 17


def test_an_attack_repeated_with_its_key_strikes_once(mira: Client) -> None:
    battle = make_battle()
    goblin, orc, _ = fighters(mira, battle)
    headers = mira.headers | {"Idempotency-Key": "one click"}
    path = f"/api/battles/{battle}/attack"
    answers = [mira.post(path, {"enemy_id": goblin}, headers=headers).json for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert mira.post(path, {"enemy_id": orc}, headers=headers).status == 409
    [found] = mira.get("/api/battles/history/me").json
    assert found["attacks_count"] == 1


# --- events and phases ---


def test_events_come_in_this_order(mira: Client) -> None:
    battle = make_battle()
    goblin, orc, troll = fighters(mira, battle)
    strike(mira, battle, goblin, "quick")
    db.query("update game.battle_enemies set hp_current = 1")
    for enemy in (goblin, orc, troll):
        last = strike(mira, battle, enemy).json
    assert [kind for kind, _ in events(battle)] == [
        *("player_joined_battle", "attack"),
        *("attack", "enemy_defeated"),
        *("attack", "enemy_defeated"),
        *("attack", "enemy_defeated", "battle_completed"),
    ]
    blow, defeat, end = (payload for _, payload in events(battle)[-3:])
    assert (
        blow.items()
        >= {
            "player_name": "Mira_K",
            "username": "Mira_K",
            "player_level": 1,
            "enemy_id": troll,
            "damage": last["damage"],
            "is_critical": last["is_critical"],
            "enemy_hp_remaining": 0,
            "enemy_defeated": True,
            "battle_completed": True,
            "attack_type": "normal",
        }.items()
    )
    assert defeat["defeated_by"] == "Mira_K"
    assert end == {"battle_id": battle, "message": "All enemies are down. Claim your loot!"}
    assert last["battle_completed"] is True


@pytest.mark.parametrize(
    ("hp", "phase"),
    [(100, 1), (76, 1), (75, 2), (51, 2), (50, 3), (26, 3), (25, 4), (1, 4), (0, 4)],
)
def test_phases(store: str, hp: int, phase: int) -> None:
    for most in (100, 1_500_000):
        found = db.fetch_value("select game.get_boss_phase(%s, %s)", (hp * most // 100, most))
        assert found == phase
    if hp in (75, 50, 25):
        assert db.fetch_value("select game.get_boss_phase(%s, 1500000)", (hp * 15_000 + 1,)) < phase


def test_a_boss_changes_its_phase_once_and_straight_to_the_last(mira: Client) -> None:
    raid = make_raid()
    [boss] = fighters(mira, raid, level=10)
    change(mira, stamina=1000, stamina_max=1000)
    for hp in (1_499_999, 1_125_001, 1_000_000, 375_001, 300_000, 1):
        db.query("update game.battle_enemies set hp_current = %s", (hp,))
        strike(mira, raid, boss)
    changes = [payload for kind, payload in events(raid) if kind == "boss_phase_change"]
    assert [(one["previous_phase"], one["new_phase"]) for one in changes] == [(1, 2), (2, 4)]
    assert changes[0]["hp_percent"] == 75.0
    assert all(one["description"] for one in changes)
    assert [kind for kind, _ in events(raid)][-3:] == [
        *("attack", "enemy_defeated", "battle_completed")
    ]
    found = mira.get(f"/api/battles/{raid}").json
    assert (found["status"], found["boss_current_phase"]) == ("completed", 4)


def test_a_killing_blow_changes_no_phase(mira: Client) -> None:
    raid = make_raid()
    [boss] = fighters(mira, raid, level=10)
    db.query("update game.players set base_attack = 2000000")
    strike(mira, raid, boss)
    assert [kind for kind, _ in events(raid)] == [
        *("player_joined_battle", "attack", "enemy_defeated", "battle_completed")
    ]


# --- at the same moment ---


@pytest.mark.commits
def test_stamina_goes_as_far_as_it_goes(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    battle = make_battle("legendary")
    _, _, troll = fighters(mira, battle)
    with own_connections(store, monkeypatch):
        answers = at_once(25, lambda _: strike(mira, battle, troll))
    won = [one.json for one in answers if one.status == 200]
    assert 10 <= len(won) <= 20  # ten, and what regenerated meanwhile
    for one in answers:
        assert one.status == 200 or "Not enough stamina" in one.json["detail"]
    [found] = mira.get("/api/battles/history/me").json
    assert found["attacks_count"] == len(won)
    assert found["total_damage_dealt"] == sum(one["damage"] for one in won)


@pytest.mark.commits
def test_one_key_strikes_once_however_often_it_is_sent(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira = make_player()
    battle = make_battle()
    goblin, *_ = fighters(mira, battle)
    headers = mira.headers | {"Idempotency-Key": "one click"}
    path, body = f"/api/battles/{battle}/attack", {"enemy_id": goblin}
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: mira.post(path, body, headers=headers))
    assert {one.status for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    [found] = mira.get("/api/battles/history/me").json
    assert (found["attacks_count"], mira.get("/api/player/me").json["stamina"]) == (1, 90)
    assert [kind for kind, _ in events(battle)].count("attack") == 1


@pytest.mark.commits
def test_thirty_strike_one_boss_and_it_falls_once(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    players = [make_player(f"Player {n}") for n in range(30)]
    raid = make_raid()
    db.query("update game.battles set max_players = 30, required_level = 1")
    db.query("update game.battle_enemies set hp_current = 400, hp_max = 1000")
    db.query("update game.players set base_attack = 230")
    for one in players:
        [boss] = fighters(one, raid)
    with own_connections(store, monkeypatch):
        answers = at_once(90, lambda n: strike(players[n % 30], raid, boss))
    won = [one.json for one in answers if one.status == 200]
    lost = Counter(one.json["detail"] for one in answers if one.status != 200)
    assert lost == {"Enemy already defeated": 90 - len(won)}
    assert [one["enemy_defeated"] for one in won].count(True) == 1
    assert [one["battle_completed"] for one in won].count(True) == 1
    assert min(one["enemy_hp_remaining"] for one in won) == 0
    dealt = get_damage(raid, players[0])
    assert dealt == sum(one["damage"] for one in won)
    told = events(raid)[30:]
    assert [kind for kind, _ in told][-3:] == ["attack", "enemy_defeated", "battle_completed"]
    left = [payload["enemy_hp_remaining"] for kind, payload in told if kind == "attack"]
    assert left == sorted(left, reverse=True)
    assert len(left) == len(won)


def get_damage(battle_id: int, client: Client) -> int:
    found = client.get(f"/api/battles/{battle_id}").json["participants"]
    return sum(one["total_damage_dealt"] for one in found)
