"""Audit: what differs from the raw rows is found, told and repaired."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from functions.rollups import audit, handlers, refresh
from functions.shared import db, locks
from functions.shared.exclusive import exclusive
from tests.support.rollups import insert, materialization, wrong

pytestmark = pytest.mark.commits


@pytest.fixture
def tampered(connection: db.Connection, migrated: tuple[object, str, str]) -> db.Connection:
    """One kept row of a clean bucket says something else than the raw rows."""
    for day in range(1, 6):
        insert(connection, f"2026-03-0{day}T10:00Z")
    refresh.run(connection)
    with psycopg.connect(migrated[1]) as admin:
        changed = admin.execute(
            sql.SQL("update {} set events = 99 where day = '2026-03-03'").format(
                materialization(connection)
            )
        )
        assert changed.rowcount == 1
    return connection


def test_a_wrong_row_is_found_and_repaired(tampered: db.Connection) -> None:
    assert wrong(tampered) == {"tilt.user_days": 2}
    assert audit.run(tampered, sample=100).wrong == {"tilt.user_days": 2}
    assert wrong(tampered) == {}
    assert audit.run(tampered, sample=100).wrong == {}


def test_a_bucket_that_is_missing_or_too_many_is_found(
    connection: db.Connection, migrated: tuple[object, str, str]
) -> None:
    for day in (1, 2):
        insert(connection, f"2026-03-0{day}T10:00Z")
    refresh.run(connection)
    kept = materialization(connection)
    with psycopg.connect(migrated[1]) as admin:
        admin.execute(
            sql.SQL("update {} set day = '2026-03-09' where day = '2026-03-02'").format(kept)
        )
    assert audit.run(connection, sample=100).wrong == {"tilt.user_days": 2}
    assert wrong(connection) == {}


def test_dirty_buckets_are_not_held_against_anybody(connection: db.Connection) -> None:
    insert(connection, "2026-03-01T10:00Z")
    refresh.run(connection)
    insert(connection, "2026-03-01T10:00Z")
    assert audit.run(connection, sample=100).wrong == {}


def test_the_catalogue_remembers_the_last_audit(tampered: db.Connection) -> None:
    audit.run(tampered, sample=100)
    rows = tampered.execute(
        "select name, wrong_rows from rollups.catalog"
        " where audited_at is not null and source like 'tilt.%'"
    ).fetchall()
    assert {row["name"]: row["wrong_rows"] for row in rows} == {
        "tilt.user_days": 2,
        "tilt.user_hours": 0,
        "tilt.signal_days": 0,
    }


def test_an_audit_waits_for_its_turn(open_connection: Callable[[], db.Connection]) -> None:
    with exclusive(locks.ROLLUPS):
        assert audit.run(open_connection()).busy


def test_a_difference_raises_the_alarm(
    tampered: db.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers.audit({}, None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines if line["level"] == "ERROR"] == ["rollups.wrong"]
