"""A migration that was ended anywhere goes on where it was, and ends as one that was not.

Regression: a rollup was committed before its view was there. The next run took it for known, and
died at the next rollup that reads it, for ever.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from functions.shared import locks
from schema.engine import build
from schema.engine import migrate as runner
from schema.engine.migrate import MigrationError, migrate

FEW = (  # some that read others, of all domains
    *("tilt_user_days", "ttt_player_days", "ttt_player_months", "ttt_player_all_time"),
    *("logs_activity", "logs_activity_days", "logs_play_days", "logs_play_months"),
)
New = Callable[[], tuple[str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The schema with a few rollups, and with what runs outside of transactions."""
    target = tmp_path / "schema"
    shutil.copytree(runner.HERE, target, ignore=shutil.ignore_patterns("*.py"))
    for path in (target / "rollups").glob("*/*.sql"):
        if f"{path.parent.name}_{path.stem}" not in FEW:
            path.unlink()
    (target / "migrations/0900_shared_by_count.sql").write_text(
        "-- no-transaction\ncreate index concurrently by_count on shared.rate_limits (count);\n"
    )
    return target


def shape(url: str) -> dict[str, Any]:
    """Everything that a migration made, by name; a rollup's number is its place among all."""
    with psycopg.connect(url) as connection:
        numbers = connection.execute("select id, name from rollups.catalog").fetchall()
        names = {str(number): name for number, name in numbers}
        found = {name: connection.execute(query).fetchall() for name, query in _SHAPE.items()}
    text = re.compile(r"(?<=rollup = )\d+|(?<=\()\d+(?=::smallint|, interval)|(?<=\(\()\d+")

    def named(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return text.sub(lambda number: names.get(number[0], number[0]), value)

    return {what: sorted(tuple(map(named, row)) for row in rows) for what, rows in found.items()}


_OURS = "('shared', 'rollups', 'tilt', 'ttt', 'logs', 'game')"
_SHAPE = {
    "tables": f"""
        select c.oid::regclass::text, c.relkind::text, c.relowner::regrole::text,
          coalesce(array_to_string(c.relacl, ','), '')
        from pg_class c
        where c.relnamespace::regnamespace::text in {_OURS}
    """,
    "columns": f"""
        select a.attrelid::regclass::text, a.attnum, a.attname::text,
          format_type(a.atttypid, a.atttypmod), a.attnotnull
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace::regnamespace::text in {_OURS}
          and a.attnum > 0
          and not a.attisdropped
    """,
    "views": f"""
        select c.oid::regclass::text, pg_get_viewdef(c.oid)
        from pg_class c
        where c.relnamespace::regnamespace::text in {_OURS}
          and c.relkind = 'v'
          and c.oid::regclass::text not like 'rollups.%'
    """,
    "indexes": f"""
        select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        where c.relnamespace::regnamespace::text in {_OURS}
    """,
    "functions": f"""
        select p.oid::regprocedure::text, pg_get_functiondef(p.oid)
        from pg_proc p
        where p.pronamespace::regnamespace::text in {_OURS}
          and p.prokind = 'f'
    """,
    "triggers": f"""
        select t.tgrelid::regclass::text, t.tgname::text, pg_get_triggerdef(t.oid)
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        where c.relnamespace::regnamespace::text in {_OURS}
          and not t.tgisinternal
    """,
    "ledger": "select name, checksum from shared.migrations",
    "started": "select name from shared.migrations_started",
    "sources": """
        select name, time_column, retention::text, coalesce(chunk_table, '')
        from rollups.sources
    """,
    "catalog": """
        select name, version, checksum, source, materialization, is_aggregate, is_current,
          recompute_sql, view_sql
        from rollups.catalog
    """,
    "dirty": "select count(*) from rollups.dirty_buckets",
    "unfilled": "select name from rollups.catalog where fill_generation is null",
}


class Ended(BaseException):
    """What ends a migration here: nothing in it may catch that."""


class Mortal(psycopg.Connection[tuple[Any, ...]]):
    """A connection that ends after a commit, the first time that this commit is made."""

    seen: set[tuple[str, str]]

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        cursor = super().execute(query, *args, **kwargs)
        text = query if isinstance(query, str) else query.as_string(None)
        if not _READS.match(text):
            self._after(f"{text} {args}")
        return cursor

    @contextmanager
    def transaction(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        self.within = ""
        with super().transaction(*args, **kwargs) as transaction:
            yield transaction
        self._after(f"transaction: {self.within}")

    within = last = ""

    def _after(self, what: str) -> None:
        if self.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.within += what
            return
        place, self.last = (self.last, what), what
        if place not in self.seen:
            self.seen.add(place)
            self.close()
            raise Ended


_READS = re.compile(r"\s*(?:show|set|reset|select(?! rollups\.(?:close|promote)))\b")


def test_a_migration_ended_after_each_of_its_commits_ends_as_one_that_was_not(
    new_database: New, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, disturbed = new_database()[0], new_database()[0]
    migrate(undisturbed, folder)
    Mortal.seen = set()
    with monkeypatch.context() as patch:
        patch.setattr(psycopg, "connect", Mortal.connect)
        while len(Mortal.seen) < 1000:
            with suppress(Ended):
                migrate(disturbed, folder)
                break
    assert 40 < len(Mortal.seen) < 1000
    assert shape(disturbed) == shape(undisturbed)


def test_a_migration_killed_twenty_times_ends_as_one_that_was_not(
    new_database: New, folder: Path
) -> None:
    undisturbed, disturbed = new_database()[0], new_database()[0]
    migrate(undisturbed, folder)
    expected = shape(undisturbed)
    random, kills = Random(9), 0
    while kills < 20:
        timer = threading.Timer(random.uniform(0.02, 0.5), _kill, [disturbed])
        timer.start()
        try:
            migrate(disturbed, folder)
        except MigrationError as error:
            assert error.args[0].endswith("migrate again.")  # noqa: PT017
            kills += 1
        else:  # it was sooner: there is nothing left to kill here
            assert shape(disturbed) == expected
            disturbed = new_database()[0]
        finally:
            timer.cancel()
            timer.join()
    migrate(disturbed, folder)
    assert shape(disturbed) == expected


def _kill(url: str) -> None:
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            """
            select pg_terminate_backend(l.pid)
            from pg_locks l
            join pg_database d on d.oid = l.database
            where l.locktype = 'advisory'
              and l.objid = %s
              and d.datname = current_database()
            """,
            (locks.MIGRATION,),
        )


def test_a_migration_that_gave_up_waiting_goes_on(
    new_database: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old transaction anywhere on the server holds up what waits for writers to end."""
    undisturbed, waiting = new_database()[0], new_database()[0]
    elsewhere = make_conninfo(**{**conninfo_to_dict(waiting), "dbname": "postgres"})
    migrate(undisturbed)
    monkeypatch.setattr(build, "_WAIT_TIMEOUT", 0.3)
    with psycopg.connect(elsewhere) as other:
        other.execute("select pg_current_xact_id()")
        for _ in range(2):
            with pytest.raises(MigrationError, match=r"process \d+ in database postgres"):
                migrate(waiting)
    monkeypatch.setattr(build, "_WAIT_TIMEOUT", 60.0)
    migrate(waiting)
    assert shape(waiting) == shape(undisturbed)
