"""Statements outside a transaction: ended anywhere, done again from the start, never half done.

Regression: an index that was interrupted stayed invalid, and every later run failed because there
was one of its name; and one that was written `if not exists` was recorded although it was invalid.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from schema.engine import migrate as runner
from schema.engine import outside
from schema.engine.migrate import MigrationError, migrate

FILE = "0900_shared_by_count.sql"
INDEX = "create index concurrently by_count on shared.rate_limits (count);"


@pytest.fixture(scope="module")
def base(new_database: Callable[[], tuple[str, str]]) -> str:
    url = new_database()[0]
    migrate(url)
    return url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "schema"
    shutil.copytree(runner.HERE, target, ignore=shutil.ignore_patterns("*.py"))
    return target


@pytest.fixture
def url(base: str) -> str:
    """The database, without what an earlier test added."""
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute("drop index if exists shared.by_count")
        connection.execute("drop index if exists shared.audit_by_action")
        connection.execute("delete from shared.migrations where name like '09%'")
        connection.execute("delete from shared.migrations_started")
        connection.execute("truncate shared.rate_limits")
    return base


def write(folder: Path, statement: str = INDEX) -> None:
    (folder / "migrations" / FILE).write_text(f"-- no-transaction\n-- Why.\n{statement}\n")


def is_valid(url: str, name: str = "by_count") -> bool | None:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select indisvalid from pg_index where indexrelid = to_regclass(%s)",
            (f"shared.{name}",),
        ).fetchone()
    return None if row is None else row[0]


def recorded(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select name from shared.migrations where name like '09%'")
        left = connection.execute("select name from shared.migrations_started").fetchall()
        assert left == []
        return [name for (name,) in rows.fetchall()]


def add_twins(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into shared.rate_limits values ('a', 1, 7), ('b', 1, 7)")


@pytest.mark.parametrize("if_missing", ["", "if not exists "])
def test_an_index_that_was_interrupted_is_built_again(
    url: str, folder: Path, if_missing: str
) -> None:
    """Interrupted by what no run can foresee: two rows that a unique index must not have."""
    unique = INDEX.replace("create index", "create unique index")
    write(folder, unique.replace("by_count on", f"{if_missing}by_count on"))
    add_twins(url)
    with pytest.raises(MigrationError, match=rf"{FILE} failed: could not create unique index"):
        migrate(url, folder)
    assert is_valid(url) is False
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("delete from shared.rate_limits where key = 'b'")
    assert migrate(url, folder).applied == [FILE]
    assert is_valid(url)
    assert recorded(url) == [FILE]


def test_an_index_that_was_built_but_not_recorded_is_built_again(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder)
    with monkeypatch.context() as patch:
        patch.setattr(outside, "delete_note", _die)
        with pytest.raises(KeyboardInterrupt):
            migrate(url, folder)
    assert is_valid(url)
    assert migrate(url, folder).applied == [FILE]
    assert recorded(url) == [FILE]
    assert is_valid(url)


def test_a_migration_that_is_killed_while_it_builds_an_index_goes_on(
    url: str, folder: Path
) -> None:
    write(folder)
    with psycopg.connect(url) as writer, ThreadPoolExecutor(1) as pool:
        writer.execute("insert into shared.rate_limits values ('a', 1, 7)")  # which it waits for
        running = pool.submit(migrate, url, folder)
        with psycopg.connect(url, autocommit=True) as admin:
            while not admin.execute(_KILL).fetchall():
                time.sleep(0.02)
        with pytest.raises(MigrationError, match="migrate again"):
            running.result()
        assert is_valid(url) is False
    assert migrate(url, folder).applied == [FILE]
    assert is_valid(url)


_KILL = """
    select pg_terminate_backend(pid)
    from pg_stat_activity
    where datname = current_database()
      and query like '%create index concurrently by_count%'
      and wait_event_type = 'Lock'
      and pid <> pg_backend_pid()
"""


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_index_of_somebody_else_is_left_alone(url: str, folder: Path) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create index by_count on shared.rate_limits (key)")
    write(folder)
    for _ in range(2):
        with pytest.raises(MigrationError, match="there is another index by_count already"):
            migrate(url, folder)
    with psycopg.connect(url) as connection:
        found = connection.execute("select pg_get_indexdef('shared.by_count'::regclass)").fetchone()
    assert found
    assert "(key)" in found[0]


def test_an_index_of_a_hypertable_is_built_chunk_by_chunk(url: str, folder: Path) -> None:
    """Hypertables know no `concurrently`, but a way of their own that is no transaction either."""
    write(
        folder,
        "create index audit_by_action on shared.audit (action)"
        " with (timescaledb.transaction_per_chunk);",
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create index audit_by_action on shared.audit (actor)")
        connection.execute(
            "update pg_index set indisvalid = false"
            " where indexrelid = 'shared.audit_by_action'::regclass"
        )
    assert migrate(url, folder).applied == [FILE]
    assert is_valid(url, "audit_by_action")


@pytest.mark.parametrize(
    "statement",
    ["drop index concurrently by_count;", "create table shared.x (a int);", "select 1;"],
)
def test_what_cannot_be_repeated_is_refused(url: str, folder: Path, statement: str) -> None:
    write(folder, statement)
    with pytest.raises(MigrationError, match=rf"{FILE}: a statement outside a transaction must"):
        migrate(url, folder)


def test_a_statement_that_may_be_repeated_runs_once(url: str, folder: Path) -> None:
    write(folder, "drop index concurrently if exists shared.by_count;")
    assert migrate(url, folder).applied == [FILE]
    assert migrate(url, folder).applied == []
