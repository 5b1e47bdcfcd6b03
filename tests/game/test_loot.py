"""Claiming loot: game.md 3.6, 5.4 and the loot of 5.7."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import floor
from typing import Any

import pytest

from functions.shared import db
from tests.support.battles import (
    MOST,
    claim,
    events,
    fighters,
    join,
    make_battle,
    make_raid,
    strike,
    win,
)
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, change, drawing, make_player, player_id

DROPS = {
    "easy": (10, {"common": 70, "uncommon": 30}),
    "medium": (20, {"common": 50, "uncommon": 40, "rare": 10}),
    "hard": (30, {"uncommon": 50, "rare": 40, "epic": 10}),
    "epic": (40, {"rare": 50, "epic": 40, "legendary": 10}),
    "legendary": (50, {"epic": 60, "legendary": 40}),
}
TYPES = ["weapon", "helmet", "armor", "boots", "gloves", "ring", "amulet"]
FACTORS = {"common": "1", "uncommon": "1.5", "rare": "2.5", "epic": "4", "legendary": "6"}


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


def refused(answered: Any, detail: str, status: int = 400) -> None:
    assert (answered.status, answered.json) == (status, {"detail": detail})


def end(battle_id: int, **damage: int) -> None:
    """Ends a battle, with what players dealt, by their names."""
    db.query(
        "update game.battles set status = 'completed', ended_at = now() where id = %s",
        (battle_id,),
    )
    for name, dealt in damage.items():
        db.query(
            """
            update game.participants as t
            set total_damage_dealt = %s
            from game.players as p
            where p.user_id = t.player_id
              and p.username = %s
              and t.battle_id = %s
            """,
            (dealt, name, battle_id),
        )


def test_who_dealt_more_than_half_gets_a_fifth_more(mira: Client) -> None:
    battle = make_battle("medium", 3)  # 450 gold, 225 experience
    other, idle = make_player("Other"), make_player("Idle")
    for client in (mira, other, idle):
        join(client, battle)
    end(battle, Mira_K=501, Other=499)
    with drawing(MOST):
        answers = [claim(client, battle).json for client in (mira, other, idle)]
    assert [(a["gold"], a["xp"], a["contribution_percent"]) for a in answers] == [
        (540, 270, 50.1),
        (450, 225, 49.9),
        (450, 225, 0.0),
    ]
    me = mira.get("/api/player/me").json
    assert (me["gold"], me["total_exp"], me["level"]) == (1540, 270, 3)
    assert answers[0]["level_up_info"] == {
        "leveled_up": True,
        "old_level": 1,
        "new_level": 3,
        "levels_gained": 2,
        "stat_points_earned": 6,
        "total_xp": 270,
        "xp_gained": 270,
    }


@pytest.mark.parametrize(
    ("own", "other", "percent", "has_bonus"),
    [(1, 1, 50.0, False), (0, 0, 50.0, False), (2, 1, 66.67, True), (1, 2, 33.33, False)],
)
def test_contribution(mira: Client, own: int, other: int, percent: float, has_bonus: bool) -> None:
    battle = make_battle()
    for client in (mira, make_player("Other")):
        join(client, battle)
    end(battle, Mira_K=own, Other=other)
    found = claim(mira, battle).json
    assert found["contribution_percent"] == percent
    assert (found["gold"], found["xp"]) == ((120, 60) if has_bonus else (100, 50))


def test_who_was_alone_and_idle_did_all_of_nothing(mira: Client) -> None:
    battle = make_battle()
    join(mira, battle)
    end(battle)
    assert claim(mira, battle).json["contribution_percent"] == 100.0


def test_claims_are_refused_in_this_order(mira: Client) -> None:
    battle = make_battle()
    refused(claim(mira, 10**9), "Battle not found", 404)
    refused(claim(mira, battle), "Battle not completed")
    join(make_player("Other"), battle)
    end(battle)
    refused(claim(mira, battle), "Not in this battle")
    db.query("update game.battles set status = 'in_progress', ended_at = null")
    join(mira, battle)
    end(battle)
    assert mira.post(f"/api/battles/claim-loot/{battle}").status == 200
    refused(claim(mira, battle), "Already claimed loot")


def test_a_claim_leaves_ledger_event_and_history(mira: Client) -> None:
    battle = make_battle()
    win(mira, battle)
    with drawing(0):
        answered = claim(mira, battle).json
    [found] = mira.get("/api/battles/history/me").json
    assert found["has_claimed_loot"] is True
    assert found["claimed_at"].endswith("Z")
    rewards = ("gold", "xp", "items", "contribution_percent")
    assert found["rewards"] == {name: answered[name] for name in rewards}
    row = db.fetch_one("select * from game.ledger where cause = 'claim'")
    assert row
    assert (row["amount"], row["balance_after"], row["kind"]) == (120, 1120, "gold")
    assert (row["reference"], row["player_id"]) == (found["id"], player_id(mira))
    assert events(battle)[-1] == (
        "loot_claimed",
        {
            "player_name": "Mira_K",
            "username": "Mira_K",
            "gold": 120,
            "xp": 60,
            "gold_gained": 120,
            "exp_gained": 60,
            "items_count": 1,
            "leveled_up": False,
        },
    )


def test_a_claim_repeated_with_its_key_is_the_same_claim(mira: Client) -> None:
    battle = make_battle()
    win(mira, battle)
    headers = mira.headers | {"Idempotency-Key": "one click"}
    path = f"/api/battles/{battle}/claim-loot"
    first, second = (mira.post(path, headers=headers) for _ in range(2))
    assert (first.status, first.json) == (second.status, second.json)
    assert mira.get("/api/player/me").json["gold"] == 1120


def test_gold_ends_at_what_javascript_holds(mira: Client) -> None:
    battle = make_battle()
    win(mira, battle)
    change(mira, gold=2**53 - 51)
    assert claim(mira, battle).json["gold"] == 120
    assert mira.get("/api/player/me").json["gold"] == 2**53 - 1


def test_level_100_is_the_last(mira: Client) -> None:
    battle = make_battle()
    win(mira, battle)
    change(mira, level=100, xp=680_760_705)
    found = claim(mira, battle).json["level_up_info"]
    assert (found["new_level"], found["total_xp"]) == (100, 680_760_765)


# --- items ---


@pytest.mark.parametrize("difficulty", DROPS)
def test_items_drop_as_often_as_stated(mira: Client, difficulty: str) -> None:
    chance, weights = DROPS[difficulty]
    edge = chance * 2**32 // 100
    for drawn, count in ((0, 1), (edge - 1, 1), (edge + 1, 0), (MOST, 0)):
        battle = make_battle(difficulty)
        join(mira, battle)
        end(battle)
        with drawing(drawn):
            assert len(claim(mira, battle).json["items"]) == count
    rolls = db.query("select chance, drawn, result from game.rolls where kind = 'drop'")
    assert len(rolls) == 4
    assert {row["result"] for row in rolls} == {"item", "nothing"}
    assert rolls[0]["chance"] == {"item": chance, "nothing": 100 - chance}
    [kind] = db.query("select distinct chance from game.rolls where kind = 'loot rarity'")
    assert {name: weight for name, weight in kind["chance"].items() if weight} == weights


@pytest.mark.parametrize("required", [1, 10])
@pytest.mark.parametrize("rarity", FACTORS)
@pytest.mark.parametrize("item_type", TYPES)
def test_stats_of_loot(mira: Client, item_type: str, rarity: str, required: int) -> None:
    row = db.fetch_one(
        "select i.* from game.give_loot(%s, 12, %s, %s, %s) as i",
        (player_id(mira), required, item_type, rarity),
    )
    assert row
    f = Fraction(FACTORS[rarity])
    if item_type == "weapon":
        stats = (floor((15 + 2 * required) * f), 0, 0)
    elif item_type in ("helmet", "armor"):
        stats = (
            floor(Fraction("0.3") * (5 + required) * f),
            floor((20 + 3 * required) * f),
            floor((50 + 10 * required) * f),
        )
    else:
        both = floor(Fraction("0.5") * (8 + Fraction("1.5") * required) * f)
        stats = (both, both, floor((30 + 5 * required) * f))
    assert (row["attack_bonus"], row["defense_bonus"], row["hp_bonus"]) == stats
    assert (row["level_requirement"], row["rarity"]) == (required, rarity)
    assert row["properties"] == {"source": "battle_12"}


def test_loot_is_in_the_inventory_and_can_be_worn(mira: Client) -> None:
    raid = make_raid("legendary")
    fighters(mira, raid, level=10)
    end(raid)
    with drawing(0, 0, MOST):
        [item] = claim(mira, raid).json["items"]
    assert (item["type"], item["rarity"]) == ("weapon", "legendary")
    [owned] = mira.get("/api/inventory").json["items"]
    assert owned["id"] == item["id"]
    assert owned["name"] == item["name"]
    assert owned["properties"] == {"source": f"battle_{raid}"}
    body = {"item_id": item["id"], "slot": "weapon", "set_type": "attack"}
    assert mira.post("/api/inventory/equip", body).json["stats"]["attack"] == 210


def test_types_and_rarities_follow_their_weights(mira: Client) -> None:
    battle = make_battle("hard")
    found = db.query(
        """
        select i.item_type, i.rarity
        from generate_series(0, 99::bigint) as n
        cross join game.battles as b
        cross join lateral game.roll_loot(
          %s, b, array[0, n * 42949673, n * 42949673]::bigint[]
        ) as i
        where b.id = %s
        """,
        (player_id(mira), battle),
    )
    assert {
        name: abs(n - 14) <= 1 for name, n in Counter(r["item_type"] for r in found).items()
    } == (dict.fromkeys(TYPES, True))
    assert Counter(r["rarity"] for r in found) == {"uncommon": 50, "rare": 40, "epic": 10}


# --- at the same moment ---


@pytest.mark.commits
def test_of_twenty_claims_one_succeeds(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = make_player()
    battle = make_battle()
    win(mira, battle)
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: claim(mira, battle))
    counted = Counter((one.status, one.json.get("detail")) for one in answers)
    assert counted == {(200, None): 1, (400, "Already claimed loot"): 19}
    me = mira.get("/api/player/me").json
    assert (me["gold"], me["total_exp"]) == (1120, 60)
    assert [kind for kind, _ in events(battle)].count("loot_claimed") == 1
    assert db.fetch_value("select count(*) from game.ledger where cause = 'claim'") == 1


@pytest.mark.commits
def test_claims_of_one_battle_with_blows_in_another_hold_nobody_up(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Players strike, join, claim and read lists at once: no deadlock, and sums that agree."""
    players = [make_player(f"Player {n}") for n in range(6)]
    won, other = make_battle(), make_battle("legendary", 5)
    for one in players:
        join(one, won)
        foes = fighters(one, other)
    end(won)

    def act(number: int) -> Any:
        client = players[number % 6]
        return (
            claim(client, won),
            strike(client, other, foes[number % 3]),
            join(client, other),
            client.get("/api/battles/available"),
        )[number % 4]

    with own_connections(store, monkeypatch):
        answers = at_once(48, act)
    assert {one.status for one in answers} <= {200, 400}
    assert db.fetch_value("select count(*) from game.ledger where cause = 'claim'") == 6
