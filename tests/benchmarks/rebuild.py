"""rollup.rebuild: what every rollup of a million kills costs to write anew, and in bytes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from functions.rollups import rebuild, refresh
from functions.shared import db
from tests.benchmarks import season
from tests.benchmarks.figures import Figure, at_least
from tests.benchmarks.store import Store, environ

NAMES = ("rollup.rebuild",)
_KILLS = 1_000_000
_GOAL = 20_000  # kills a second
_ROLLUPS = """
    select c.name, greatest(
        pg_total_relation_size(rollups.storage_table(c.id)::regclass),
        case when h.hypertable_name is not null then
          hypertable_size(rollups.storage_table(c.id)::regclass)
        end
      ) as bytes
    from rollups.catalog c
    left join timescaledb_information.hypertables h
      on format('%I.%I', h.hypertable_schema, h.hypertable_name) = rollups.storage_table(c.id)
    where c.source = 'ttt.rounds'
      and c.is_current
    order by c.width, c.id
"""
_LINE = "    {:26} {:>8} {:>12}".format


def measure(store: Store) -> list[Figure]:
    """Fills all rollups of TTT, then writes one after the other anew, small buckets first."""
    until = datetime.now(UTC) - timedelta(days=3)
    with environ(store), store.connect() as admin:
        with season.batches(until) as made:
            kills = season.load(admin, made, _KILLS)
        admin.execute("analyze")
        while refresh.run(admin, seconds=900).left:
            pass
        admin.execute("vacuum analyze")
        began_at = admin.execute("select min(occurred_at) as at from ttt.rounds").fetchall()[0][
            "at"
        ]
        sizes = admin.execute(_ROLLUPS).fetchall()
        admin.execute("checkpoint")
        print(_LINE("rollup", "us a kill", "bytes a kill"), flush=True)
        total = 0.0
        for row in sizes:
            seconds = _rebuild(admin, row["name"], began_at)
            total += seconds
            print(_LINE(row["name"], f"{seconds / kills * 1e6:.2f}", f"{row['bytes'] / kills:.1f}"))
        whole = sum(row["bytes"] for row in sizes)
        print(_LINE("all", f"{total / kills * 1e6:.2f}", f"{whole / kills:.1f}"), flush=True)
    return [at_least("rollup.rebuild", kills / total, _GOAL, "kills/s")]


def _rebuild(admin: db.Connection, name: str, since: datetime) -> float:
    began = time.perf_counter()
    for _ in rebuild.run(admin, name, since, datetime.now(UTC)):
        pass
    return time.perf_counter() - began
