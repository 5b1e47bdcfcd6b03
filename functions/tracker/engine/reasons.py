"""Why one row of the standings is above another: the first criterion that separates the two."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from functions.tracker.engine.tournament import Player

Value = int | float | str | None

LABELS = {
    "match_points": "match points",
    "opp_win_pct": "opponents' win percentage",
    "opp_opp_win_pct": "opponents' opponents' win percentage",
    "victory_points": "victory points",
    "win_path": "the path of wins",
    "vp_difference": "the difference of victory points",
    "battle_points": "battle points",
    "seed": "the seed",
    "draw_order": "the draw",
}
_SHARES = ("opp_win_pct", "opp_opp_win_pct")


class Reason(NamedTuple):
    """What separates a row from the one above: the criterion, the values of both, a sentence."""

    decided_by: str | None
    values: tuple[Value, Value] | None
    text: str


FIRST = Reason(None, None, "Nobody stands above.")


def compare(
    own: tuple[Player, Mapping[str, int | str]],
    above: tuple[Player, Mapping[str, int | str]],
    denominator: int,
) -> Reason:
    """Why the first player stands below the second, by exact values of the same criteria.

    Percentages are numerators over `denominator`.
    """
    (player, values), (better, theirs) = own, above
    if player.status == "disqualified" != better.status:
        text = f"{player.name} was disqualified and is listed last."
        return Reason("disqualified", (player.status, better.status), text)
    differing = [one for one, value in values.items() if value != theirs[one]]
    criterion = differing[0] if differing else list(values)[-1]
    pair = [_show(criterion, one[criterion], denominator) for one in (values, theirs)]
    words = [str(one) for one in pair]
    if words[0] == words[1] and criterion in _SHARES:  # in four decimals
        words = [str(Fraction(int(one[criterion]), denominator)) for one in (values, theirs)]
    equal = [LABELS[one] for one in values][: list(values).index(criterion)]
    text = f"{better.name} has {words[1]} and {player.name} {words[0]}."
    sentence = f"Decided by {LABELS[criterion]}: {text}"
    if equal:
        sentence = f"Equal in {', '.join(equal)}. {sentence}"
    return Reason(criterion, (pair[0], pair[1]), sentence)


def compare_eliminated(
    own: tuple[Player, tuple[int, int] | None, int],
    above: tuple[Player, tuple[int, int] | None, int],
) -> Reason:
    """Why a player of a bracket stands below another: each with the round of elimination and what
    orders those of one round (None: still in), and the seed."""
    (player, out, seed), (better, theirs, other_seed) = own, above
    if out == theirs:
        place = "are out in the same round" if out else "are both still in"
        text = f"{better.name} and {player.name} {place} and are listed by seed."
        return Reason("seed", (seed, other_seed), text)
    values = (out and out[0], theirs and theirs[0])
    if out == (0, 0):
        return Reason("disqualified", values, f"{player.name} was disqualified and is listed last.")
    if not theirs:
        text = f"{better.name} was not eliminated, {player.name} in round {values[0]}."
    elif values[0] == values[1]:
        text = f"{better.name} and {player.name} are out in one round, by another match."
    else:
        text = f"{better.name} is out in round {values[1]}, {player.name} in round {values[0]}."
    return Reason("elimination", values, text)


def _show(criterion: str, value: int | str, denominator: int) -> float | int | str:
    if criterion in _SHARES:
        return round(int(value) / denominator, 4)
    return value
