"""The status: what is applied and pending, without changing anything."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from schema.engine import migrate as runner
from schema.engine.migrate import get_status, migrate

Urls = tuple[str, str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the schema folder, to be changed."""
    shutil.copytree(runner.HERE, tmp_path / "schema")
    return tmp_path / "schema"


def test_of_an_empty_database_everything_is_pending(
    new_database: Callable[[], Urls],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = new_database()[0]
    monkeypatch.setenv("DATABASE_URL", url)
    assert runner.main("--status") == 1
    listed = capsys.readouterr().out.splitlines()
    assert listed[0] == "pending  0001_shared.sql"
    assert "pending  tilt.user_days version 1" in listed
    with psycopg.connect(url) as connection:
        assert connection.execute("select to_regnamespace('shared')").fetchone() == (None,)


def test_a_migrated_database_is_up_to_date(
    migrated: tuple[runner.Report, str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for url in migrated[1:]:  # that of the migrating login, and that of the functions
        monkeypatch.setenv("DATABASE_URL", url)
        assert runner.main("--status") == 0
        listed = capsys.readouterr().out.splitlines()
        assert listed[0] == "applied  0001_shared.sql"
        assert "ready    tilt.user_days version 1" in listed
        assert not [line for line in listed if line.startswith("pending")]


def test_a_new_file_and_a_new_version_are_pending(
    new_database: Callable[[], Urls], folder: Path
) -> None:
    url = new_database()[0]
    migrate(url, folder)
    (folder / "migrations/0900_shared_more.sql").write_text("select 1;")
    rollup = folder / "rollups/tilt/user_days.sql"
    rollup.write_text(rollup.read_text().replace("version: 1", "version: 2"))
    status = get_status(url, folder)
    assert status.pending == ["0900_shared_more.sql"]
    assert status.rollups["tilt.user_days version 2"] == "pending"
    assert not status.is_up_to_date
    migrate(url, folder)
    assert get_status(url, folder).is_up_to_date


@pytest.mark.parametrize("url", ["", "postgresql://127.0.0.1:1/none"])
def test_of_a_database_that_is_away_there_is_no_status(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert runner.main("--status") == 2
    assert "DATABASE_URL" in capsys.readouterr().err


def test_a_schema_that_is_newer_than_the_code_has_a_status_of_its_own(
    migrated: tuple[runner.Report, str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Code goes back and the schema does not; a gap among the older files is no such thing."""
    monkeypatch.setenv("DATABASE_URL", migrated[1])
    monkeypatch.setenv("MIGRATE_URL", migrated[1])
    with psycopg.connect(migrated[1], autocommit=True) as connection:
        for name, code in (("0999_shared_later.sql", 3), ("0005_shared_stray.sql", 2)):
            connection.execute("insert into shared.migrations values (%s, 'x')", (name,))
            try:
                assert runner.main("--status") == code
                assert name in capsys.readouterr().err
                assert runner.main() == 1
                if code == 3:
                    newer = runner.handler({}, None)["newer"]
                    assert newer == f"The schema is newer than this code, by {name}."
            finally:
                connection.execute("delete from shared.migrations where name = %s", (name,))


def test_an_edited_file_has_no_status(
    new_database: Callable[[], Urls], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_database()[0]
    migrate(url, folder)
    path = folder / "migrations/0003_tilt.sql"
    path.write_text(path.read_text() + "-- edited\n")
    with pytest.raises(runner.MigrationError, match=r"0003_tilt\.sql was edited"):
        get_status(url, folder)


def test_a_login_that_may_not_read_the_ledger_is_refused(
    migrated: tuple[runner.Report, str, str],
) -> None:
    admin = migrated[1]
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("create role stranger login password 'x'")
        try:
            login = {**conninfo_to_dict(admin), "user": "stranger", "password": "x"}
            with pytest.raises(runner.MigrationError, match="may not read"):
                get_status(make_conninfo(**login))  # type: ignore[arg-type]
        finally:
            connection.execute("drop role stranger")
