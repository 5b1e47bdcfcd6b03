"""ttt.stats and ttt.tables: what statistics cost at ten million kills, and at one million."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice, repeat
from typing import Any

from functions.rollups import refresh
from functions.shared import db
from tests.benchmarks import season
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, below, p95, rounds
from tests.benchmarks.requests import get, report
from tests.benchmarks.season import Batch
from tests.benchmarks.store import Store, environ

_PAGES = {"page": 20, "player": 15}  # ms
_TABLES = ("weapons", "maps", "roles", "players")
NAMES = (
    *(f"ttt.stats.{name}{what}" for name in _PAGES for what in ("", ".million", ".growth")),
    *(f"ttt.tables.{name}{what}" for name in _TABLES for what in ("", ".today")),
)
_FEW, _MANY = 1_000_000, 10_000_000  # kills
_TODAY = 466  # rounds, as on the mean day of the season
_ROUNDS = 10
_READS = 40  # of a page in a round
_LONGEST = 2.0  # seconds of a page in a round
_PEOPLE = """
    select steam_id
    from (
        select distinct steam_id from ttt.player_months where not ttt.is_pseudo(steam_id)
    ) as everybody
    order by md5(steam_id)
    limit 2000
"""
_SIZES = """
    select c.oid::regclass::text as name, greatest(
        pg_total_relation_size(c.oid),
        case when h.hypertable_name is not null then hypertable_size(c.oid) end
      ) as bytes
    from pg_class c
    left join timescaledb_information.hypertables h
      on format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass = c.oid
    where c.relkind = 'r'
      and c.relnamespace in ('ttt'::regnamespace, 'rollups'::regnamespace)
    order by bytes desc
    limit 8
"""


def measure(store: Store) -> list[Figure]:
    """Loads a million kills and reads, loads the others and reads again."""
    until = datetime.now(UTC) - timedelta(days=3)
    with environ(store), store.connect() as admin, season.batches(until) as made:
        season.check(until)
        season.names(admin, until)
        found = few = _measured(store, admin, made, _FEW)
        found = _measured(store, admin, made, _MANY - _FEW)
    figures = []
    for name, most in _PAGES.items():
        figures.append(below(f"ttt.stats.{name}", found[name], most))
        figures.append(below(f"ttt.stats.{name}.million", few[name], most))
        figures.append(at_most(f"ttt.stats.{name}.growth", found[name], few[name], 1.5))
    for name in _TABLES:
        figures.append(below(f"ttt.tables.{name}", found[name], 100))
        figures.append(below(f"ttt.tables.{name}.today", found[f"{name}_today"], 80))
    return figures


def _measured(
    store: Store, admin: db.Connection, made: Iterator[Batch], kills: int
) -> dict[str, float]:
    """The p95 in ms of every page and table, with so many kills more."""
    with _timed("loading"):
        loaded = season.load(admin, made, kills)
    with _timed(f"refreshing {loaded:,} kills"):
        admin.execute("analyze")
        _refresh(admin)
    with _timed("vacuum"):  # as autovacuum has done for all but the newest rows
        admin.execute("vacuum analyze")
        admin.execute("checkpoint")
    for row in admin.execute(_SIZES):
        print(f"    {row['name']}: {row['bytes'] / 1e6:,.0f} MB", flush=True)
    people = cycle(row["steam_id"] for row in admin.execute(_PEOPLE).fetchall())
    with callee("tests.benchmarks.ours", store.app_url, domains="ttt") as ours:
        tables = {name: [get(f"/api/ttt/{name}")] * _READS for name in _TABLES}
        found = _read(ours, **tables)
        # Then today is dirty, as it is between two refreshes: it is read from its raw rows.
        ours.answer([report(body) for body in season.evening(datetime.now(UTC), _TODAY)])
        players = (get(f"/api/ttt/players/{one}") for one in people)
        later = _read(ours, page=repeat(get("/api/stats?limit=20")), player=players, **tables)
    return found | {f"{name}_today" if name in tables else name: ms for name, ms in later.items()}


def _refresh(admin: db.Connection) -> None:
    while refresh.run(admin, seconds=900).left:
        pass


def _read(ours: Callee, **events: Iterable[Any]) -> dict[str, float]:
    """The p95 in ms of answering each kind of event."""

    def page(some: Iterable[Any]) -> list[float]:
        """Reads as many as make a round, or as it has time for."""
        seconds: list[float] = []
        for event in islice(some, _READS):
            seconds += ours.answer([event])
            if sum(seconds) > _LONGEST:
                break
        return seconds

    def side(some: Iterable[Any]) -> Callable[[int], list[float]]:
        return lambda _: page(some)

    return rounds(_ROUNDS, within=p95, **{name: side(some) for name, some in events.items()})


class _timed:  # noqa: N801  reads as a clause
    """Prints how long the block took."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        print(f"  {self._what}: {time.perf_counter() - self._began:.0f} s", flush=True)
