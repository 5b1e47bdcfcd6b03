"""game.highscores: the lists of the best, among 100,000 players."""

from __future__ import annotations

from tests.benchmarks import game_players
from tests.benchmarks.caller import callee
from tests.benchmarks.figures import Figure, below, p95, rounds
from tests.benchmarks.store import Store

NAMES = ("game.highscores",)
_ROUNDS = 5
_REQUESTS = 100  # a round
_PLAYERS = 100_000


def measure(store: Store) -> list[Figure]:
    """The median of the rounds' p95."""
    player, *_ = game_players.add(store, _PLAYERS)
    with callee("tests.benchmarks.ours", store.app_url, domains="game") as ours:
        found = rounds(
            _ROUNDS,
            p95,
            ours=lambda _: ours.answer([player.sends("GET", "/api/highscores")] * _REQUESTS),
        )
    return [below("game.highscores", found["ours"], 10)]
