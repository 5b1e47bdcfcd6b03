"""cold.tracker: from a fresh interpreter to the first answered GET /v1/battles/{id}."""

from __future__ import annotations

from tests.benchmarks import caller, tracker_bare, tracker_players
from tests.benchmarks.figures import Figure, at_most, rounds
from tests.benchmarks.store import Store
from tests.benchmarks.tracker_players import FIRST

NAMES = ("cold.tracker",)
_ROUNDS = 15
# The engine is for those who pair, and rustworkx with it.
_OURS = """
import json, sys
from app import handler
assert handler(json.loads(sys.argv[1]), None)["statusCode"] == 200
assert not {"rustworkx", "functions.tracker.engine"} & set(sys.modules)
sys.stderr.write("answered\\n")
"""
# The values come as they are: the floor reads no token, but imports what reads one.
_FLOOR = """
import json, os, sys
import psycopg, pydantic, jwt
read, values = json.loads(sys.argv[1])
connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
assert connection.cursor(binary=True).execute(read, values).fetchall()
sys.stderr.write("answered\\n")
"""


def measure(store: Store) -> list[Figure]:
    """A process an answer, rounds interleaved."""
    players = tracker_players.add(store, 2)
    [battle] = tracker_players.add_battles(store, [(FIRST, FIRST + 1)], players)
    event = battle.read()
    given = tracker_bare.read(event)
    found = rounds(
        _ROUNDS,
        floor=lambda _: [caller.cold(_FLOOR, given, store.app_url, domains="tracker")],
        ours=lambda _: [caller.cold(_OURS, event, store.app_url, domains="tracker")],
    )
    return [at_most("cold.tracker", found["ours"], found["floor"], 1.5)]
