"""Win percentages of players, their opponents and opponents' opponents, as exact fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import NamedTuple

from functions.tracker.engine.records import Record


class Percentages(NamedTuple):
    """Numerators by user id over `denominator`; without a game that counts they are 0."""

    own: dict[str, int]
    opponents: dict[str, int]
    opponents_opponents: dict[str, int]
    denominator: int


def compute_percentages(records: Mapping[str, Record]) -> Percentages:
    """The shares of everybody's games: wins and half of the draws, unplayed games left out.

    An opponent met twice counts twice. Whole numbers over one denominator compare as exactly as
    fractions do, and need no common divisors.
    """
    played = {user_id: record.get_played() for user_id, record in records.items()}
    opponents = {user_id: [game.opponent_id for game in games] for user_id, games in played.items()}
    unit = lcm(*range(1, max(map(len, played.values()), default=0) + 1))
    own = {
        user_id: sum({"W": 2, "D": 1, "L": 0}[game.letter] for game in games) * _per(unit, games)
        for user_id, games in played.items()
    }
    # Each mean multiplies the denominator once more.
    means = {
        user_id: sum(own[other] for other in met) * _per(unit, met)
        for user_id, met in opponents.items()
    }
    means_of_means = {
        user_id: sum(means[other] for other in met) * _per(unit, met)
        for user_id, met in opponents.items()
    }
    return Percentages(
        {user_id: share * unit * unit for user_id, share in own.items()},
        {user_id: share * unit for user_id, share in means.items()},
        means_of_means,
        2 * unit**3,
    )


def _per(unit: int, things: Sequence[object]) -> int:
    return unit // len(things) if things else 0
