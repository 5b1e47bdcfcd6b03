"""ttt.collect: a warm handler stores one round, against bare SQL and against the peer."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count, islice

from functions.shared import db
from tests.benchmarks import bare
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, faster, rounds
from tests.benchmarks.requests import collect
from tests.benchmarks.store import Store

_ROUNDS = 30
_GAMES = 20  # rounds of the game in a round of the measurement


def measure(store: Store) -> list[Figure]:
    """Each side its own process and tables; all rounds interleaved."""
    numbers = count(1)
    with ExitStack() as block:
        admin = block.enter_context(store.connect())
        admin.execute(bare.TABLES)
        admin.execute("create schema peer; grant all on schema peer to public")

        def side(module: str) -> Callee:
            name = f"tests.benchmarks.{module}"
            return block.enter_context(callee(name, store.app_url, domains="ttt"))

        def seconds(of: Callee) -> list[float]:
            return of.answer([collect(number) for number in islice(numbers, _GAMES)])

        floor, ours, peer = side("bare"), side("ours"), side("peers.ttt_flask")
        found = rounds(
            _ROUNDS,
            floor=lambda _: seconds(floor),
            ours=lambda _: seconds(ours),
            peer=lambda _: seconds(peer),
        )
        _check(admin)
    return [
        at_most("ttt.collect", found["ours"], found["floor"], 2),
        faster("ttt.collect.peer", found["ours"], found["peer"], 3),
    ]


def _check(admin: db.Connection) -> None:
    """All three stored as many rows of each kind."""
    for ours, peers in (
        ("rounds", "rounds"),
        ("players", "round_players"),
        ("kills", "kills"),
        ("buys", "round_buys"),
    ):
        tables = (f"ttt.{ours}", f"bare.{ours}", f"peer.{peers}")
        counts = " union ".join(f"select count(*) as n from {table}" for table in tables)
        assert len(admin.execute(counts).fetchall()) == 1, tables
