"""The next round of a tournament, whatever its format."""

from __future__ import annotations

from functions.tracker.engine import brackets, pairing
from functions.tracker.engine.tournament import PairedRound, PairingError, Tournament


def count_swiss_rounds(players: int) -> int:
    """How many rounds find one winner: the logarithm to base 2, rounded up, at least 1."""
    return max(1, (players - 1).bit_length())


def pair_next_round(tournament: Tournament) -> PairedRound:
    """The round after the last one; raises PairingError."""
    if tournament.format != "swiss":
        return brackets.pair_round(tournament)
    for played in tournament.rounds:
        if not played.is_complete:
            missing = tuple(one for one in played.pairings if not one.result)
            raise PairingError("round_incomplete", played.number, missing)
    if len(tournament.rounds) >= tournament.rules.swiss_rounds:
        raise PairingError("no_more_rounds")
    return pairing.pair_round(tournament, len(tournament.rounds) + 1)


def pair_round_again(tournament: Tournament) -> PairedRound:
    """The last round paired again: locked pairs and the battles of unchanged pairs are kept.

    Raises PairingError where a game of it has started.
    """
    if not tournament.rounds:
        raise PairingError("not_paired")
    last = tournament.rounds[-1]
    if has_started(tournament):
        raise PairingError("round_started", last.number)
    if tournament.format == "swiss":
        return pairing.pair_round(tournament, last.number)
    return brackets.resolve(tournament).paired[last.number - 1]


def has_started(tournament: Tournament) -> bool:
    """Whether a game of the last round has started."""
    last = tournament.rounds[-1]
    return any(one.has_started or one.result or one.is_cancelled for one in last.pairings)


def is_stale(tournament: Tournament) -> bool:
    """Whether none of the last round's games has started and it would now be paired otherwise."""
    if tournament.format != "swiss" or not tournament.rounds or has_started(tournament):
        return False
    last, again = tournament.rounds[-1], pair_round_again(tournament).round
    pairs, now = ({frozenset(one.player_ids) for one in of.pairings} for of in (last, again))
    return pairs != now or set(last.byes) != set(again.byes)
