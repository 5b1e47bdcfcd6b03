"""tilt.stats and rollup.refresh: what stays small in a table of five million events."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from functions.rollups import refresh
from functions.shared import db
from tests.benchmarks import population
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, below, rounds
from tests.benchmarks.requests import get
from tests.benchmarks.store import Store, environ

_ROUNDS = 15
_READS = 20  # a round
_NEW = """
    insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
    select gen_random_uuid(), now() - n * interval '0.3 s',
      case when n %% 5 = 0 then %(big)s when n %% 100 = 1 then %(small)s
        else 'user-' || n %% 2000 end,
      n %% 51 / 10.0, '[{"type": "rage-quit", "severity": 3}]', 'discord-dm'
    from generate_series(1, 1000) as n
"""
_NEW_SIGNALS = """
    insert into tilt.signals (event_id, ordinal, occurred_at, user_id, type, severity)
    select id, 1, occurred_at, user_id, 'rage-quit', 3
    from tilt.events
    where occurred_at > now() - interval '1 hour'
    on conflict do nothing
"""


def measure(store: Store) -> list[Figure]:
    """Loads, rebuilds everything, then refreshes and reads with 1,000 new events each round."""
    until = datetime.now(UTC) - timedelta(hours=1)
    with environ(store), store.connect() as admin:
        began = time.perf_counter()
        population.load(store, until)
        print(f"  loaded in {time.perf_counter() - began:.0f} s", flush=True)
        admin.execute("analyze tilt.events; analyze tilt.signals")
        whole = _refresh(admin)
        print(f"  rebuilt in {whole:.0f} s", flush=True)
        admin.execute("analyze")
        admin.execute("checkpoint")
        part = rounds(5, part=lambda _: [_part(admin)])["part"]
        _insert(admin)  # reads find the current hour and day dirty, as they do between refreshes
        read = _read(store)
    big, small = read["big"], read["small"]
    return [
        below("tilt.stats", big, 3),
        at_most("tilt.stats.growth", big, small, 1.5),
        at_most("rollup.refresh", part, whole * 1000, 0.02),
    ]


def _part(admin: db.Connection) -> float:
    _insert(admin)
    return _refresh(admin)


def _insert(admin: db.Connection) -> None:
    admin.execute(_NEW, {"big": population.BIG, "small": population.SMALL})
    admin.execute(_NEW_SIGNALS)


def _refresh(admin: db.Connection) -> float:
    began = time.perf_counter()
    report = refresh.run(admin, seconds=900)
    assert not report.busy
    assert not report.left
    return time.perf_counter() - began


def _read(store: Store) -> dict[str, float]:
    with callee("tests.benchmarks.ours", store.app_url) as ours:
        return rounds(
            _ROUNDS,
            small=lambda _: _stats(ours, population.SMALL),
            big=lambda _: _stats(ours, population.BIG),
        )


def _stats(ours: Callee, user: str) -> list[float]:
    return ours.answer([get(f"/api/tilt/stats/{user}")] * _READS)
