"""Backups that cannot be made say why, and leave nothing that looks like one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.local import postgres
from infra.local.postgres import PostgresError
from infra.ops import backup
from schema.engine.migrate import Report

Migrated = tuple[Report, str, str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "somewhere" / "new"


def refused(url: str, folder: Path) -> str:
    with pytest.raises(backup.BackupError) as said:
        backup.write_backup(url, folder)
    return str(said.value)


def test_a_database_that_has_nothing_to_save(
    new_database: Callable[[], tuple[str, str]], folder: Path
) -> None:
    assert "holds no Tiltyard" in refused(new_database()[0], folder)
    assert "DATABASE_URL is missing" in refused("", folder)
    assert "cannot be reached" in refused("postgresql://127.0.0.1:1/none", folder)
    assert not folder.parent.exists()


def test_a_folder_that_is_there_is_left_alone(migrated: Migrated, tmp_path: Path) -> None:
    assert "is there already" in refused(migrated[1], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_who_may_not_read_everything_is_refused(migrated: Migrated, folder: Path) -> None:
    with psycopg.connect(migrated[1], autocommit=True) as admin:
        admin.execute("create role weak_of_the_tests login password 'x'")
        try:
            weak = {**conninfo_to_dict(migrated[1]), "user": "weak_of_the_tests", "password": "x"}
            assert "may not read everything" in refused(make_conninfo(**weak), folder)
        finally:
            admin.execute("drop role weak_of_the_tests")


def test_what_is_cut_off_leaves_no_backup_and_is_in_nobody_s_way(
    migrated: Migrated, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backup.run_program

    def cut_off(*words: object) -> None:
        real(*words)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "run_program", cut_off)
    with pytest.raises(KeyboardInterrupt):
        backup.write_backup(migrated[1], folder)
    assert not folder.exists()
    monkeypatch.undo()
    assert backup.write_backup(migrated[1], folder).edition == migrated[0].edition
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in folder.parent.iterdir()] == ["new"]


def test_without_a_program_of_the_server_s_version_it_says_so(
    migrated: Migrated, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(backup.BackupError, match="There is no pg_dump 99"):
        backup.run_program("pg_dump", 99, migrated[1], [])

    def missing() -> None:
        raise PostgresError("There is no network.")

    monkeypatch.setattr(postgres, "fetch_private", missing)
    with pytest.raises(backup.BackupError, match="There is no network"):
        backup.run_program("pg_dump", 99, migrated[1], [])


def test_no_password_is_among_the_words_of_a_command(
    migrated: Migrated, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_conninfo(migrated[1], password="hush")
    run: list[list[str]] = []

    def note(command: list[str], **options: object) -> object:
        run.append(command)
        assert "hush" in str(options["env"])
        return backup.subprocess.CompletedProcess(command, 1, "", "pg_dump: error: no\n")

    monkeypatch.setattr(backup, "_find_program", lambda *_: Path("pg_dump"))
    monkeypatch.setattr(backup.subprocess, "run", note)
    with pytest.raises(backup.BackupError, match="pg_dump failed: pg_dump: error: no"):
        backup.run_program("pg_dump", 17, url, [])
    assert "hush" not in str(run)


def test_the_command_says_what_it_wrote(
    migrated: Migrated,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["backup", str(folder)])
    monkeypatch.setenv("DATABASE_URL", migrated[1])
    backup.main()
    assert capsys.readouterr().out.startswith(f"{folder}: ")
    with pytest.raises(SystemExit, match="is there already"):
        backup.main()
