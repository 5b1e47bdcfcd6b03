"""The next round of a tournament, whatever its format."""

from __future__ import annotations

from functions.tracker.engine.tournament import PairedRound, Tournament


def count_swiss_rounds(players: int) -> int:
    """How many rounds find one winner: the logarithm to base 2, rounded up, at least 1."""
    return max(1, (players - 1).bit_length())


def pair_next_round(tournament: Tournament) -> PairedRound:
    """The round after the last one; raises PairingError."""
    raise NotImplementedError


def pair_round_again(tournament: Tournament) -> PairedRound:
    """The last round paired again: locked pairs and the battles of unchanged pairs are kept.

    Raises PairingError where a game of it has started.
    """
    raise NotImplementedError


def is_stale(tournament: Tournament) -> bool:
    """Whether none of the last round's games has started and it would now be paired otherwise."""
    raise NotImplementedError
