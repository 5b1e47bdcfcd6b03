"""cold.tilt: from a fresh interpreter to the first stored event."""

from __future__ import annotations

import time
from itertools import count

from tests.benchmarks import caller
from tests.benchmarks.figures import Figure, at_most, rounds
from tests.benchmarks.requests import post
from tests.benchmarks.store import Store

_ROUNDS = 15
OURS = """
import json, sys
from app import handler
assert handler(json.loads(sys.argv[1]), None)["statusCode"] == 200
sys.stderr.write("answered\\n")
"""
_PEER = OURS.replace("from app", "from tests.benchmarks.peers.tilt_fastapi")
# The values come as they are: the floor parses nothing and makes no id.
_FLOOR = """
import json, os, sys
import psycopg, pydantic
insert, values = json.loads(sys.argv[1])
psycopg.connect(os.environ["DATABASE_URL"], autocommit=True).execute(insert, values)
sys.stderr.write("answered\\n")
"""


def measure(store: Store) -> list[Figure]:
    """A process an answer; one event an interpreter, rounds interleaved."""
    from tests.benchmarks import floor

    moments = count(int(time.time() * 1000) - 7_200_000)

    def bare(_: int) -> list[float]:
        plain = [floor.plain(one) for one in floor.values(post(next(moments)))]
        return [caller.cold(_FLOOR, [floor.INSERT, plain], store.app_url)]

    def whole(program: str) -> list[float]:
        return [caller.cold(program, post(next(moments)), store.app_url)]

    found = rounds(_ROUNDS, floor=bare, ours=lambda _: whole(OURS), peer=lambda _: whole(_PEER))
    return [
        at_most("cold.tilt", found["ours"], found["floor"], 1.5),
        at_most("cold.tilt.peer", found["ours"], found["peer"], 0.5),
    ]
