"""Levels of players: what each costs, and what reaching it earns."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from pydantic import ConfigDict, RootModel

from functions.shared.fields import ResponseModel

MAX_LEVEL = 100
# The cost of reaching each level from the one before; the first costs nothing. In double precision,
# as the game's clients count: int(100 * 1.15) is 114.
COSTS = (0, *(int(100 * 1.15 ** (level - 2)) for level in range(2, MAX_LEVEL + 2)))
TOTALS = tuple(accumulate(COSTS))


class NextRewards(ResponseModel):
    """What the next level earns."""

    stat_points: int
    is_milestone: bool


class Progression(ResponseModel):
    """How far a player is."""

    current_level: int
    total_xp: int
    xp_in_current_level: int
    xp_for_next_level: int
    xp_to_next_level: int
    progress_percent: float
    max_level_reached: bool
    unspent_stat_points: int
    next_level_rewards: NextRewards


class LevelCost(ResponseModel):
    """A level of the table."""

    level: int
    xp_required: int
    total_xp: int
    stat_points_reward: int


class LevelTable(RootModel[list[LevelCost]]):
    """Levels from 1 on."""

    model_config = ConfigDict(defer_build=True)


def get_stat_points(level: int) -> int:
    """The stat points that reaching a level earns."""
    if level == 1:
        return 0
    return 8 if level % 10 == 0 else 3


def describe(player: dict[str, Any]) -> dict[str, Any]:
    """How far a player, as `GET /api/player/me` answers it, is on the way to the next level."""
    level, cost = player["level"], player["exp_max"]
    is_last = level == MAX_LEVEL
    inside = min(player["exp"], cost) if is_last else player["exp"]
    return {
        "current_level": level,
        "total_xp": player["total_exp"],
        "xp_in_current_level": player["exp"],
        "xp_for_next_level": cost,
        "xp_to_next_level": cost - inside,
        "progress_percent": inside * 10_000 // cost / 100,
        "max_level_reached": is_last,
        "unspent_stat_points": player["unspent_stat_points"],
        "next_level_rewards": {
            "stat_points": 0 if is_last else get_stat_points(level + 1),
            "is_milestone": not is_last and (level + 1) % 10 == 0,
        },
    }


def list_levels(last: int) -> list[dict[str, int]]:
    """The levels from 1 to `last`."""
    return [
        {
            "level": level,
            "xp_required": COSTS[level - 1],
            "total_xp": TOTALS[level - 1],
            "stat_points_reward": get_stat_points(level),
        }
        for level in range(1, last + 1)
    ]
