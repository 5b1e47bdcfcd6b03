"""The time of a sent event: its forms, and those that are no time to be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.logs.ingest import normalise
from tests.support.logs.sending import NOW, SERVER, event, reason

TIMES = [
    ("2026-03-02T19:00:03Z", datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC)),
    ("2026-03-02T16:00:03-03:00", datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC)),
    ("2026-03-02T19:00:03.250Z", datetime(2026, 3, 2, 19, 0, 3, 250_000, tzinfo=UTC)),
    ("2026-03-02T19:00:03", datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC)),
    ("2026-03-02 19:00:03", datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC)),
    (1772478003, datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC)),
    (1772478003.0, datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC)),
    (1772478003250, datetime(2026, 3, 2, 19, 0, 3, 250_000, tzinfo=UTC)),
    ("1772478003", datetime(2026, 3, 2, 19, 0, 3, tzinfo=UTC)),
    ("1772478003250", datetime(2026, 3, 2, 19, 0, 3, 250_000, tzinfo=UTC)),
    ("1772478003.25", datetime(2026, 3, 2, 19, 0, 3, 250_000, tzinfo=UTC)),
]


@pytest.mark.parametrize(("given", "at"), TIMES)
def test_times_come_in_many_forms(given: Any, at: datetime) -> None:
    found = event(timestamp=given)
    assert found.occurred_at == at
    assert found.sent_at == at.replace(microsecond=0)
    assert found.occurred_at.tzinfo is UTC
    assert found.warnings == []


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_time_the_receipt_counts(given: Any) -> None:
    found = event(timestamp=given)
    assert (found.occurred_at, found.sent_at, found.warnings) == (NOW, None, ["timestamp_missing"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("soon", "soon"),
        ("2026-02-30T00:00:00Z", "2026-02-30T00:00:00Z"),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+05:00"),
        ("9999-12-31T00:00:00Z", "9999-12-31T00:00:00Z"),
        (1e300, int(1e300)),
        (True, True),
        ([1], "[1]"),
        ({"a": 1.0}, '{"a": 1}'),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_time_that_cannot_be_read_is_kept_to_be_looked_at(given: Any, kept: Any) -> None:
    found = event(timestamp=given)
    assert (found.occurred_at, found.sent_at, found.warnings) == (NOW, None, ["timestamp_invalid"])
    assert found.metadata["sentTimestamp"] == kept


def test_a_time_far_ahead_is_not_believed() -> None:
    fine = event(timestamp=(NOW + timedelta(minutes=5)).isoformat())
    assert (fine.occurred_at, fine.warnings) == (NOW + timedelta(minutes=5), [])
    ahead = NOW + timedelta(minutes=5, milliseconds=1)
    found = event(timestamp=ahead.isoformat())
    assert (found.occurred_at, found.warnings) == (NOW, ["timestamp_future"])
    assert found.sent_at == ahead.replace(microsecond=0)
    assert found.metadata["sentTimestamp"] == ahead.isoformat()


def test_a_time_years_ahead_tells_no_event_from_another() -> None:
    """Every week of such times made a chunk: one batch of random ones slowed all reads for ever."""
    within = event(timestamp=(NOW + timedelta(days=400)).isoformat())
    assert within.sent_at == (NOW + timedelta(days=400)).replace(microsecond=0)
    beyond = (NOW + timedelta(days=400, seconds=1)).isoformat()
    found = event(timestamp=beyond)
    assert (found.occurred_at, found.sent_at, found.warnings) == (NOW, None, ["timestamp_future"])
    assert found.metadata["sentTimestamp"] == beyond


def test_a_day_is_late_and_a_season_too_old() -> None:
    assert event(timestamp=(NOW - timedelta(hours=24)).isoformat()).warnings == []
    late = event(timestamp=(NOW - timedelta(hours=24, seconds=1)).isoformat())
    assert late.warnings == ["late"]
    assert event(timestamp=(NOW - timedelta(days=90)).isoformat()).warnings == ["late"]
    old = {"timestamp": (NOW - timedelta(days=90, seconds=1)).isoformat()}
    assert reason(old) == "timestamp_too_old"
    assert normalise.normalise(old, SERVER, NOW, timedelta(days=91)).warnings[-1] == "late"
    for past in (0, "0", -5, "1969-12-31T00:00:00Z", "0001-01-01"):
        assert reason({"timestamp": past}) == "timestamp_too_old"
