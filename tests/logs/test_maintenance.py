"""Maintenance of logs: what is over goes, whatever chunk it is in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from functions.logs.search import columnstore
from functions.rollups import audit, maintenance, refresh, retention
from functions.shared import db, ids
from schema.engine.migrate import Report
from tests.support.rollups import connect

pytestmark = pytest.mark.commits


@pytest.fixture
def connection(store: str) -> Iterator[db.Connection]:
    with connect(store) as connection:
        yield connection


def test_logs_of_a_clock_that_was_ahead_go_after_their_90_days(
    connection: db.Connection, migrated: tuple[Report, str, str]
) -> None:
    """Regression: their chunks go by the time that was sent, up to 400 days after the receipt."""
    now = datetime.now(UTC)
    for number, (age, ahead, kind) in enumerate(
        (
            (100, 400, "CHAT"),
            (100, 70, "CHAT"),
            (100, 70, "KILL"),
            (93, 30, "CHAT"),
            (91, 30, "CHAT"),  # sessions of after the horizon may begin up to 2 days before it
            (89, 400, "CHAT"),
            (89, 0, "CHAT"),
            (1, 0, "CHAT"),
        )
    ):
        at = now - timedelta(days=age)
        second = (at + timedelta(days=ahead)).replace(microsecond=0)
        connection.execute(
            """
            insert into logs.events
              (id, sent_at, occurred_at, server_id, mode, type, raw_text, metadata)
            values (%s, %s, %s, 'srv_01', 'TTT', %s, %s, '{}')
            """,
            (
                ids.make_event_id(int(second.timestamp()) * 1000, number),
                second,
                at,
                kind,
                str(number),
            ),
        )
        connection.execute(
            """
            insert into logs.event_hours as h (server_id, hour, events)
            values ('srv_01', date_trunc('hour', %s::timestamptz, 'UTC'), 1)
            on conflict on constraint event_hours_pkey do update
            set events = h.events + 1
            """,
            (at,),
        )
    retention.set_retention(connection, "logs.event_hours", 90)
    refresh.run(connection)
    told = (
        "select sum(events)::integer as events from logs.activity_days where server_id = 'srv_01'"
    )
    before = db.query(told)
    packed = columnstore.run(connection).compressed
    assert (packed > 0) == (migrated[0].edition == "community")
    report = retention.run(connection)
    assert (report.ahead, "logs.event_hours" in report.waiting) == (4, False)
    left = db.query("select raw_text from logs.events order by raw_text")
    assert [row["raw_text"] for row in left] == ["4", "5", "6", "7"]
    assert db.query(told) == before == [{"events": 8}]
    assert retention.run(connection).ahead == 0
    assert audit.run(connection, 1000).wrong == {}
    assert columnstore.run(connection).left == 0
    # For the next tests.
    connection.execute("update rollups.sources set retained_from = '-infinity'")


def test_receipts_of_logs_go_after_their_30_days(connection: db.Connection) -> None:
    """They were read for 30 days and kept for ever."""
    for days in (1, 30, 32):
        connection.execute(
            """
            insert into logs.ingest_counts (server_id, hour, outcome, detail, events)
            values ('srv_01', now() - make_interval(days => %s), 'stored', '', %s)
            """,
            (days, days),
        )
    maintenance.run(connection)
    left = db.query("select events from logs.ingest_counts order by events")
    assert [row["events"] for row in left] == [1, 30]
