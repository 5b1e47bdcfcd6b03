"""Numbers of statistics: rates, each with its sample and its interval, and means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.shared.fields import ResponseModel
from functions.shared.intervals import find_interval


class Rate(ResponseModel):
    """How many of a sample were won: a share from 0 to 1, and the 95 % interval that it lies in
    (Wilson's, `low` to `high`); null without a sample."""

    wins: int
    sample: int
    rate: float | None
    low: float | None
    high: float | None


class TurnTime(ResponseModel):
    """The mean of how long turns took, in seconds; null without one."""

    turns: int
    mean_seconds: float | None


class Record(ResponseModel):
    """Games that were played, by their result. A game against the same faction (`mirror_games`)
    is a game of both players, and in no rate.

    `first_turn`, `second_turn`: of games in which they had it, of battles that were begun by
    `start`; `turn_time` is of these too. Points are victory points.
    """

    games: int
    mirror_games: int
    wins: int
    draws: int
    losses: int
    mean_points: float | None
    mean_opponent_points: float | None
    win_rate: Rate
    first_turn: Rate
    second_turn: Rate
    turn_time: TurnTime


def make_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a Record by the sums of a rollup."""
    games, mirrors = row["games"], row["mirror_games"]
    return {
        "games": games,
        "mirror_games": mirrors,
        "wins": row["wins"],
        "draws": row["draws"],
        "losses": games - row["wins"] - row["draws"],
        "mean_points": make_mean(row["points"], games),
        "mean_opponent_points": make_mean(row["opponent_points"], games),
        "win_rate": make_rate(row["wins"] - row["mirror_wins"], games - mirrors),
        "first_turn": make_rate(row["first_wins"], row["first_games"]),
        "second_turn": make_rate(row["second_wins"], row["second_games"]),
        "turn_time": make_turn_time(row),
    }


def make_rate(wins: int, sample: int) -> dict[str, Any]:
    """A Rate, to four decimals."""
    if not sample:
        return {"wins": 0, "sample": 0, "rate": None, "low": None, "high": None}
    low, high = find_interval(wins, sample)
    return {
        "wins": wins,
        "sample": sample,
        "rate": round(wins / sample, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def make_turn_time(row: Mapping[str, Any]) -> dict[str, Any]:
    """A TurnTime by the sums of a rollup."""
    turns = row["turns"]
    return {"turns": turns, "mean_seconds": make_mean(row["turn_ms"], 1000 * turns)}


def make_mean(total: int, count: int) -> float | None:
    """A mean to two decimals; None of nothing."""
    return round(total / count, 2) if count else None
