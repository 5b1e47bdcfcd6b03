"""Tilt events as stored: once, exactly, in both tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from functions.shared import db, ids
from functions.tilt import events
from tests.client import Client, admin

NOW = int(time.time() * 1000)


def event(**changed: Any) -> events.NewEvent:
    sent = {"userId": "u", "timestamp": NOW, "signals": ["x"], "tiltScore": 1, **changed}
    return events.NewEvent.model_validate(sent)


def test_an_event_is_stored_with_the_time_of_its_id(store: str) -> None:
    event_id = events.record(event(timestamp=NOW + 0.9)).id
    [row] = db.run("select id, occurred_at from tilt.events")
    assert str(row["id"]) == event_id
    assert row["occurred_at"] == ids.time_of(event_id)


@pytest.mark.parametrize("score", [0.1, 3.123456789, 1e-300, 99.99999999999999, 100])
def test_a_score_is_stored_to_its_last_digit(store: str, score: float) -> None:
    events.record(event(tiltScore=score))
    [row] = db.run("select tilt_score from tilt.events")
    assert row["tilt_score"] == Decimal(repr(score))


def test_signals_are_stored_one_row_each(store: str) -> None:
    signals = ["a", {"type": "b", "severity": 2.5}, {"type": "b", "confidence": 0.5}]
    events.record(event(signals=signals))
    rows = db.run("select ordinal, type, severity, confidence from tilt.signals order by ordinal")
    assert [tuple(row.values()) for row in rows] == [
        (1, "a", None, None),
        (2, "b", Decimal("2.5"), None),
        (3, "b", None, Decimal("0.5")),
    ]


def test_recording_again_changes_nothing(store: str) -> None:
    first = events.record(event()).id
    before = db.run("select * from tilt.events")
    assert events.record(event()).id == first
    assert db.run("select * from tilt.events") == before
    assert db.run("select count(*) from tilt.signals")[0]["count"] == 1


def test_a_refused_event_is_not_stored(store: str) -> None:
    db.run(
        "insert into shared.limits values ('tilt:s', extract(epoch from now())::bigint/60*60, 500)"
    )
    with pytest.raises(Exception, match="slow down"):
        events.record(event(), "s")
    assert db.run("select count(*) from tilt.events")[0]["count"] == 0


@pytest.mark.commits
def test_the_same_event_from_many_at_once_is_stored_once(store: str) -> None:
    """Two containers at the same moment: the loser of the race must not fail, nor add signals."""
    statements: list[Any] = []
    real = db.run
    try:
        db.run = lambda *sent: statements.append(sent) or real(*sent)  # type: ignore[func-returns-value]
        events.record(event(userId="seen by the spy"))
    finally:
        db.run = real
    statement, values = statements[0]
    values = {**values, "user_id": "u", "id": ids.event_id(NOW, "race"), "limit": 1000}

    def one(_: int) -> None:
        with psycopg.connect(store, autocommit=True) as connection:
            connection.execute(statement, values)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    assert db.run("select count(*) from tilt.events where user_id = 'u'")[0]["count"] == 1
    assert db.run("select count(*) from tilt.signals where user_id = 'u'")[0]["count"] == 1


def test_an_event_costs_one_round_trip(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = db.run
    monkeypatch.setattr(db, "run", lambda *sent: calls.append(1) or real(*sent))  # type: ignore[func-returns-value]
    sent = {"userId": "u", "timestamp": NOW, "signals": [], "tiltScore": 1}
    assert client.post("/api/tilt/events", sent).status == 200
    assert len(calls) == 1


def test_delete_removes_the_event_and_its_signals_only(store: str) -> None:
    keep = events.record(event(userId="other")).id
    gone = events.record(event()).id
    events.delete(gone)
    assert [str(row["id"]) for row in db.run("select id from tilt.events")] == [keep]
    assert [str(row["event_id"]) for row in db.run("select event_id from tilt.signals")] == [keep]


def test_a_deleted_event_may_be_sent_again(store: str) -> None:
    event_id = events.record(event()).id
    events.delete(event_id)
    assert events.record(event()).id == event_id
    assert db.run("select count(*) from tilt.events")[0]["count"] == 1


def test_erase_removes_a_person_and_counts_per_table(client: Client) -> None:
    for score in (1, 2):
        events.record(event(tiltScore=score, signals=["a", "b"]))
    events.record(event(userId="other"))
    erased = admin().delete("/api/tilt/users/u").json
    assert erased["removed"] == {"tilt.events": 2, "tilt.signals": 4, "rollups": 0}
    again = admin().delete("/api/tilt/users/u").json
    assert again["removed"] == {"tilt.events": 0, "tilt.signals": 0, "rollups": 0}
    assert {row["user_id"] for row in db.run("select user_id from tilt.events")} == {"other"}


def test_erasure_is_audited_without_naming_the_person(client: Client) -> None:
    events.record(event(userId="a-person"))
    admin().delete("/api/tilt/users/a-person")
    [noted] = db.run("select subject, actor, counts from shared.audit where action = 'tilt.erase'")
    assert noted["actor"]
    assert noted["counts"] == {"tilt.events": 1, "tilt.signals": 1, "rollups": 0}
    assert "a-person" not in str(noted)


def test_an_erased_person_is_not_in_any_table(client: Client, setting: Callable[..., None]) -> None:
    """Regression: where keys are optional, the rate limits kept the id of every user."""
    setting(TILT_KEYS="optional")
    sent = {"userId": "a-person", "timestamp": NOW, "signals": ["x"], "tiltScore": 1}
    client.post("/api/tilt/events", sent)
    assert "a-person" not in str(db.run("select * from shared.limits"))
    admin().delete("/api/tilt/users/a-person")
    assert db.run("select * from shared.limits") == []
    for table in ("tilt.events", "tilt.signals", "shared.audit", "shared.limits"):
        assert "a-person" not in str(db.run(f"select * from {table}"))
