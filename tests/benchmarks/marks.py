"""tilt.mark: what dirty marks cost an insert of 1,000 events."""

from __future__ import annotations

import time

from tests.benchmarks.figures import Figure, at_most, rounds
from tests.benchmarks.store import Store

_ROUNDS = 15
_AGAIN = 4  # inserts a round, each of which finds no marks
_INSERT = """
    insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
    select gen_random_uuid(), %(until)s::timestamptz - n * interval '86.4 s', 'user-' || n %% 50,
      n %% 50 / 10.0, '[{"type": "rage-quit", "severity": 3}]', 'discord-dm'
    from generate_series(1, 1000) as n
    on conflict do nothing
"""


_TRIGGER = """
    select pg_get_triggerdef(oid) as made_by
    from pg_trigger
    where tgrelid = 'tilt.events'::regclass
      and tgname = 'rollups_insert'
"""


def measure(store: Store) -> list[Figure]:
    """A day's 1,000 events, committed, into the same table with its trigger and without.

    The dearest case for marks: nothing is marked yet, so that each insert writes all of them.
    """
    with store.connect() as admin:
        found = admin.execute("select date_trunc('day', now()) as at").fetchone()
        trigger = admin.execute(_TRIGGER).fetchone()
        assert found
        assert trigger

        def insert() -> float:
            admin.execute("truncate rollups.dirty_buckets")
            began = time.perf_counter()
            admin.execute(_INSERT, {"until": found["at"]}, prepare=True)
            return time.perf_counter() - began

        def inserts(first: str) -> list[float]:
            admin.execute(first)
            insert()  # plans anew, as the table changed
            return [insert() for _ in range(_AGAIN)]

        sides = rounds(
            _ROUNDS,
            marked=lambda _: inserts(trigger["made_by"].replace("TRIGGER", "OR REPLACE TRIGGER")),
            without=lambda _: inserts("drop trigger if exists rollups_insert on tilt.events"),
        )
    return [at_most("tilt.mark", sides["marked"], sides["without"], 1.15)]
