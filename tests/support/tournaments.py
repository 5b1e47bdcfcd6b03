"""Tournaments of letters: A has seed 1, B seed 2 …; results are written "A 80-60 C"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from functions.tracker.engine.pairing import pair_round
from functions.tracker.engine.tournament import (
    Bye,
    PairedRound,
    Pairing,
    Player,
    Result,
    Round,
    Rules,
    Tournament,
)


def make_tournament(names: Iterable[str], **rules: Any) -> Tournament:
    """A Swiss event, seeded in the order of the names, with a table for each pairing."""
    players = tuple(Player(name, seed) for seed, name in enumerate(names, 1))
    tables = tuple(range(1, len(players) // 2 + 1))
    chosen = Rules(**({"first_round": "seeded", "swiss_rounds": 12} | rules))
    return Tournament("swiss", "42", players, (), tables, chosen)


def parse_game(text: str) -> Pairing:
    """A finished game: "A 80-60 C"; the higher total wins."""
    found = re.fullmatch(r"(\w+) (\d+)-(\d+) (\w+)", text.strip())
    assert found, text
    first, second = found[1], found[4]
    return Pairing(first, second, result=make_result(first, second, int(found[2]), int(found[3])))


def make_result(first: str, second: str, own: int, theirs: int) -> Result:
    """A result by totals alone."""
    winner = first if own > theirs else second if own < theirs else None
    return Result((own, theirs), winner, "score" if winner else "draw")


def add_round(tournament: Tournament, games: str, *byes: str) -> Tournament:
    """The event with a round more, as it is written."""
    pairings = tuple(parse_game(game) for game in games.split(","))
    number = len(tournament.rounds) + 1
    played = Round(number, pairings, tuple(Bye(bye) for bye in byes))
    return tournament._replace(rounds=(*tournament.rounds, played))


def play_round(tournament: Tournament, games: str = "") -> tuple[Tournament, PairedRound]:
    """The event with its next round as the engine pairs it, and the results that are written.

    Everything that is paired must be written, and the reverse.
    """
    paired = pair_round(tournament, len(tournament.rounds) + 1)
    written = [parse_game(game) for game in games.split(",")]
    results = {frozenset(one.player_ids): one for one in written}
    pairings = []
    for pairing in paired.round.pairings:
        game = results.pop(frozenset(pairing.player_ids))
        assert game.result
        totals = dict(zip(game.player_ids, game.result.victory_points, strict=True))
        own, theirs = (totals[one] for one in pairing.player_ids)
        result = make_result(*pairing.player_ids, own, theirs)
        pairings.append(pairing._replace(result=result))
    assert not results, "games that were not paired"
    played = paired.round._replace(pairings=tuple(pairings))
    return tournament._replace(rounds=(*tournament.rounds, played)), paired


def name_pairs(paired: PairedRound) -> list[str]:
    """The pairings as letters: "AC"."""
    return ["".join(pairing.player_ids) for pairing in paired.round.pairings]


def change_player(tournament: Tournament, user_id: str, **fields: Any) -> Tournament:
    """The event with a player changed."""
    players = tuple(
        player._replace(**fields) if player.user_id == user_id else player
        for player in tournament.players
    )
    return tournament._replace(players=players)


def shuffle(tournament: Tournament, order: Sequence[int]) -> Tournament:
    """The same event with its players in another order of rows."""
    return tournament._replace(players=tuple(tournament.players[index] for index in order))
