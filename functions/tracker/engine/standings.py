"""Places: by record and tie-breakers in Swiss, by elimination in brackets, each explained."""

from __future__ import annotations

from typing import NamedTuple

from functions.tracker.engine.tournament import Tournament


class OpponentLine(NamedTuple):
    """What a game gave to the opponents' percentages; `why_not` it was left out: `forfeit` or
    `no_games`. `result` is W, D or L."""

    user_id: str
    round: int
    result: str
    win_pct: float
    counted: bool
    why_not: str | None


class Explanation(NamedTuple):
    """Why a row stands below the one above: the first criterion that separates them, the values of
    this row and that one, and a sentence. The first row has neither."""

    above: str | None
    decided_by: str | None
    values: tuple[float | str | None, float | str | None] | None
    opponents: tuple[OpponentLine, ...]
    text: str


class Row(NamedTuple):
    """A player's line; percentages are shares from 0 to 1, rounded to four decimals.

    `played` are games that were really played; `wins` and `losses` include forfeits. `rank` is None
    for who is still in a bracket.
    """

    rank: int | None
    user_id: str
    status: str
    played: int
    wins: int
    losses: int
    draws: int
    byes: int
    match_points: int
    opp_win_pct: float
    opp_opp_win_pct: float
    victory_points: int
    vp_difference: int
    battle_points: int
    win_path: str
    explain: Explanation


class Standings(NamedTuple):
    """The table after `round`; `champion_id` is None while the last round of the format is not
    complete, and after a final that both lost."""

    round: int
    rows: tuple[Row, ...]
    champion_id: str | None


def rank_players(tournament: Tournament, after_round: int | None = None) -> Standings:
    """Everybody's place after the round (None: after all results so far)."""
    raise NotImplementedError
