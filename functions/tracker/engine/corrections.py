"""Results that change later, and players who leave: what becomes of what was paired since."""

from __future__ import annotations

from typing import Literal, NamedTuple

from functions.tracker.engine.tournament import Pairing, Result, Tournament


class AffectedRound(NamedTuple):
    """A later round: `stale` where it could be paired otherwise, `kept` where it was begun."""

    round: int
    status: Literal["stale", "kept"]


class AffectedMatch(NamedTuple):
    """A later match of a bracket whose players change; `new_player_ids` is None while they are not
    known, and the match is issued again once they are."""

    round: int
    match_code: str
    battle_id: str | None
    old_player_ids: tuple[str, str] | None
    new_player_ids: tuple[str, str] | None
    has_result: bool


class RankChange(NamedTuple):
    """A place before and after."""

    user_id: str
    before: int | None
    after: int | None


class Correction(NamedTuple):
    """The event with the result in it, and all that this changes.

    `tournament.rounds` are to be stored: pairings without `battle_id` need a battle, battles in
    `cancelled` are void.
    """

    tournament: Tournament
    before: Result | None
    after: Result
    standings_changes: tuple[RankChange, ...]
    affected_rounds: tuple[AffectedRound, ...]
    affected_matches: tuple[AffectedMatch, ...]
    cancelled: tuple[Pairing, ...]


class LockedResultError(ValueError):
    """Matches already begun would be void; `force` voids them."""

    def __init__(self, affected_matches: tuple[AffectedMatch, ...]) -> None:
        super().__init__("matches already begun would be void")
        self.affected_matches = affected_matches


class Departure(NamedTuple):
    """The event without the player, to be stored as a `Correction`.

    `forfeited` is the open game that the opponent wins; with `repair`, `repaired` is the pairing
    that takes its table instead, and then nothing is forfeited.
    """

    tournament: Tournament
    forfeited: Pairing | None
    repaired: Pairing | None
    affected_matches: tuple[AffectedMatch, ...]
    cancelled: tuple[Pairing, ...]


def enter_result(
    tournament: Tournament, battle_id: str, result: Result, *, force: bool = False
) -> Correction:
    """Enters a first result, or corrects one.

    Raises LockedResultError, and ValueError for a drawn game of a bracket.
    """
    raise NotImplementedError


def drop_player(
    tournament: Tournament,
    user_id: str,
    *,
    kind: Literal["drop", "no_show", "disqualified"] = "drop",
    repair: bool = False,
) -> Departure:
    """Takes a player out of the running event: not paired again, keeps rank and games."""
    raise NotImplementedError
