"""Who claims for next to nothing: game.md section 9, and `GAME_MIN_CONTRIBUTION`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support.battles import claim, events, join, make_battle
from tests.support.client import Client
from tests.support.game import (
    audited,
    change,
    drawing,
    make_operator,
    make_player,
    player_id,
)

MOST = 2**32 - 1


@pytest.fixture
def rita(store: str) -> Client:
    return make_operator("Rita", "staff")


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


@pytest.fixture
def otto(store: str) -> Client:
    return make_player("Otto")


def fight(*sides: tuple[Client, int]) -> int:
    """A battle that is won, with what each of its players dealt."""
    battle = make_battle()
    for client, damage in sides:
        join(client, battle)
        db.query(
            """
            update game.participants
            set total_damage_dealt = %s
            where battle_id = %s
              and player_id = %s
            """,
            (damage, battle, player_id(client)),
        )
    db.query(
        "update game.battles set status = 'completed', ended_at = now() where id = %s", (battle,)
    )
    return battle


def claimed(client: Client, battle: int, drawn: int = MOST) -> dict[str, Any]:
    with drawing(drawn):
        answered = claim(client, battle)
    assert answered.status == 200, answered.text
    found: dict[str, Any] = answered.json
    return found


def read(operator: Client, query: str = "") -> Any:
    return operator.get(f"/api/admin/contribution?{query}")


# --- the list ---


def test_claims_below_a_hundredth_are_listed(mira: Client, otto: Client, rita: Client) -> None:
    idle = make_player("Idle")
    for dealt in (0, 9, 500):
        claimed(otto, fight((mira, 1000), (otto, dealt)), 0 if dealt == 9 else MOST)
    claimed(idle, fight((mira, 1000), (idle, 0)))
    fight((mira, 1000), (idle, 0))  # and does not claim
    found = read(rita).json
    assert found["days"] == 7
    [first, second] = found["players"]
    assert first.pop("last_claimed_at").endswith("Z")
    assert first == {
        "player_id": player_id(otto),
        "username": "Otto",
        "claims": 2,
        "all_claims": 3,
        "damage": 9,
        "gold": 200,
        "xp": 100,
        "items": 1,
    }
    assert (second["username"], second["claims"], second["gold"]) == ("Idle", 1, 100)
    assert [one["username"] for one in read(rita, "limit=1").json["players"]] == ["Otto"]


@pytest.mark.parametrize(("dealt", "count"), [(9_999, 1), (10_000, 0), (10_001, 0)])
def test_a_hundredth_is_exact(
    mira: Client, otto: Client, rita: Client, dealt: int, count: int
) -> None:
    """0.9999 % is answered as 1.00, and is less all the same."""
    claimed(otto, fight((mira, 1_000_000 - dealt), (otto, dealt)))
    assert len(read(rita).json["players"]) == count


def test_where_nobody_struck_nobody_did_less(mira: Client, otto: Client, rita: Client) -> None:
    claimed(otto, fight((mira, 0), (otto, 0)))
    assert read(rita).json["players"] == []


def test_days_are_counted_back_from_now(mira: Client, otto: Client, rita: Client) -> None:
    claimed(otto, fight((mira, 1000), (otto, 0)))
    db.query("update game.participants set claimed_at = claimed_at - interval '49 hours'")
    for query, days, count in (
        ("", 7, 1),
        ("days=2", 2, 0),
        ("days=3", 3, 1),
        ("days=0", 1, 0),
        ("days=x", 7, 1),
        ("days=99999", 365, 1),
    ):
        found = read(rita, query).json
        assert (found["days"], len(found["players"])) == (days, count)


def test_who_reads_it_is_audited_and_staff(mira: Client, rita: Client) -> None:
    assert read(rita, "days=3&reason=freeloaders").status == 200
    assert read(mira).status == 403
    [noted] = audited()
    assert (noted["action"], noted["reason"]) == ("contribution.read", "freeloaders")
    assert (noted["actor"], noted["details"]) == (str(player_id(rita)), {"days": 3})


def test_without_the_database(rita: Client, away: Callable[[], None]) -> None:
    away()
    assert read(rita).status == 503


# --- the least contribution ---


def test_below_the_least_contribution_a_claim_gives_nothing(
    mira: Client, otto: Client, rita: Client, setting: Callable[..., None]
) -> None:
    setting(GAME_MIN_CONTRIBUTION="1")
    battle = fight((mira, 1000), (otto, 9))
    found = claimed(otto, battle, 0)  # a draw that would drop an item
    assert found == {
        "success": True,
        "gold": 0,
        "xp": 0,
        "items": [],
        "contribution_percent": 0.89,
        "level_up_info": {
            "leveled_up": False,
            "old_level": 1,
            "new_level": 1,
            "levels_gained": 0,
            "stat_points_earned": 0,
            "total_xp": 0,
            "xp_gained": 0,
        },
        "error": None,
        "message": "Less than 1 % of the damage: no loot",
    }
    assert claim(otto, battle).json == {"detail": "Already claimed loot"}
    assert otto.get("/api/player/me").json["gold"] == 1000
    [own] = otto.get("/api/battles/history/me").json
    assert own["has_claimed_loot"] is True
    assert own["rewards"]["gold"] == 0
    assert db.query("select 1 from game.rolls where kind = 'drop'") == []
    assert db.query("select 1 from game.ledger where cause = 'claim'") == []
    [told] = [payload for kind, payload in events(battle) if kind == "loot_claimed"]
    assert (told["gold"], told["xp"], told["items_count"]) == (0, 0, 0)
    # Operators see who tries.
    [listed] = read(rita).json["players"]
    assert (listed["username"], listed["claims"], listed["gold"]) == ("Otto", 1, 0)


@pytest.mark.parametrize(
    ("least", "dealt", "gold"),
    [
        ("0", 0, 100),  # as the game's rules have it
        ("1", 10, 100),
        ("1", 9, 0),
        ("0.5", 5, 100),
        ("0.5", 4, 0),
        ("50", 500, 100),  # and no fifth more
        ("50", 499, 0),
        ("100", 1000, 120),
        ("100", 999, 0),
    ],
)
def test_the_least_contribution(
    mira: Client,
    otto: Client,
    setting: Callable[..., None],
    least: str,
    dealt: int,
    gold: int,
) -> None:
    setting(GAME_MIN_CONTRIBUTION=least)
    found = claimed(otto, fight((mira, 1000 - dealt), (otto, dealt)))
    assert (found["gold"], "message" in found) == (gold, gold == 0)


def test_where_nobody_struck_the_least_contribution_takes_equal_shares(
    mira: Client, otto: Client, setting: Callable[..., None]
) -> None:
    setting(GAME_MIN_CONTRIBUTION="50")
    assert claimed(otto, fight((mira, 0), (otto, 0)))["gold"] == 100


def test_a_claim_of_nothing_keeps_stamina_and_balance(
    mira: Client, otto: Client, setting: Callable[..., None]
) -> None:
    setting(GAME_MIN_CONTRIBUTION="1")
    change(otto, gold=2**53 - 1)
    claimed(otto, fight((mira, 1000), (otto, 0)))
    assert otto.get("/api/player/me").json["gold"] == 2**53 - 1
