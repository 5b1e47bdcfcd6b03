"""A backup that is restored: the same rows, rights and rules, and everything goes on from there."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from functions.domains import SCHEMAS
from functions.rollups import audit, maintenance, refresh, retention
from infra.ops import analysts, backup, restore
from schema.engine import snapshot
from schema.engine.migrate import get_status
from tests.support.analysts import functions_of, played
from tests.support.client import Client
from tests.support.rollups import connect, wrong
from tests.support.server import API_KEY

__all__ = ["played"]
Urls = tuple[str, str]
# What a restore itself changes: rooms have another epoch, and sockets are forgotten.
RENEWED = {"live.rooms", "live.connections", "live.members"}


@pytest.fixture(scope="module")
def saved(played: Urls, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a database where all was played, after a night."""
    with connect(played[1]) as connection, functions_of(played[1]):
        maintenance.run(connection)
    folder = tmp_path_factory.mktemp("backups") / "evening"
    backup.write_backup(played[0], folder)
    return folder


@pytest.fixture(scope="module")
def restored(saved: Path, new_database: Callable[[], Urls]) -> Urls:
    urls = new_database()
    report, rooms = restore.restore(urls[0], saved)
    assert (report.applied, report.rollups) == ([], [])
    assert rooms > 0
    return urls


def read_rows(url: str) -> dict[str, tuple[int, str | None]]:
    """How many rows each table and view has, and a digest of them all."""
    with psycopg.connect(url) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = connection.execute(
            """
            select n.nspname, c.relname
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = any(%s)
              and c.relkind in ('r', 'v', 'm')
            """,
            (list(SCHEMAS),),
        ).fetchall()
        digest = sql.SQL(
            """
            select count(*), md5(string_agg(md5(t::text), '' order by md5(t::text)))
            from {} t
            """
        )
        return {
            ".".join(name): connection.execute(digest.format(sql.Identifier(*name))).fetchall()[0]
            for name in names
        }


def read_rights(url: str) -> dict[str, list[Any]]:
    """Who owns and may use what."""
    with psycopg.connect(url) as connection:
        found = {
            catalog: connection.execute(statement, (list(SCHEMAS),)).fetchall()
            for catalog, statement in RIGHTS.items()
        }
        assert all(found.values())
        return found


RIGHTS = {
    "schemas": """
        select nspname, nspowner::regrole::text, nspacl::text
        from pg_namespace
        where nspname = any(%s)
        order by nspname
    """,
    "relations": """
        select c.oid::regclass::text, c.relowner::regrole::text, c.relacl::text
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = any(%s)
        order by 1
    """,
    "columns": """
        select a.attrelid::regclass::text, a.attname, a.attacl::text
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = any(%s)
          and not a.attisdropped
        order by 1, 2
    """,
    "functions": """
        select p.oid::regprocedure::text, p.proowner::regrole::text, p.proacl::text, p.proconfig
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = any(%s)
        order by 1
    """,
}


def describe(url: str) -> str:
    with psycopg.connect(url) as connection:
        return snapshot.describe(connection)


def without(rows: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: found for name, found in rows.items() if name not in names}


def test_every_table_and_rollup_is_the_same(played: Urls, restored: Urls) -> None:
    before, after = read_rows(played[0]), read_rows(restored[0])
    filled = {name.split(".")[0] for name, (count, _) in before.items() if count}
    assert filled >= {"tilt", "ttt", "logs", "accounts", "game", "tracker", "live", "rollups"}
    assert without(after, *RENEWED) == without(before, *RENEWED)


def test_every_right_rule_and_comment_is_the_same(played: Urls, restored: Urls) -> None:
    assert read_rights(restored[0]) == read_rights(played[0])
    assert describe(restored[0]) == describe(played[0])
    assert get_status(restored[0]).is_up_to_date


def test_everything_goes_on(restored: Urls) -> None:
    """A request, what it marks, and each of the scheduled jobs."""
    with connect(restored[1]) as connection, functions_of(restored[1]):
        assert wrong(connection) == {}
        sent = {"userId": "ana", "timestamp": 1_772_800_000_000, "signals": ["x"], "tiltScore": 5}
        client = Client({"X-Api-Key": API_KEY})
        assert client.post("/api/tilt/events", sent).status == 200
        assert refresh.run(connection).left == 0
        assert audit.run(connection).wrong == {}
        retention.set_retention(connection, "tilt.events", 30)
        assert retention.run(connection).dropped
        maintenance.run(connection)
        kept = connection.execute("select count(*) as n from tilt.user_days").fetchone()
        assert kept
        assert kept["n"] > 2


def test_analysts_read_rollups_and_nothing_else(restored: Urls) -> None:
    with psycopg.connect(restored[0], autocommit=True) as admin:
        url = analysts.add_login(admin, "reader_of_a_backup", restored[0])
        try:
            with psycopg.connect(url, autocommit=True) as reader:
                assert reader.execute("select count(*) from ttt.player_days").fetchone() != (0,)
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute("select * from logs.events")
        finally:
            analysts.remove_login(admin, "reader_of_a_backup")


def test_what_the_night_packed_is_packed_again(played: Urls, restored: Urls, saved: Path) -> None:
    """There is a columnstore on Community alone."""
    is_community = json.loads((saved / backup.MANIFEST).read_text())["edition"] == "community"
    assert bool(count_packed(played[0])) == is_community
    assert count_packed(restored[0]) == count_packed(played[0])


def count_packed(url: str) -> int:
    with psycopg.connect(url) as connection:
        [row] = connection.execute(
            "select count(*) from timescaledb_information.chunks where is_compressed"
        ).fetchall()
    return int(row[0])


def test_what_cannot_be_restored_says_why(
    saved: Path, played: Urls, new_database: Callable[[], Urls], tmp_path: Path
) -> None:
    url = new_database()[0]
    manifest = json.loads((saved / backup.MANIFEST).read_text())
    other = tmp_path / "other"
    other.mkdir()

    def refused(url: str, **changed: Any) -> str:
        (other / backup.MANIFEST).write_text(json.dumps(manifest | changed))
        with pytest.raises(backup.BackupError) as said:
            restore.restore(url, other)
        return str(said.value)

    assert "is not empty" in refused(played[0])
    assert "no TimescaleDB 2.1.0" in refused(url, timescale="2.1.0")
    assert "0999_x.sql, which this checkout lacks" in refused(url, migration="0999_x.sql")
    assert "is no backup" in refused(url, shoe_size=44)
    assert "pg_restore failed" in refused(url)  # for want of the dump itself
    assert "DATABASE_URL is missing" in refused("")
    with pytest.raises(backup.BackupError, match="is no backup"):
        restore.restore(url, tmp_path)


def test_the_command_says_what_it_did(
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["restore", str(saved)])
    monkeypatch.setenv("DATABASE_URL", "")
    report = restore.Report("apache", "2.19.3", 17, applied=["0031_x.sql"])
    monkeypatch.setattr(restore, "restore", lambda *_: (dataclasses.replace(report), 7))
    restore.main()
    assert "migrated: 0031_x.sql; 7 rooms have another epoch." in capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.setattr("sys.argv", ["restore", str(saved)])
    monkeypatch.setenv("DATABASE_URL", "")
    with pytest.raises(SystemExit, match="DATABASE_URL is missing"):
        restore.main()


def test_a_database_that_is_there_is_left_alone(
    played: Urls, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["restore", str(saved), "--database", "postgres"])
    monkeypatch.setenv("DATABASE_URL", played[0])
    with pytest.raises(SystemExit, match=r"No database was made: .* already exists"):
        restore.main()
