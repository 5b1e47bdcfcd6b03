"""Brackets of numbers: "1" is the first seed; they are played to the end by a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.tracker.engine.brackets import pair_round, resolve, seat_round
from functions.tracker.engine.tournament import (
    Format,
    Pairing,
    PairingError,
    Player,
    Result,
    Round,
    Rules,
    Tournament,
)

Winner = Callable[[Pairing], str]


def make_bracket(format: Format, players: int, **rules: Any) -> Tournament:
    """An event seeded 1, 2, 3 …"""
    names = tuple(Player(str(seed), seed) for seed in range(1, players + 1))
    tables = tuple(range(1, players // 2 + 1))
    return Tournament(format, "42", names, (), tables, Rules(first_round="seeded", **rules))


def win_better(pairing: Pairing) -> str:
    """The better seed wins."""
    return pairing.player1_id


def finish_game(pairing: Pairing, winner: str | None) -> Pairing:
    """The pairing with a result; without a winner both lost."""
    totals = (60, 40) if winner == pairing.player1_id else (40, 60)
    result = Result(totals, winner or None, "score" if winner else "double_loss")
    battle = pairing.battle_id or f"btl_{pairing.match_code}_{'_'.join(pairing.player_ids)}"
    return pairing._replace(result=result, has_started=True, battle_id=battle)


def add_next_round(event: Tournament, winner: Winner | None = win_better) -> Tournament:
    """The event with its next round, played by the rule or (None) still open."""
    return _add(event, pair_round(event).round, winner)


def _add(event: Tournament, played: Round, winner: Winner | None) -> Tournament:
    pairings = tuple(
        finish_game(one, winner(one))
        if winner
        else one._replace(battle_id=f"btl_{one.match_code}_{'_'.join(one.player_ids)}")
        for one in played.pairings
    )
    return event._replace(rounds=(*event.rounds, played._replace(pairings=pairings)))


def play_bracket(event: Tournament, winner: Winner = win_better) -> Tournament:
    """The event played to its end."""
    while not (resolved := resolve(event)).is_finished:
        paired = resolved.paired[len(event.rounds)]  # as `pair_round` would, which resolves again
        event = _add(event, seat_round(event, paired).round, winner)
    with pytest.raises(PairingError, match="no_more_rounds"):
        pair_round(event)
    return event


def show_rounds(event: Tournament) -> list[str]:
    """Each round's matches in a line, as "4-5 3-6; 1 2": the pairs and who has a bye."""
    return [
        " ".join("-".join(one.player_ids) for one in played.pairings)
        + "".join(
            f"{';' if index == 0 else ''} {bye.player_id}" for index, bye in enumerate(played.byes)
        )
        for played in event.rounds
    ]
