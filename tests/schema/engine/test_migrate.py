"""Migrations: once, in order, whole, and refused by name when something is off."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.local.timescale import Server
from schema.engine import migrate as runner
from schema.engine.migrate import MigrationError, Report, migrate

Urls = tuple[str, str]


@pytest.fixture
def empty(new_database: Callable[[], Urls]) -> str:
    return new_database()[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the schema folder, to be changed."""
    for name in ("migrations", "functions"):
        shutil.copytree(runner.HERE / name, tmp_path / name)
    return tmp_path


def names(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select name from shared.migrations order by name").fetchall()
    return [name for (name,) in rows]


def test_an_empty_database_gets_everything_and_a_second_run_nothing(empty: str) -> None:
    first = migrate(empty)
    assert first.applied == sorted(path.name for path in (runner.HERE / "migrations").glob("*.sql"))
    assert names(empty) == first.applied
    assert migrate(empty).applied == []


def test_the_edition_is_told(migrated: tuple[Report, str, str], server: Server) -> None:
    report = migrated[0]
    with psycopg.connect(server.admin_url) as connection:
        [license_] = connection.execute("select current_setting('timescaledb.license')").fetchone()  # type: ignore[misc]
    assert report.edition == {"timescale": "community", "apache": "apache"}[license_]
    assert report.postgres >= 16


def test_the_events_are_hypertables(migrated: tuple[Report, str, str]) -> None:
    with psycopg.connect(migrated[1]) as connection:
        found = connection.execute(
            "select format('%s.%s', hypertable_schema, hypertable_name)"
            " from timescaledb_information.hypertables"
        ).fetchall()
    assert {name for (name,) in found} >= {"tilt.events", "tilt.signals", "shared.audit"}


def test_tables_belong_to_the_app_role_and_the_analyst_reads_no_person(
    migrated: tuple[Report, str, str],
) -> None:
    with psycopg.connect(migrated[1]) as connection:
        owners = connection.execute(
            "select distinct tableowner from pg_tables where schemaname in ('tilt', 'shared')"
        ).fetchall()
        assert owners == [("tiltyard_app",)]
        connection.execute("set role tiltyard_analyst")
        for table in ("tilt.events", "tilt.signals", "shared.api_keys", "shared.audit"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                connection.transaction(),
            ):
                connection.execute(f"select 1 from {table}")  # type: ignore[arg-type,unused-ignore]


def test_many_at_once_apply_each_file_once(empty: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: migrate(empty), range(4)))
    applied = [name for report in reports for name in report.applied]
    assert sorted(applied) == names(empty)


def test_an_edited_file_is_refused_by_name(empty: str, folder: Path) -> None:
    migrate(empty, folder)
    path = sorted((folder / "migrations").glob("*.sql"))[0]
    path.write_text(path.read_text() + "\n-- edited\n")
    with pytest.raises(MigrationError, match=path.name):
        migrate(empty, folder)


def test_a_file_that_is_gone_is_refused_by_name(empty: str, folder: Path) -> None:
    migrate(empty, folder)
    path = sorted((folder / "migrations").glob("*.sql"))[-1]
    path.unlink()
    with pytest.raises(MigrationError, match=path.name):
        migrate(empty, folder)


def test_a_file_numbered_before_an_applied_one_is_refused(empty: str, folder: Path) -> None:
    migrate(empty, folder)
    (folder / "migrations/0000_shared_late.sql").write_text("select 1;")
    with pytest.raises(MigrationError, match="0000_shared_late"):
        migrate(empty, folder)


def test_a_file_with_a_wrong_name_is_refused(empty: str, folder: Path) -> None:
    (folder / "migrations/12_wrong.sql").write_text("select 1;")
    with pytest.raises(MigrationError, match=r"12_wrong\.sql"):
        migrate(empty, folder)


def test_a_file_that_fails_leaves_nothing_and_the_ones_before_it_stay(
    empty: str, folder: Path
) -> None:
    broken = "create table shared.x (a int); select 1 / 0;"
    (folder / "migrations/0900_shared_broken.sql").write_text(broken)
    with pytest.raises(MigrationError, match=r"0900_shared_broken\.sql failed: division by zero"):
        migrate(empty, folder)
    assert "0900_shared_broken.sql" not in names(empty)
    with psycopg.connect(empty) as connection:
        assert connection.execute("select to_regclass('shared.x')").fetchone() == (None,)


def test_a_no_transaction_file_runs_outside_one(empty: str, folder: Path) -> None:
    (folder / "migrations/0900_tilt_index.sql").write_text(
        "-- no-transaction\ncreate index concurrently by_who on shared.rate_limits (count);"
    )
    assert "0900_tilt_index.sql" in migrate(empty, folder).applied


def test_functions_are_created_again(empty: str, folder: Path) -> None:
    migrate(empty, folder)
    (folder / "functions/more.sql").write_text(
        "create or replace view shared.one as select 1 as one;"
    )
    assert migrate(empty, folder).applied == []
    with psycopg.connect(empty) as connection:
        assert connection.execute("select one from shared.one").fetchone() == (1,)


def test_a_database_that_is_away_is_said_without_its_password() -> None:
    with pytest.raises(MigrationError, match="cannot be reached") as raised:
        migrate("postgresql://u:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(("url", "sentence"), [("", "missing"), ("mysql", "cannot be reached")])
def test_a_url_that_is_none_is_refused(url: str, sentence: str) -> None:
    """Regression: without one, libpq's defaults decided which database was migrated."""
    with pytest.raises(MigrationError, match=sentence):
        migrate(url)


def test_a_file_of_functions_that_fails_is_named(empty: str, folder: Path) -> None:
    (folder / "functions/broken.sql").write_text("select 1 / 0;")
    with pytest.raises(MigrationError, match=r"broken\.sql failed: division by zero"):
        migrate(empty, folder)


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ((15_0004, None), "PostgreSQL 15 is too old"),
        ((17_0004, None), "plain PostgreSQL"),
        ((17_0004, ("2.18.2", False)), r"TimescaleDB 2\.18\.2 is too old"),
    ],
)
def test_servers_that_will_not_do_are_refused(answers: tuple[int, Any], sentence: str) -> None:
    """Told by a stand-in: this machine has only servers that will do."""
    version, extension = answers

    class Info:
        server_version = version

    class Server:
        info = Info()

        def execute(self, *_: object) -> Server:
            return self

        def fetchone(self) -> object:
            return extension

    with pytest.raises(MigrationError, match=sentence):
        runner._inspect(Server())  # type: ignore[arg-type]


def test_as_a_lambda_it_returns_the_report(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATE_URL", empty)
    report = runner.handler({}, None)
    assert report["applied"]
    assert report["edition"] in ("apache", "community")


def test_as_a_command_it_says_what_it_did(
    empty: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty)
    assert runner.main() == 0
    assert "0001_shared.sql" in capsys.readouterr().out
    assert runner.main() == 0
    assert "nothing new" in capsys.readouterr().out
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
    assert runner.main() == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_a_database_of_before_the_baseline_must_be_reset(
    empty: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = folder / "migrations/0001_shared.sql"
    first.rename(folder / "migrations/0001_shared_tables.sql")
    migrate(empty, folder)
    with pytest.raises(MigrationError, match=r"none of which was released.*`make reset`"):
        migrate(empty)
    monkeypatch.setenv("DATABASE_URL", empty)
    assert runner.main() == 1
    assert "`make reset` deletes the local one" in capsys.readouterr().err
    assert runner.main("--status") == 2
    assert "must be reset" in capsys.readouterr().err
