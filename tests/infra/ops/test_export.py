"""Exports from the command line, by an analyst's login and an interrupted one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyarrow.parquet
import pytest
from psycopg.conninfo import make_conninfo

from functions.rollups import refresh
from functions.shared import db
from functions.shared.secrets import clear_cache as forget_secrets
from infra.local.sam import ROOT
from infra.ops import export
from schema.engine.migrate import Report
from tests.support.rollups import connect, insert

pytestmark = pytest.mark.commits
LOGIN = "grace_of_the_tests"
Run = Callable[..., str]


@pytest.fixture
def analyst(store: str, migrated: tuple[Report, str, str]) -> Iterator[str]:
    """The URL of an analyst's login, beside two clean days of tilt and a dirty one."""
    with connect(store) as connection:
        for day in (1, 2):
            insert(connection, f"2026-03-0{day} 12:00Z", "ana", day)
            insert(connection, f"2026-03-0{day} 13:00Z", "bo", day)
        assert refresh.run(connection).left == 0
        insert(connection, "2026-03-03 12:00Z", "late")
    with psycopg.connect(migrated[1], autocommit=True) as admin:
        admin.execute(f"create role {LOGIN} login password 'secret' in role tiltyard_analyst")  # type: ignore[arg-type]
        yield make_conninfo(migrated[1], user=LOGIN, password="secret")
        admin.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s",
            (LOGIN,),
        )
        admin.execute(f"drop role {LOGIN}")  # type: ignore[arg-type]


@pytest.fixture
def run(
    analyst: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Runs the command in an empty folder; what it says, on both streams."""

    def act(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["export", *words])
        forget_secrets()
        export.main()
        said = capfd.readouterr()
        return said.out + said.err

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", analyst)
    monkeypatch.setenv("DOMAINS", "site")
    db.connection().close()
    handler = signal.getsignal(signal.SIGTERM)
    yield act
    signal.signal(signal.SIGTERM, handler)
    db.connection().close()


def test_an_analyst_writes_a_file(run: Run, tmp_path: Path) -> None:
    said = run("tilt.user_days", "--from", "2026-03-01", "--to", "2026-03-04")
    target = tmp_path / "tilt.user_days_2026-03-01_2026-03-04.parquet"
    assert said.startswith(f"{target.name}: 4 rows, ")
    assert "1 buckets that changed since the last refresh are left out (see --dirty)." in said
    assert list(tmp_path.iterdir()) == [target]
    assert pyarrow.parquet.read_table(target).column("user_id").to_pylist() == ["ana", "bo"] * 2
    assert target.stat().st_mode & 0o777 == 0o644
    first = target.read_bytes()
    run("tilt.user_days", "--from", "2026-03-01", "--to", "2026-03-04")
    assert target.read_bytes() == first


def test_columns_and_dirty_buckets_may_be_chosen(run: Run) -> None:
    words = ("tilt.user_days", "--format", "csv", "--columns", "user_id", "-o", "-")
    assert run(*words, "--dirty").startswith('user_id\n"ana"\n"bo"\n"ana"\n"bo"\n"late"\n')
    assert '"late"' not in run(*words)


def test_without_a_name_it_lists_what_there_is(run: Run) -> None:
    said = run()
    assert "tilt.user_days" in said
    assert "logs.name_days" not in said


def test_a_terminal_shows_how_far_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said = run("tilt.user_days", "-o", "days.parquet")
    assert "[########################] 100%  4 rows, " in said
    assert "days.parquet: 4 rows" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["tilt.events"], "There is no such rollup"),
        (["logs.player_days"], "There is no such rollup"),
        (["tilt.user_days", "--columns", "name"], "columns must be columns of tilt.user_days"),
        (["tilt.user_days", "--from", "2026-03-02", "--to", "2026-03-01"], "--from must be before"),
        (["tilt.user_days", "-o", "nowhere/days.parquet"], "The file cannot be written: No such"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    run: Run, tmp_path: Path, words: list[str], says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert says in str(ended.value)
    assert list(tmp_path.iterdir()) == []


def test_without_a_database_it_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url, says in (("", "No database: set DATABASE_URL"), ("postgresql://127.0.0.1:1/x", "")):
        environ = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
        words = [sys.executable, "-m", "infra.ops.export", "tilt.user_days"]
        ended = subprocess.run(
            words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 1
        assert says in ended.stderr
        assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_one_leaves_the_file_of_before(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    target = tmp_path / "days.csv"
    target.write_text("before")
    write = export.files.write_file

    def interrupted(*given: object, **more: object) -> object:
        write(*given, **more)  # type: ignore[arg-type]
        os.kill(os.getpid(), number)
        return signal.pause()

    monkeypatch.setattr(export.files, "write_file", interrupted)
    # What a shell starts in the background inherits that SIGINT is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(SystemExit, match="Interrupted: no file is left"):
            run("tilt.user_days", "--format", "csv", "-o", str(target))
    finally:
        signal.signal(signal.SIGINT, before)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
