"""Numbers about a user, each held against brute force."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from functions.tilt import events, stats
from tests.support.client import Client

NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def record(ago: timedelta = timedelta(), **changed: Any) -> None:
    at = int((NOW - ago).timestamp() * 1000)
    sent = {"userId": "u", "timestamp": at, "signals": [], "tiltScore": 1, **changed}
    events.record(events.NewEvent.model_validate(sent), f"sender {random.random()}")


def test_the_average_is_exact_where_floats_are_not(client: Client) -> None:
    for index in range(10):
        record(HOUR * index, tiltScore=0.1)
    assert client.get("/api/tilt/stats/u").json["averageTiltScore"] == 0.1


@pytest.mark.parametrize(
    ("bucket", "days", "size"), [("day", 7, 8), ("hour", 2, 49), ("day", 30, 31)]
)
def test_trend_fills_empty_buckets(client: Client, bucket: str, days: int, size: int) -> None:
    record(DAY, tiltScore=2)
    record(DAY, tiltScore=3.5)
    trend = client.get(f"/api/tilt/trend/u?bucket={bucket}&days={days}").json
    assert len(trend) == size
    starts = [datetime.fromisoformat(one["bucket"]) for one in trend]
    step = DAY if bucket == "day" else HOUR
    assert {later - earlier for earlier, later in pairwise(starts)} == {step}
    assert starts[-1] <= datetime.now(UTC) < starts[-1] + step
    filled = [one for one in trend if one["events"]]
    assert [(one["events"], one["average"], one["max"]) for one in filled] == [(2, 2.75, 3.5)]
    assert {(one["average"], one["max"]) for one in trend if not one["events"]} == {(0, 0)}


def test_a_trend_of_minutes_is_refused(client: Client) -> None:
    assert client.get("/api/tilt/trend/u?bucket=minute").status == 400


def test_signals_per_type(client: Client) -> None:
    record(HOUR, signals=[{"type": "a", "severity": 2, "confidence": 0.5}, "b"])
    record(2 * HOUR, signals=[{"type": "a", "severity": 3}, {"type": "a", "severity": 5}])
    record(10 * DAY, signals=["old"])
    answered = client.get("/api/tilt/signals/u").json
    assert (answered["userId"], answered["days"]) == ("u", 7)
    last = (NOW - HOUR).isoformat(timespec="milliseconds")[:23]
    assert answered["signals"] == [
        {
            "type": "a",
            "events": 2,
            "averageSeverity": 3.33,
            "averageConfidence": 0.5,
            "lastSeen": last + "Z",
        },
        {
            "type": "b",
            "events": 1,
            "averageSeverity": None,
            "averageConfidence": None,
            "lastSeen": last + "Z",
        },
    ]
    assert len(client.get("/api/tilt/signals/u?days=30").json["signals"]) == 3


def test_fewer_than_20_users_are_insufficient(client: Client) -> None:
    for index in range(stats.FEWEST_USERS - 1):
        record(userId=f"user {index}")
    record(40 * DAY, userId="long ago")
    assert client.get("/api/tilt/compare/user 1").json == {"insufficient": True}


def test_compare_gives_percentiles_and_names_nobody(client: Client) -> None:
    for index in range(21):
        for turn in range(index % 3 + 1):
            record(HOUR * turn, userId=f"user-{index}", tiltScore=index)
    answered = client.get("/api/tilt/compare/user-20").json
    assert answered == {
        "insufficient": False,
        "days": 30,
        "users": 21,
        "events": 3,
        "average": 20,
        "eventsPercentile": 70,  # 14 of the 20 others have fewer
        "averagePercentile": 100,
    }
    assert client.get("/api/tilt/compare/user-0").json["averagePercentile"] == 0
    assert client.get("/api/tilt/compare/stranger").json == {"insufficient": True}
    assert "user-" not in client.get("/api/tilt/compare/user-7").text


def test_a_read_costs_one_round_trip(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from functions.shared import db

    calls = []
    real = db.query
    monkeypatch.setattr(db, "query", lambda *sent: calls.append(1) or real(*sent))  # type: ignore[func-returns-value]
    for name in ("history", "stats", "trend", "signals", "export", "compare", "cooldown"):
        calls.clear()
        assert client.get(f"/api/tilt/{name}/u").status == 200
        assert len(calls) == 1, name


def test_a_colon_in_a_path_may_be_encoded_or_not(client: Client) -> None:
    record(userId="STEAM_0:1:5")
    for spelled in ("STEAM_0:1:5", "STEAM_0%3A1%3A5"):
        assert client.get(f"/api/tilt/stats/{spelled}").json["totalEvents"] == 1
