"""A tournament as plain data: what the engine reads, and what it answers.

The engine is pure functions over these values: no database, no clock, no chance. Equal values give
equal answers, whatever the order of `Tournament.players`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Format = Literal["swiss", "single_elimination", "double_elimination"]
ResultType = Literal["score", "draw", "concession", "timeout", "declared", "forfeit", "double_loss"]
PlayerStatus = Literal["confirmed", "dropped", "disqualified"]
Credit = Literal["loss", "draw", "bye"]
ByeReason = Literal["odd_number", "bracket", "walkover"]
Bracket = Literal["winners", "losers", "grand_final", "third_place"]

PRESETS = {
    "points": ("match_points", "victory_points", "opp_win_pct"),
    "wtc": ("battle_points", "match_points", "vp_difference"),
}


class Rules(NamedTuple):
    """What of a tournament's rules decides pairings and places."""

    swiss_rounds: int = 1
    first_round: Literal["random", "seeded"] = "random"
    pairing_score: Literal["match_points", "battle_points"] = "match_points"
    pairing_by: Literal["win_path", "victory_points", "random"] = "win_path"
    tiebreakers: tuple[str, ...] = (
        "match_points",
        "opp_win_pct",
        "opp_opp_win_pct",
        "victory_points",
        "win_path",
    )
    draw_band: int = 5
    bye_victory_points: int = 70
    bye_battle_points: int = 15
    avoid_same_club: Literal["off", "first_round", "always"] = "first_round"
    third_place_match: bool = False
    grand_final: Literal["reset", "single"] = "reset"


class Player(NamedTuple):
    """Somebody who plays or played: neither the waiting list nor who withdrew before the start.

    `credits` says what a round without a pairing and without a bye counts, where it is no loss:
    late entries and reinstated players have them. In rounds of `absent` nobody is paired. Who
    dropped is out of rounds after `dropped_after_round`.
    """

    user_id: str
    seed: int
    display_name: str = ""
    status: PlayerStatus = "confirmed"
    club: str | None = None
    fixed_table: int | None = None
    dropped_after_round: int | None = None
    absent: frozenset[int] = frozenset()
    credits: Mapping[int, Credit] = {}

    @property
    def name(self) -> str:
        """What sentences call the player."""
        return self.display_name or self.user_id


class Result(NamedTuple):
    """How a game ended: totals of players 1 and 2, and who won (None: drawn, or both lost)."""

    victory_points: tuple[int, int]
    winner_id: str | None = None
    result_type: ResultType = "score"


class Pairing(NamedTuple):
    """Two players of a round; `result` is None while their game is open.

    The engine answers new pairings without `battle_id`, and keeps the one of an unchanged pairing.
    A game is cancelled where its tournament was finished early: it counts for nobody.
    """

    player1_id: str
    player2_id: str
    table_number: int | None = None
    result: Result | None = None
    battle_id: str | None = None
    has_started: bool = False
    is_locked: bool = False
    is_cancelled: bool = False
    bracket: Bracket | None = None
    match_code: str | None = None

    @property
    def player_ids(self) -> tuple[str, str]:
        """Both players."""
        return self.player1_id, self.player2_id


class Bye(NamedTuple):
    """A player who passes a round without a game."""

    player_id: str
    reason: ByeReason = "odd_number"


class Round(NamedTuple):
    """A round; its pairings are listed by their better player, in brackets by their matches."""

    number: int
    pairings: tuple[Pairing, ...] = ()
    byes: tuple[Bye, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every game has its result."""
        return all(pairing.result or pairing.is_cancelled for pairing in self.pairings)

    @property
    def has_started(self) -> bool:
        """Whether one of its games has left the set-up."""
        return any(one.has_started or one.result or one.is_cancelled for one in self.pairings)


class Tournament(NamedTuple):
    """Who plays by which rules, and what was played; `rounds` are 1, 2, 3 …"""

    format: Format
    pairing_seed: str
    players: tuple[Player, ...]
    rounds: tuple[Round, ...] = ()
    tables: tuple[int, ...] = ()
    rules: Rules = Rules()


class Cost(NamedTuple):
    """What a Swiss round's pairing costs, compared from the first term on: R, B, C, P, S, F, I.

    Earlier meetings of the paired; earlier byes and forfeit wins of the bye's receiver; pairs of
    one club; the receiver's place counted from the last; squared differences of scores; earlier
    floats in the same direction; squared distances of places.
    """

    rematches: int = 0
    repeat_byes: int = 0
    same_club: int = 0
    bye_place: int = 0
    score_gaps: int = 0
    floats: int = 0
    distance: int = 0


COST_LETTERS = dict(zip(Cost._fields, "RBCPSFI", strict=True))


class Rematch(NamedTuple):
    """Two players who meet again, and the rounds in which they met before."""

    player_ids: tuple[str, str]
    rounds: tuple[int, ...]


class CrossRecord(NamedTuple):
    """Two paired players of unequal match points, the better one first."""

    player_ids: tuple[str, str]
    match_points: tuple[int, int]


class PairingReport(NamedTuple):
    """Why a round is paired as it is.

    `order` is the players by place; in brackets it is their seeding, and there is no cost.
    `notes` has a sentence for each rematch, repeated bye, bye that did not go to the last,
    walkover, conflict of fixed tables and locked pair that could not be kept.
    """

    order: tuple[str, ...]
    cost: Cost | None = None
    rematch_free_possible: bool = True
    rematches: tuple[Rematch, ...] = ()
    repeat_bye: str | None = None
    same_club: tuple[tuple[str, str], ...] = ()
    cross_record: tuple[CrossRecord, ...] = ()
    notes: tuple[str, ...] = ()


class PairedRound(NamedTuple):
    """A round as the engine pairs it, and why."""

    round: Round
    report: PairingReport


class PairingError(ValueError):
    """Why no round can be paired now.

    `reason`: `too_few_players`, `no_more_rounds`, `round_incomplete` (with the open games of round
    `number`), `round_started` or `not_paired` (nothing to pair again).
    """

    def __init__(self, reason: str, number: int = 0, missing: tuple[Pairing, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.number = number
        self.missing = missing
