"""Retention: raw chunks go, rollups stay, and history is never counted from half its rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from functions.rollups import audit, refresh, retention
from functions.shared import db
from functions.tilt import stats
from tests.support.client import Client, admin
from tests.support.rollups import INSERT, insert, wrong

pytestmark = pytest.mark.commits
OLD, RECENT = "2024-01-10T10:00Z", datetime.now(UTC)


@pytest.fixture
def aged(connection: db.Connection) -> db.Connection:
    """A user with old and recent events, and a year to keep them."""
    for hour in range(5):
        insert(connection, f"2024-01-10T{hour:02}:00Z", score=hour)
    connection.execute(INSERT, (RECENT, "u", 50))
    refresh.run(connection)
    retention.set_retention(connection, "tilt.events", 365)
    return connection


def raw(connection: db.Connection) -> int:
    row = connection.execute("select count(*) as n from tilt.events").fetchone()
    assert row
    return int(row["n"])


def test_raw_chunks_go_and_the_numbers_stay(aged: db.Connection) -> None:
    before = stats.get_stats("u")
    report = retention.run(aged)
    assert report.dropped["tilt.events"] >= 1
    assert raw(aged) == 1
    after = stats.get_stats("u")
    assert after == before
    assert (after["totalEvents"], after["maxTiltScore"]) == (6, 50)
    aged.execute("delete from tilt.events")  # marks its bucket only
    refresh.run(aged)
    assert stats.get_stats("u")["totalEvents"] == 5
    _forget_history(aged)


def _forget_history(connection: db.Connection) -> None:
    """Removes kept rows whose raw rows are gone, for the tests after this one."""
    connection.execute("update rollups.sources set retained_from = '-infinity'")
    connection.execute(
        """
        select rollups.mark_dirty(c.id, bucket)
        from rollups.catalog c
        cross join lateral rollups.sample_buckets(c.id, 1000)
        where c.source like 'tilt.%'
        """
    )
    refresh.run(connection)


def test_a_late_event_before_the_horizon_is_refused(client: Client, aged: db.Connection) -> None:
    retention.run(aged)
    late = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp() * 1000)
    body = {"userId": "u", "timestamp": late, "signals": [], "tiltScore": 1}
    refused = client.post("/api/tilt/events", body)
    assert (refused.status, refused.json["error"]) == (
        400,
        "timestamp is older than what is kept here",
    )
    fine = client.post("/api/tilt/events", {**body, "timestamp": int(RECENT.timestamp() * 1000)})
    assert fine.status == 200
    assert stats.get_stats("u")["totalEvents"] == 7
    _forget_history(aged)


def test_a_bucket_that_is_being_written_is_never_dropped(
    aged: db.Connection, open_connection: Callable[[], db.Connection]
) -> None:
    writer = open_connection()
    with writer.transaction():
        insert(writer, OLD, score=77)
        # Whatever it finds, it may not drop what is neither refreshed nor visible yet.
        waiting = retention.run(aged, seconds=3)
        assert waiting.dropped.get("tilt.events", 0) == 0
    assert waiting.waiting == ["tilt.events"]
    done = retention.run(aged)
    assert done.dropped["tilt.events"] >= 1
    assert stats.get_stats("u")["totalEvents"] == 7
    assert stats.get_stats("u")["maxTiltScore"] == 77
    _forget_history(aged)


def test_without_a_limit_everything_is_kept(connection: db.Connection) -> None:
    insert(connection, OLD)
    assert retention.run(connection).dropped == {}
    assert raw(connection) == 1


def test_the_horizon_never_moves_back(aged: db.Connection) -> None:
    retention.run(aged)
    before = aged.execute(
        "select retained_from from rollups.sources where retention is not null"
    ).fetchone()
    retention.set_retention(aged, "tilt.events", 9999)
    retention.run(aged)
    assert (
        before
        == aged.execute(
            "select retained_from from rollups.sources where retention is not null"
        ).fetchone()
    )
    _forget_history(aged)


def test_an_audit_leaves_history_before_the_horizon_alone(aged: db.Connection) -> None:

    retention.run(aged)
    assert audit.run(aged, sample=100).wrong == {}
    assert stats.get_stats("u")["totalEvents"] == 6
    _forget_history(aged)
    assert wrong(aged) == {}


def test_only_known_sources_can_be_kept(connection: db.Connection) -> None:
    game = r"game\.battle_results, game\.claims, game\.visits"
    limited = rf"{game}, live\.openings, logs\.event_hours, tilt\.events"
    with pytest.raises(retention.RetentionError, match=f"can be kept: {limited}"):
        retention.set_retention(connection, "tilt.nothing", 5)


def test_signals_are_kept_as_long_as_their_events(
    connection: db.Connection, client: Client
) -> None:
    """Regression: what was kept of events said nothing of their signals, which stayed."""
    with pytest.raises(retention.RetentionError, match=r"is a part of tilt\.events"):
        retention.set_retention(connection, "tilt.signals", 5)
    now = datetime.now(UTC)
    for days in (200, 1):
        at = int((now - timedelta(days=days)).timestamp() * 1000)
        body = {"userId": "u", "timestamp": at, "signals": ["rage"], "tiltScore": 1}
        assert client.post("/api/tilt/events", body).status == 200
    refresh.run(connection)
    assert retention.set_retention(connection, "tilt.events", 30) == ["tilt.events", "tilt.signals"]
    dropped = retention.run(connection).dropped
    assert min(dropped["tilt.events"], dropped["tilt.signals"]) >= 1
    counted = db.query(
        """
        select (select count(*) from tilt.signals) as signals,
          (select sum(events)::integer from tilt.signal_days) as kept,
          (
            select count(distinct retained_from)
            from rollups.sources
            where 'tilt.events' in (name, part_of)
          ) as horizons
        """
    )
    assert counted == [{"signals": 1, "kept": 2, "horizons": 1}]
    _forget_history(connection)


def test_a_part_that_is_not_clean_keeps_all_of_its_event(
    connection: db.Connection, client: Client, open_connection: Callable[[], db.Connection]
) -> None:
    at = int((datetime.now(UTC) - timedelta(days=200)).timestamp() * 1000)
    body = {"userId": "u", "timestamp": at, "signals": ["rage"], "tiltScore": 1}
    client.post("/api/tilt/events", body)
    refresh.run(connection)
    retention.set_retention(connection, "tilt.events", 30)
    writer = open_connection()
    with writer.transaction():
        writer.execute("update tilt.signals set severity = 3")
        waiting = retention.run(connection, seconds=3)
        assert "tilt.events" not in waiting.dropped
    assert waiting.waiting == ["tilt.events"]
    assert retention.run(connection).dropped["tilt.signals"] >= 1
    _forget_history(connection)


def test_logs_are_kept_together_and_by_their_own_name_too(connection: db.Connection) -> None:
    kept = retention.set_retention(connection, "logs.events", 60)
    assert kept == ["logs.event_hours", "logs.connects", "logs.heartbeats", "logs.session_hours"]
    days = db.query(
        "select name from rollups.sources where retention = interval '60 days' order by name"
    )
    assert [row["name"] for row in days] == sorted(kept)


def test_a_person_is_erased_from_history_whose_raw_rows_are_gone(
    client: Client, aged: db.Connection
) -> None:
    retention.run(aged)
    removed = admin().delete("/api/tilt/users/u").json["removed"]
    assert removed == {"tilt.events": 1, "tilt.signals": 0, "rollups": 6}  # 5 hours, 1 day
    assert stats.get_stats("u")["totalEvents"] == 0
    for view in ("select * from tilt.user_days", "select * from tilt.user_hours"):
        assert db.query(view) == []
    _forget_history(aged)


def test_yesterdays_rate_limits_are_forgotten(connection: db.Connection) -> None:
    connection.execute("insert into shared.rate_limits values ('old', 60, 1)")
    connection.execute(
        "insert into shared.rate_limits values ('now', extract(epoch from now())::bigint, 1)"
    )
    retention.run(connection)
    assert [row["key"] for row in db.query("select key from shared.rate_limits")] == ["now"]
