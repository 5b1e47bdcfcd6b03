"""Single and double elimination: who meets whom, and who passes on."""

from __future__ import annotations

from typing import NamedTuple

from functions.tracker.engine.tournament import Bracket, PairedRound, PairingReport, Tournament


class Match(NamedTuple):
    """A place in the bracket: two lines, each a player, empty (None), or not known yet.

    `winner_id` and `loser_id` are what passes on: None where the line is empty.
    """

    code: str
    bracket: Bracket
    player_ids: tuple[str | None, str | None]
    is_known: bool
    is_decided: bool = False
    winner_id: str | None = None
    loser_id: str | None = None


class ResolvedBracket(NamedTuple):
    """The whole bracket as far as results say: its rounds, and who was eliminated in which."""

    paired: tuple[PairedRound, ...]  # as far as players are known
    eliminated: dict[str, int]  # by user id, the round
    champion_id: str | None
    is_finished: bool
    report: PairingReport


def pair_round(tournament: Tournament) -> PairedRound:
    """The round after the last; raises PairingError."""
    raise NotImplementedError


def resolve(tournament: Tournament) -> ResolvedBracket:
    """The bracket by the results in `tournament.rounds`; matches keep their battles where the same
    two players still meet under the same code."""
    raise NotImplementedError
