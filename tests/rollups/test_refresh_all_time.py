"""The past: rollups that add up what is closed, and are not touched by what happens today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from functions.rollups import refresh, retention
from functions.shared import db
from functions.ttt import rounds
from functions.ttt.round_report import RoundReport
from infra.demo.season import Season
from tests.support.client import Client
from tests.support.rollups import close_until, connect, wrong

pytestmark = pytest.mark.commits
NOW = datetime.now(UTC)
THIS_MONTH = NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
LONG_AGO = datetime(2026, 2, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _closing(connection: db.Connection) -> Iterator[None]:
    """Whatever a test closes is closed as far as the calendar says afterwards."""
    yield
    refresh.run(connection)
    close_until(connection, "-infinity")
    assert refresh.run(connection).left == 0


def play(since: datetime, until: datetime, count: int = 5, seed: int = 7) -> None:
    for played in Season(seed, players=12, size=(5, 8)).rounds(count, since, until):
        rounds.record(RoundReport.model_validate(played.body), "red")


def past_is_dirty(connection: db.Connection) -> bool:
    found = connection.execute(
        """
        select
        from rollups.dirty_buckets d
        join rollups.catalog c on c.id = d.rollup and c.is_all_time
        """
    ).fetchone()
    return found is not None


def kept(connection: db.Connection) -> int:
    row = connection.execute(
        "select coalesce(sum(rounds), 0)::int as n from ttt.player_all_time"
    ).fetchone()
    assert row
    return int(row["n"])


def test_what_happens_today_does_not_touch_it(connection: db.Connection) -> None:
    play(LONG_AGO, LONG_AGO + timedelta(days=2))
    refresh.run(connection)
    before = kept(connection)
    assert before > 0
    play(NOW - timedelta(minutes=30), NOW)
    assert not past_is_dirty(connection)
    assert refresh.count_dirty(connection) > 0
    assert kept(connection) == before
    assert wrong(connection) == {}


def test_what_comes_late_is_in_it_at_once(connection: db.Connection) -> None:
    play(LONG_AGO, LONG_AGO + timedelta(days=2))
    refresh.run(connection)
    before = kept(connection)
    play(LONG_AGO - timedelta(days=40), LONG_AGO, seed=8)
    assert past_is_dirty(connection)
    assert kept(connection) > before
    assert wrong(connection) == {}
    refresh.run(connection)
    assert not past_is_dirty(connection)
    assert wrong(connection) == {}


def test_a_month_is_added_when_it_is_closed(connection: db.Connection) -> None:
    close_until(connection, LONG_AGO.replace(day=1))
    refresh.refresh_dirty(connection, float("inf"))
    play(LONG_AGO, LONG_AGO + timedelta(days=2))
    assert not past_is_dirty(connection)
    assert kept(connection) == 0
    refresh.advance_watermark(connection)
    assert past_is_dirty(connection)
    assert kept(connection) > 0
    assert wrong(connection) == {}
    assert refresh.run(connection).left == 0
    assert kept(connection) > 0
    assert wrong(connection) == {}


def test_a_month_stays_open_for_some_days(connection: db.Connection) -> None:
    refresh.run(connection)
    row = connection.execute(
        "select watermark from rollups.sources where name = 'ttt.rounds'"
    ).fetchone()
    assert row
    assert row["watermark"] in (
        THIS_MONTH,
        (THIS_MONTH - timedelta(days=1)).replace(day=1),
    )
    assert row["watermark"] <= NOW - timedelta(days=3)


def test_a_round_written_while_its_month_is_closed_is_not_lost(
    connection: db.Connection, client: Client, store: str
) -> None:
    """Its trigger saw the month open, and it commits after the month was closed."""
    close_until(connection, LONG_AGO.replace(day=1))
    refresh.refresh_dirty(connection, float("inf"))
    with psycopg.connect(store) as writer:
        writer.execute(
            """
            insert into ttt.rounds (id, occurred_at, winner, players, kills, buys)
            values ('5a11e7e0-0000-4000-8000-000000000001', %s, 'innocents', '[]', '[]', '[]')
            """,
            (LONG_AGO,),
        )
        writer.execute(
            """
            insert into ttt.players (occurred_at, round_id, steam_id, winner)
            values (%s, '5a11e7e0-0000-4000-8000-000000000001', 'STEAM_0:1:1', 'innocents')
            """,
            (LONG_AGO,),
        )
        refresh.run(connection)  # closes the month, and leaves its marks to a later refresh
        writer.commit()
    assert kept(connection) == 1
    assert wrong(connection) == {}
    assert refresh.run(connection).left == 0
    assert kept(connection) == 1
    answer = client.get("/api/ttt/players").json
    assert [item["rounds"] for item in answer["items"]] == [1]


def test_analysts_may_read_it_while_it_is_dirty(
    connection: db.Connection, migrated: tuple[object, str, str]
) -> None:
    """Regression: what counts a dirty bucket anew ran with the rights of who reads the view."""
    play(LONG_AGO, LONG_AGO + timedelta(days=2))
    refresh.run(connection)
    play(LONG_AGO, LONG_AGO + timedelta(days=1), seed=9)
    assert past_is_dirty(connection)
    expected = kept(connection)
    with connect(migrated[1]) as analyst:
        analyst.execute("set role tiltyard_analyst")
        assert kept(analyst) == expected
        months = analyst.execute("select sum(rounds)::int as n from ttt.player_months")
        assert months.fetchall() == [{"n": expected}]


def test_it_holds_up_no_retention(connection: db.Connection) -> None:
    """Its one bucket began a thousand years ago: retention must not wait for it."""
    refresh.run(connection)
    retention.set_retention(connection, "ttt.rounds", 400)
    assert retention._move_retained_from(connection, ["ttt.rounds"])
    row = connection.execute(
        "select retained_from from rollups.sources where name = 'ttt.rounds'"
    ).fetchone()
    assert row
    assert row["retained_from"] > NOW - timedelta(days=500)
