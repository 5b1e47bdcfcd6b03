"""tilt.record: a warm handler stores one event, against bare SQL and against the peer."""

from __future__ import annotations

import time
from contextlib import ExitStack
from itertools import count

from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, faster, rounds
from tests.benchmarks.requests import post
from tests.benchmarks.store import Store

_ROUNDS = 30
_EVENTS = 40  # a round; below the 100 a minute that a key may send


def measure(store: Store) -> list[Figure]:
    """Each side its own process; all rounds interleaved; the rate limit is cleared between them."""
    moments = count(int(time.time() * 1000) - 3_600_000)
    with ExitStack() as block:
        admin = block.enter_context(store.connect())

        def side(module: str) -> Callee:
            return block.enter_context(callee(f"tests.benchmarks.{module}", store.app_url))

        def seconds(of: Callee) -> list[float]:
            admin.execute("delete from shared.rate_limits")
            return of.answer([post(next(moments)) for _ in range(_EVENTS)])

        floor, ours, peer = side("floor"), side("ours"), side("peers.tilt_fastapi")
        found = rounds(
            _ROUNDS,
            floor=lambda _: seconds(floor),
            ours=lambda _: seconds(ours),
            peer=lambda _: seconds(peer),
        )
    return [
        at_most("tilt.record", found["ours"], found["floor"], 1.55),
        faster("tilt.record.peer", found["ours"], found["peer"], 2),
    ]
