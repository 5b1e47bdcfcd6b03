"""logs.ingest: a warm handler stores 1,000 events, against bare COPY and the peer, and again."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count, islice
from statistics import fmean
from typing import Any

from functions.shared import db
from tests.benchmarks import logs_bare, logs_requests
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, faster, rounds
from tests.benchmarks.store import Store

NAMES = ("logs.ingest.1000", "logs.ingest.peer", "logs.ingest.repeat")
_ROUNDS = 15
_BATCHES = 4  # in a round
_MOST = 1.5  # times what bare COPY takes


def measure(store: Store) -> list[Figure]:
    """Each side its own process and table; all rounds interleaved.

    What a round takes is the mean: an index of words collects new ones and now and then, every
    few batches, sorts them in, which is a part of the price.
    """
    with ExitStack() as block:
        admin = block.enter_context(store.connect())
        admin.execute(logs_bare.TABLES)
        sender = logs_requests.sender(store)
        numbers = count(1)
        last: list[dict[str, Any]] = []

        def side(module: str) -> Callee:
            name = f"tests.benchmarks.{module}"
            return block.enter_context(callee(name, store.app_url, domains="logs"))

        def batches() -> list[dict[str, Any]]:
            return [sender.post(number) for number in islice(numbers, _BATCHES)]

        def first(of: Callee) -> list[float]:
            last[:] = batches()
            return of.answer(last)

        floor, ours, peer = side("logs_bare"), side("ours"), side("peers.logs_fastapi")
        found = rounds(
            _ROUNDS,
            within=fmean,
            ours=lambda _: first(ours),
            floor=lambda _: floor.answer(batches()),
            peer=lambda _: peer.answer(batches()),
            again=lambda _: ours.answer(last),
        )
        _check(admin)
    return [
        at_most("logs.ingest.1000", found["ours"], found["floor"], _MOST),
        faster("logs.ingest.peer", found["ours"], found["peer"], 2.5),
        at_most("logs.ingest.repeat", found["again"], found["ours"], 2),
    ]


def _check(admin: db.Connection) -> None:
    """All three stored as many rows, and nothing twice."""
    for table in ("logs.events", "bare.events", "peer.events"):
        rows = admin.execute(f"select count(*) as n from {table}").fetchall()
        assert rows[0]["n"] == (_ROUNDS + 1) * _BATCHES * 1000, (table, rows)
