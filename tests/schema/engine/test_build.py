"""Building rollups: over rows that are there, and in place of an older version, without a gap."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from functions.rollups import audit, refresh, retention
from schema.engine import migrate as runner
from schema.engine.migrate import MigrationError, migrate
from tests.support.rollups import connect


@pytest.fixture
def url(new_database: Callable[[], tuple[str, str]], setting: Callable[..., None]) -> str:
    made = new_database()[0]
    setting(DATABASE_URL=made)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(runner.HERE, tmp_path / "schema", ignore=shutil.ignore_patterns("*.py"))
    return tmp_path / "schema"


def fill(url: str, rows: int = 500) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            """
            insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
            select gen_random_uuid(), timestamptz '2025-01-01' + n * interval '20 hours', 'u', 2,
              '[]', ''
            from generate_series(1, %s) n
            """,
            (rows,),
        )


def total(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute("select sum(events)::int from tilt.user_days").fetchone()
    assert row
    return row[0]


def next_version(folder: Path) -> None:
    path = folder / "rollups/tilt/user_days.sql"
    text = path.read_text().replace("version: 1", "version: 2")
    path.write_text(text.replace("as last_at", "as last_at, min(tilt_score) as score_min"))


def test_a_rollup_over_rows_that_are_there_is_right_at_once(url: str, folder: Path) -> None:
    shutil.move(folder / "rollups/tilt/user_days.sql", folder.parent)
    migrate(url, folder)
    fill(url)
    shutil.move(folder.parent / "user_days.sql", folder / "rollups/tilt")
    assert migrate(url, folder).rollups == ["tilt.user_days"]
    with psycopg.connect(url) as connection:
        assert total(connection) == 500


def test_a_new_version_takes_over_without_a_gap(url: str, folder: Path) -> None:
    migrate(url, folder)
    fill(url)
    stop, seen = threading.Event(), set[int]()

    def watch() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.is_set():
                seen.add(total(connection))

    watcher = threading.Thread(target=watch)
    watcher.start()
    next_version(folder)
    assert migrate(url, folder).rollups == ["tilt.user_days"]
    with connect(url) as connection:
        assert _columns(connection) == 6  # the old one, until the new one is filled
        assert refresh.run(connection).left == 0
        assert _columns(connection) == 7
        stop.set()
        watcher.join()
        [row] = connection.execute(
            "select name, version, is_current from rollups.catalog where name = 'tilt.user_days'"
        ).fetchall()
        assert (row["version"], row["is_current"]) == (2, True)
        [kept] = connection.execute(
            "select to_regclass('rollups.tilt_user_days_v1') as t"
        ).fetchall()
        assert kept["t"] is None
    assert seen == {500}


def _columns(connection: psycopg.Connection[dict[str, int]]) -> int:
    cursor = connection.execute("select * from tilt.user_days limit 0")
    assert cursor.description
    return len(cursor.description)


def test_a_new_version_inherits_history_whose_raw_rows_are_gone(url: str, folder: Path) -> None:
    migrate(url, folder)
    fill(url)
    with connect(url) as connection:
        refresh.run(connection)
        middle = (datetime.now(UTC) - datetime(2025, 9, 17, tzinfo=UTC)).days
        retention.set_retention(connection, "tilt.events", middle)
        assert retention.run(connection).dropped["tilt.events"] >= 2
        next_version(folder)
        migrate(url, folder)
        assert refresh.run(connection).left == 0
        [row] = connection.execute(
            "select sum(events)::int as events, count(*) filter (where score_min is null) as old"
            " from tilt.user_days"
        ).fetchall()
        assert row["events"] == 500
        assert row["old"] > 0  # a column that nothing is left to compute from


def test_a_new_version_keeps_the_old_columns_first(url: str, folder: Path) -> None:
    """Other views may read them: the view is replaced under them, never dropped."""
    migrate(url, folder)
    fill(url)
    with connect(url) as connection:
        connection.execute("create view tilt.reader as select day, last_at from tilt.user_days")
        path = folder / "rollups/tilt/user_days.sql"
        text = path.read_text().replace("version: 1", "version: 2")
        path.write_text(
            text.replace("user_id, count(*)", "user_id, min(context) as first, count(*)")
        )
        migrate(url, folder)
        refresh.run(connection)
        cursor = connection.execute("select * from tilt.user_days limit 0")
        names = [column.name for column in cursor.description or ()]
        assert names[-2:] == ["last_at", "first"]
        connection.execute("drop view tilt.reader")


def test_a_new_version_without_an_old_column_is_refused(url: str, folder: Path) -> None:
    migrate(url, folder)
    path = folder / "rollups/tilt/user_days.sql"
    text = path.read_text().replace("version: 1", "version: 2")
    text = text.replace(", max(occurred_at) as last_at", "").replace("_max, last_at", "_max")
    path.write_text(text)
    with pytest.raises(MigrationError, match=r"tilt/user_days\.sql: keep the column last_at"):
        migrate(url, folder)


def test_a_private_column_that_is_none_is_refused(url: str, folder: Path) -> None:
    path = folder / "rollups/tilt/user_days.sql"
    text = path.read_text()
    path.write_text(text.replace("-- index: ", "-- private: nobody\n-- index: ", 1))
    with pytest.raises(MigrationError, match=r"tilt/user_days\.sql: it has no column nobody"):
        migrate(url, folder)


def test_a_rollup_may_read_another(url: str, folder: Path) -> None:
    (folder / "rollups/tilt/user_months.sql").write_text(
        """\
-- rollup: tilt.user_months   version: 1
-- A row is one user's tilt in one UTC month.
-- source: tilt.events(occurred_at)   bucket: month, 1 month   read by: day
-- index: user_id, month
select time_bucket('1 month', day) as month, user_id, sum(events) as events
from tilt.user_days
group by month, user_id
"""
    )
    migrate(url, folder)
    fill(url)
    with connect(url) as connection:
        months = "select count(*), sum(events)::int as events from tilt.user_months"
        assert connection.execute(months).fetchone() == {"count": 14, "events": 500}
        assert refresh.run(connection).left == 0
        assert connection.execute(months).fetchone() == {"count": 14, "events": 500}
        assert audit.run(connection).wrong == {}


def test_an_edited_file_is_refused_by_name(url: str, folder: Path) -> None:
    migrate(url, folder)
    path = folder / "rollups/tilt/user_days.sql"
    path.write_text(path.read_text().replace("UTC day", "day"))
    with pytest.raises(MigrationError, match=r"tilt/user_days\.sql was edited"):
        migrate(url, folder)


def test_an_older_version_is_refused_by_name(url: str, folder: Path) -> None:
    original = (folder / "rollups/tilt/user_days.sql").read_text()
    next_version(folder)
    migrate(url, folder)
    (folder / "rollups/tilt/user_days.sql").write_text(original)
    with pytest.raises(MigrationError, match=r"tilt/user_days\.sql: the database has a later"):
        migrate(url, folder)


def test_the_editions_keep_rows_in_their_own_way(migrated: tuple[runner.Report, str, str]) -> None:
    with psycopg.connect(migrated[1]) as connection:
        rows = connection.execute("select name from rollups.catalog where is_aggregate").fetchall()
    names = {name for (name,) in rows}
    # Only raw rows in a hypertable can be continuously aggregated, and only on Community.
    if migrated[0].edition == "community":
        assert names == {
            *("tilt.signal_days", "tilt.user_days", "tilt.user_hours"),
            *("logs.player_counts", "logs.play_days", "logs.connection_days"),
            *("game.active_days", "game.battle_days", "game.claim_days"),
            *("game.damage_days", "game.drop_days", "game.economy_days"),
            *("live.opening_hours", "tracker.faction_weeks", "tracker.player_weeks"),
        }
    else:
        assert names == set()


def test_analysts_read_rollups(migrated: tuple[runner.Report, str, str]) -> None:
    with psycopg.connect(migrated[1]) as connection:
        connection.execute("set role tiltyard_analyst")
        assert connection.execute("select count(*) from tilt.user_days").fetchone() is not None


def test_a_view_that_an_older_engine_wrote_is_written_again(url: str, folder: Path) -> None:
    migrate(url, folder)
    fill(url)
    with connect(url) as connection:
        as_it_is = connection.execute("select pg_get_viewdef('tilt.user_days') as text").fetchall()
        connection.execute(
            "create or replace view tilt.user_days as select * from rollups.tilt_user_days_v1"
        )
        connection.execute(
            "update rollups.catalog set view_sql = 'of old' where name = 'tilt.user_days'"
        )
        assert migrate(url, folder).rollups == []
        again = connection.execute("select pg_get_viewdef('tilt.user_days') as text").fetchall()
        assert again == as_it_is
        old = connection.execute("select from rollups.catalog where view_sql = 'of old'")
        assert old.rowcount == 0


def test_a_column_in_the_middle_of_what_reads_a_rollup_is_counted_right(
    url: str, folder: Path
) -> None:
    """Its view says old columns first; what is counted anew comes in the order of the SELECT."""
    migrate(url, folder)
    path = folder / "rollups/ttt/weapon_months.sql"
    text = path.read_text().replace("version: 1", "version: 2")
    path.write_text(text.replace("server, weapon,", "server, max(day) as newest, weapon,", 1))
    with connect(url) as connection:
        migrate(url, folder)
        assert refresh.run(connection).left == 0
        connection.execute(
            """
            insert into ttt.rounds (id, occurred_at, winner, players, kills, buys)
            values ('r1', '2026-03-02 10:00Z', 'traitors', '[]', '[]', '[]')
            """
        )
        connection.execute(
            """
            insert into ttt.kills
              (occurred_at, round_id, ordinal, attacker_steamid, victim_steamid, weapon,
               headshot, server)
            values ('2026-03-02 10:00Z', 'r1', 0, 'A', 'B', 'knife', true, 'red')
            """
        )
        dirty = connection.execute("select * from ttt.weapon_months").fetchall()
        assert refresh.run(connection).left == 0
        assert connection.execute("select * from ttt.weapon_months").fetchall() == dirty
        assert dirty[0]["newest"] == datetime(2026, 3, 2, tzinfo=UTC)
        assert (dirty[0]["weapon"], dirty[0]["kills"], dirty[0]["server"]) == ("knife", 1, "red")
