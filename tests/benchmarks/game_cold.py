"""cold.game: from a fresh interpreter to the first answered GET /api/player/me."""

from __future__ import annotations

from tests.benchmarks import caller, game_bare, game_players
from tests.benchmarks.cold import OURS
from tests.benchmarks.figures import Figure, at_most, rounds
from tests.benchmarks.store import Store

NAMES = ("cold.game",)
_ROUNDS = 15
# The values come as they are: the floor reads no token.
_FLOOR = """
import json, os, sys
import psycopg, pydantic
read, values = json.loads(sys.argv[1])
connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
assert connection.cursor(binary=True).execute(read, values).fetchall()
sys.stderr.write("answered\\n")
"""


def measure(store: Store) -> list[Figure]:
    """A process an answer, rounds interleaved."""
    [player] = game_players.add(store, 1)
    event = player.sends("GET", "/api/player/me")
    given = [game_bare.ME, {"user_id": player.user_id}]
    found = rounds(
        _ROUNDS,
        floor=lambda _: [caller.cold(_FLOOR, given, store.app_url)],
        ours=lambda _: [caller.cold(OURS, event, store.app_url, domains="game")],
    )
    return [at_most("cold.game", found["ours"], found["floor"], 1.5)]
