"""Swiss pairing: a perfect matching of least cost, exact, explained and repeatable."""

from __future__ import annotations

from functions.tracker.engine.tournament import PairedRound, PairingReport, Tournament


def pair_round(tournament: Tournament, number: int) -> PairedRound:
    """Round `number` by the rounds before it; raises PairingError.

    Where the round is there already, its locked pairs are kept, and unchanged pairs keep their
    battles. Nothing else of that round and of later ones is read.
    """
    raise NotImplementedError


def report_round(tournament: Tournament, number: int) -> PairingReport:
    """Why the stored round is as it is, also when people have paired it by hand."""
    raise NotImplementedError


def find_faults(
    tournament: Tournament, number: int, pairs: list[tuple[str, str]], byes: list[str]
) -> list[str]:
    """What is wrong with a round paired by hand, a sentence each: every active player once."""
    raise NotImplementedError
