"""ingest.parallel: four processes store events at once, against four bare writers."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count, islice
from statistics import median
from typing import Any

from functions.shared import auth, db
from tests.benchmarks import logs_bare, logs_requests
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, share
from tests.benchmarks.requests import post
from tests.benchmarks.store import Store, environ

NAMES = ("ingest.parallel", "ingest.parallel.1000")
_PROCESSES = 4  # each with a key of its own: one key's requests wait for each other at its limit
_ROUNDS = 10
_LEAST = 0.55  # of the events a second that bare writers store
Event = dict[str, Any]


def measure(store: Store) -> list[Figure]:
    """Single tilt events, then batches of 1,000 log events; all rounds interleaved."""
    with store.connect() as admin:
        admin.execute(logs_bare.TABLES)
        return [_tilt(store, admin), _logs(store, admin)]


def _tilt(store: Store, admin: db.Connection) -> Figure:
    moments = count(int(time.time() * 1000) - 3_600_000)
    with environ(store):
        keys = [auth.issue(f"bench-{n}", ["tilt:write"]) for n in range(_PROCESSES)]

    def events(number: int) -> list[Event]:
        return [post(moment, keys[number]) for moment in islice(moments, 90)]

    ours, floor = _rates(store, admin, events, {"ours": "tilt", "floor": "tilt"})
    return share("ingest.parallel", ours, floor, _LEAST, "events/s")


def _logs(store: Store, admin: db.Connection) -> Figure:
    senders = [logs_requests.sender(store, f"Sandbox #{n}") for n in range(_PROCESSES)]
    numbers = count(1)

    def events(number: int) -> list[Event]:
        return [senders[number].post(batch) for batch in islice(numbers, 5)]

    ours, floor = _rates(store, admin, events, {"ours": "logs", "logs_bare": "logs"})
    return share("ingest.parallel.1000", ours * 1000, floor * 1000, _LEAST, "events/s")


def _rates(
    store: Store, admin: db.Connection, events: Callable[[int], list[Event]], of: dict[str, str]
) -> list[float]:
    """The median over the rounds of the requests a second that each side's processes store."""
    found: list[list[float]] = [[] for _ in of]
    with ExitStack() as block:
        pool = block.enter_context(ThreadPoolExecutor(_PROCESSES))
        sides = [
            [
                block.enter_context(callee(f"tests.benchmarks.{side}", store.app_url, domains))
                for _ in range(_PROCESSES)
            ]
            for side, domains in of.items()
        ]
        for turn in range(_ROUNDS + 1):
            for rates, side in zip(found, sides, strict=True):
                admin.execute("delete from shared.rate_limits")
                given = [events(number) for number in range(_PROCESSES)]
                list(pool.map(Callee.hand, side, given))
                began = time.perf_counter()
                list(pool.map(Callee.begin, side))
                rate = sum(map(len, given)) / (time.perf_counter() - began)
                if turn:  # the first one warms up
                    rates.append(rate)
    return [median(rates) for rates in found]
