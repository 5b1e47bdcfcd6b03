"""Levels of players: game.md 5.1."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from functions.game import progression
from functions.shared import db
from tests.support.client import Client
from tests.support.game import change, make_player, player_id

COSTS = {2: 100, 3: 114, 4: 132, 5: 152, 6: 174, 10: 305, 20: 1237, 50: 81940, 100: 88794967}
TOTALS = {3: 214, 4: 346, 5: 498, 10: 1675, 100: 680760705}
# Of one database, in the transaction of a test.
ONE_STORE = examples(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def gain(client: Client, xp: int) -> dict[str, object]:
    call = (player_id(client), 0, None, None, None, 100, 10)
    found: dict[str, object] = db.fetch_value("select game.gain_xp(%s::game.call, %s)", (call, xp))
    return found


def test_costs_and_sums_are_the_contracts() -> None:
    assert {level: progression.COSTS[level - 1] for level in COSTS} == COSTS
    assert {level: progression.TOTALS[level - 1] for level in TOTALS} == TOTALS
    assert progression.COSTS[100] == 102114213


def test_the_store_has_the_same_table(store: str) -> None:
    rows = db.query("select level, cost, total_xp from game.levels order by level")
    assert [row["level"] for row in rows] == list(range(1, 102))
    assert tuple(row["cost"] for row in rows) == progression.COSTS
    assert tuple(row["total_xp"] for row in rows) == progression.TOTALS


@pytest.mark.parametrize(
    ("gained", "level", "points"),
    [(99, 1, 0), (100, 2, 3), (213, 2, 3), (214, 3, 6), (498, 5, 12), (1675, 10, 32)],
)
def test_several_levels_at_once_give_the_sum(
    store: str, gained: int, level: int, points: int
) -> None:
    mira = make_player()
    change(mira, stamina=3)
    assert gain(mira, gained) == {
        "leveled_up": level > 1,
        "old_level": 1,
        "new_level": level,
        "levels_gained": level - 1,
        "stat_points_earned": points,
        "total_xp": gained,
        "xp_gained": gained,
    }
    me = mira.get("/api/player/me").json
    assert (me["level"], me["unspent_stat_points"]) == (level, points)
    assert me["exp"] == gained - progression.TOTALS[level - 1]
    assert me["exp_max"] == progression.COSTS[level]
    assert me["stamina"] == (100 if level > 1 else 3)
    assert (me["base_attack"], me["stamina_max"]) == (10, 100)


def test_level_100_is_the_last(store: str) -> None:
    mira = make_player()
    gain(mira, 680760705 + 102114213 + 5)
    me = mira.get("/api/player/me").json
    assert (me["level"], me["exp"], me["exp_max"]) == (100, 102114218, 102114213)
    shown = mira.get("/api/player/progression").json
    assert shown["max_level_reached"] is True
    assert (shown["xp_to_next_level"], shown["progress_percent"]) == (0, 100)
    assert gain(mira, 2**53 - 1)["total_xp"] == 2**53 - 1


@ONE_STORE
@given(parts=st.lists(st.integers(0, 3000), min_size=1, max_size=6))
def test_it_does_not_matter_in_how_many_parts_experience_comes(
    store: str, parts: list[int]
) -> None:
    with db.connection().transaction(force_rollback=True):
        mira = make_player(f"Mira {len(parts)}")
        for part in parts:
            gain(mira, part)
        me = mira.get("/api/player/me").json
        total = sum(parts)
        level = max(n for n in range(1, 101) if progression.TOTALS[n - 1] <= total)
        earned = sum(progression.get_stat_points(n) for n in range(1, level + 1))
        assert (me["level"], me["total_exp"], me["unspent_stat_points"]) == (level, total, earned)
