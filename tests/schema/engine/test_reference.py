"""What analysts read: each column described, in the database and in the files made from it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from functions.rollups import refresh
from schema.engine import migrate as runner
from schema.engine import reference
from schema.engine.migrate import MigrationError, Report, migrate
from tests.support.rollups import ROLLUPS, connect

Migrated = tuple[Report, str, str]
_NUMBERS = {"integer", "bigint", "numeric", "double precision"}
_IDS = {"player_id"}  # numbers that count nothing
_LINE = re.compile(r"^-- column: .*\n", re.MULTILINE)


@pytest.fixture
def views(migrated: Migrated) -> list[reference.View]:
    with psycopg.connect(migrated[1], autocommit=True) as connection:
        return reference.list_views(connection)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(runner.HERE, tmp_path / "schema", ignore=shutil.ignore_patterns("*.py"))
    return tmp_path / "schema"


def read_comments(url: str) -> dict[str, str]:
    """Of all columns of views and materializations, as schema.relation.column."""
    with psycopg.connect(url) as connection:
        return dict(
            connection.execute(
                """
                select format('%s.%s.%s', n.nspname, c.relname, a.attname),
                  col_description(c.oid, a.attnum)
                from pg_class c
                join pg_namespace n on n.oid = c.relnamespace
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
                where n.nspname in ('tilt', 'ttt', 'logs', 'game', 'live', 'tracker', 'rollups')
                  and col_description(c.oid, a.attnum) is not null
                """
            ).fetchall()
        )


def test_the_list_for_people_is_fresh(views: list[reference.View]) -> None:
    assert reference.describe(views) == reference.TARGET.read_text(), "write it again: make schema"


def test_the_sources_of_dbt_are_fresh(views: list[reference.View]) -> None:
    text = reference.DBT_TARGET.read_text()
    assert reference.describe_sources(views) == text, "write it again: make schema"


def test_the_sources_of_dbt_name_every_column(views: list[reference.View]) -> None:
    found: dict[str, list[str]] = {}
    document: dict[str, Any] = yaml.safe_load(reference.DBT_TARGET.read_text())
    assert document["version"] == 2
    for source in document["sources"]:
        for table in source["tables"]:
            assert table["description"]
            found[f"{source['name']}.{table['name']}"] = [one["name"] for one in table["columns"]]
    assert found == {view.name: [str(one["name"]) for one in view.columns] for view in views}


def test_every_column_says_what_it_holds_and_in_which_unit(views: list[reference.View]) -> None:
    assert len(views) > 50
    for view in views:
        assert view.comment, view.name
        for column in view.columns:
            place = f"{view.name}.{column['name']}: give its file a line `-- column: …`"
            assert column["comment"], place
            is_measure = column["type"] in _NUMBERS and column["name"] not in _IDS
            assert bool(column["unit"]) == is_measure, place


def test_every_column_of_a_rollup_is_described(migrated: Migrated) -> None:
    """Those too that analysts may not read."""
    comments = read_comments(migrated[1])
    with psycopg.connect(migrated[1]) as connection:
        for rollup in ROLLUPS:
            columns = connection.execute(f"select * from {rollup.name} limit 0").description
            assert columns
            for column in columns:
                assert f"{rollup.name}.{column.name}" in comments


def test_what_is_read_from_another_rollup_means_the_same(migrated: Migrated) -> None:
    comments = read_comments(migrated[1])
    assert comments["ttt.player_days.kills"] == comments["ttt.player_facts.kills"]
    assert comments["ttt.player_all_time.kills"] == comments["ttt.player_facts.kills"]
    assert comments["logs.player_months_nameless.props"] == "Props that they spawned [props]"
    assert comments["tilt.user_days.day"] == "Start of the bucket of 1 day, by UTC"


def test_a_database_of_before_is_described_at_the_next_migrate(
    new_database: Callable[[], tuple[str, str]], folder: Path, migrated: Migrated
) -> None:
    """Without a next version of anything, and whatever it had for a comment."""
    url = new_database()[0]
    held_back = [path for path in folder.glob("migrations/*") if path.name >= "0026"]
    for path in held_back:
        path.unlink()
    for path in folder.glob("rollups/*/*.sql"):
        path.write_text(_LINE.sub("", path.read_text()))
    for name in ("rollups_analysts.sql", "logs_freshness.sql"):  # which need these migrations
        (folder / "functions" / name).unlink()
    migrate(url, folder)
    assert "tilt.user_days.score_max" not in read_comments(url)
    with psycopg.connect(url) as connection:
        connection.execute("comment on column tilt.user_days.events is 'By hand'")
    report = migrate(url)
    assert report.applied == sorted(path.name for path in held_back)
    assert report.rollups == []
    assert read_comments(url) == read_comments(migrated[1])


def test_a_next_version_brings_its_own_along(
    new_database: Callable[[], tuple[str, str]], folder: Path, setting: Callable[..., None]
) -> None:
    url = new_database()[0]
    setting(DATABASE_URL=url)
    migrate(url, folder)
    path = folder / "rollups/tilt/user_days.sql"
    text = path.read_text().replace("version: 1", "version: 2")
    text = text.replace("as last_at", "as last_at, min(tilt_score) as score_min")
    lines = "-- column: score_min  Lowest tilt score [score]\nselect time_bucket"
    path.write_text(text.replace("select time_bucket", lines))
    migrate(url, folder)
    assert "tilt.user_days.score_min" not in read_comments(url)  # the view still is of version 1
    with connect(url) as connection:
        refresh.run(connection)
    assert read_comments(url)["tilt.user_days.score_min"] == "Lowest tilt score [score]"


def test_a_column_that_is_none_is_refused(
    new_database: Callable[[], tuple[str, str]], folder: Path
) -> None:
    path = folder / "rollups/tilt/user_days.sql"
    path.write_text(path.read_text().replace("-- column: events ", "-- column: evnets "))
    with pytest.raises(MigrationError, match=r"tilt/user_days.sql: it has no column evnets"):
        migrate(new_database()[0], folder)
