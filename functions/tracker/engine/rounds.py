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
    if last.has_started:
        raise PairingError("round_started", last.number)
    if tournament.format == "swiss":
        return pairing.pair_round(tournament, last.number)
    return brackets.seat_round(tournament, brackets.resolve(tournament).paired[last.number - 1])


def is_stale(tournament: Tournament) -> bool:
    """Whether none of the last round's games has started and it would now be paired otherwise."""
    last = tournament.rounds[-1] if tournament.rounds else None
    if tournament.format != "swiss" or not last or last.has_started:
        return False
    try:
        again = pair_round_again(tournament).round
    except PairingError:
        return True
    now = {frozenset(one.player_ids) for one in again.pairings}
    return now != {frozenset(one.player_ids) for one in last.pairings}
