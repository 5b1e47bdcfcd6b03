"""ttt.stats and ttt.tables: what statistics cost at ten million kills, and at one million."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

from functions.rollups import refresh
from functions.shared import db
from tests.benchmarks import season
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, below, p95, rounds
from tests.benchmarks.requests import get, report
from tests.benchmarks.season import Batch
from tests.benchmarks.store import Store, environ

_PAGES = ("page", "player")
_TABLES = ("weapons", "maps", "roles", "players")
NAMES = (
    *(f"ttt.stats.{name}{what}" for name in _PAGES for what in ("", ".growth")),
    *(f"ttt.tables.{name}" for name in _TABLES),
)
_FEW, _MANY = 1_000_000, 10_000_000  # kills
_TODAY = 466  # rounds, as on the mean day of the season
_ROUNDS = 10
_READS = 40  # of a page in a round
_LONGEST = 2.0  # seconds of a page in a round
_PEOPLE = """
    select steam_id
    from (select distinct steam_id from ttt.player_months where steam_id <> 'BOT') as everybody
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
    for name in _PAGES:
        figures.append(below(f"ttt.stats.{name}", found[name], 20))
        figures.append(at_most(f"ttt.stats.{name}.growth", found[name], few[name], 1.5))
    return figures + [below(f"ttt.tables.{name}", found[name], 100) for name in _TABLES]


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
        # Today is dirty, as it is between two refreshes: it is read from its raw rows.
        ours.answer([report(body) for body in season.evening(datetime.now(UTC), _TODAY)])
        return _read(ours, people)


def _refresh(admin: db.Connection) -> None:
    while refresh.run(admin, seconds=900).left:
        pass


def _read(ours: Callee, people: Iterator[str]) -> dict[str, float]:
    def page(paths: Iterable[str]) -> list[float]:
        """Reads them, or as many as a round has time for."""
        seconds: list[float] = []
        for path in paths:
            seconds += ours.answer([get(path)])
            if sum(seconds) > _LONGEST:
                break
        return seconds

    return rounds(
        _ROUNDS,
        within=p95,
        page=lambda _: page(["/api/stats?limit=20"] * _READS),
        player=lambda _: page(f"/api/ttt/players/{one}" for one in islice(people, _READS)),
        weapons=lambda _: page(["/api/ttt/weapons"] * _READS),
        maps=lambda _: page(["/api/ttt/maps"] * _READS),
        roles=lambda _: page(["/api/ttt/roles"] * _READS),
        players=lambda _: page(["/api/ttt/players"] * _READS),
    )


class _timed:  # noqa: N801  reads as a clause
    """Prints how long the block took."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        print(f"  {self._what}: {time.perf_counter() - self._began:.0f} s", flush=True)
