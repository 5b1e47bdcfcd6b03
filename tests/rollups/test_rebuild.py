"""Rebuild, and the command that shows how rollups are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from functions.rollups import rebuild, refresh
from functions.shared import db, locks
from functions.shared.exclusive import exclusive
from functions.shared.secrets import clear_cache as forget_secrets
from infra.ops import rollups as command
from tests.support.rollups import insert, materialization, wrong

pytestmark = pytest.mark.commits
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)


@pytest.fixture
def tampered(connection: db.Connection, migrated: tuple[object, str, str]) -> db.Connection:
    for month in range(3, 8):
        insert(connection, f"2026-0{month}-05T10:00Z")
    refresh.run(connection)
    with psycopg.connect(migrated[1]) as admin:
        admin.execute(sql.SQL("update {} set events = 99").format(materialization(connection)))
    return connection


def test_a_rebuild_writes_its_range_anew(tampered: db.Connection) -> None:
    assert wrong(tampered)
    *_, (reached, done) = rebuild.run(tampered, "tilt.user_days", SINCE, UNTIL)
    assert (reached, done) == (UNTIL, 153)
    assert wrong(tampered) == {}


def test_a_rebuild_that_was_ended_can_be_started_again(tampered: db.Connection) -> None:
    steps = rebuild.run(tampered, "tilt.user_days", SINCE, UNTIL)
    reached, done = next(steps)
    steps.close()
    assert (reached < UNTIL, done) == (True, 100)
    assert not refresh.run(tampered).busy  # the turn was given back
    list(rebuild.run(tampered, "tilt.user_days", reached, UNTIL))
    assert wrong(tampered) == {}


def test_readers_are_right_at_each_step(tampered: db.Connection, store: str) -> None:
    shown = "select events from tilt.user_days where day = '2026-03-05'"
    for _ in rebuild.run(tampered, "tilt.user_days", SINCE, UNTIL):
        assert db.query(shown) == [{"events": 1}]


def test_an_unknown_rollup_and_a_turn_that_is_taken_are_told(
    tampered: db.Connection, open_connection: Callable[[], db.Connection]
) -> None:
    with pytest.raises(rebuild.RebuildError, match="no rollup tilt"):
        next(rebuild.run(tampered, "tilt.nothing", SINCE, UNTIL))
    with exclusive(locks.ROLLUPS), pytest.raises(rebuild.RebuildError, match="Somebody else"):
        next(rebuild.run(tampered, "tilt.user_days", SINCE, UNTIL))


def test_the_command(
    tampered: db.Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["rollups", *words])
        command.main()
        return capsys.readouterr().out

    monkeypatch.delenv("SIGNING_KEY")  # regression: who runs it by hand has none
    forget_secrets()
    insert(tampered, "2026-03-05T10:00Z")
    shown = run()
    assert "tilt.user_days" in shown
    assert "2026-03-05 00:00" in shown
    assert "'left': 0" in run("refresh")
    assert "tilt.user_days" in run("audit")
    rebuilt = run("rebuild", "tilt.user_days", "--from", "2026-03-01", "--to", "2026-08-01")
    assert "153 buckets" in rebuilt
    assert run("keep", "tilt.events", "forever") == (
        "tilt.events is kept permanently.\ntilt.signals is kept permanently.\n"
    )
    with pytest.raises(SystemExit, match=r"No rollup reads tilt.nothing; .*tilt.events"):
        run("keep", "tilt.nothing", "5")
    with pytest.raises(SystemExit, match="2"):  # and not everything gone
        run("keep", "tilt.events", "0")
    with pytest.raises(SystemExit, match="no rollup nothing"):
        run("rebuild", "nothing", "--from", "2026-03-01", "--to", "2026-08-01")
    assert wrong(tampered) == {}
