"""A batch is stored while its events are normalised, or whole after a second look."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest

from functions.logs import rows
from functions.logs.ingest import batch, event_writer
from functions.logs.ingest.ingest_server import Sender
from functions.logs.ingest.normalise import Server
from functions.shared import db
from tests.support.rollups import connect

SENDER = Sender(Server("srv_1", "Sandbox", "Sandbox"))
NOW = datetime.now(UTC).replace(microsecond=0)


def made(count: int, start: int = 0) -> list[batch.Outcome]:
    sent = [
        {
            "type": "CHAT",
            "timestamp": (NOW - timedelta(seconds=number)).isoformat(),
            "steamId": f"STEAM_0:1:{number + 1}",
            "rawText": f"said {number}",
        }
        for number in range(start, start + count)
    ]
    return batch.prepare(list(sent), SENDER, NOW)


def stored() -> int:
    return int(db.query("select count(*)::int as n from logs.events")[0]["n"])


def stream(outcomes: list[batch.Outcome]) -> set[str]:
    with event_writer.EventWriter() as writer:
        writer.add([outcome.row for outcome in outcomes if outcome.row])
        return writer.store(batch.to_batch(outcomes, SENDER, NOW))


def test_new_rows_are_stored_as_they_come(store: str) -> None:
    outcomes = made(50)
    assert stream(outcomes) == {one.row.id for one in outcomes if one.row}
    assert stored() == 50


def test_of_equal_rows_the_first_is_stored(store: str) -> None:
    outcomes = made(20)
    assert len(stream([*outcomes, *outcomes])) == 20
    assert stored() == 20


@pytest.mark.commits
def test_what_is_known_is_not_stored_again(store: str) -> None:
    assert len(stream(made(3, start=40))) == 3
    assert len(stream(made(50))) == 47
    assert stored() == 50


@pytest.mark.commits
def test_what_came_without_a_time_is_looked_up(store: str) -> None:
    outcomes = made(50) + batch.prepare([{"type": "CHAT", "rawText": "x"}], SENDER, NOW)
    assert len(stream(outcomes)) == stored() == 51
    assert stream(outcomes) == set()
    assert stored() == 51


@pytest.mark.commits
def test_where_nothing_is_to_be_stored_the_rest_is_counted(store: str) -> None:
    refused = batch.prepare(["no event"], SENDER, NOW)
    assert stream(refused) == set()
    [noted] = db.query("select outcome, detail, events from logs.ingest_counts")
    assert noted == {"outcome": "rejected", "detail": "not_an_object", "events": 1}


@pytest.mark.commits
def test_what_waits_too_long_for_another_is_queued(store: str) -> None:
    outcomes = made(40)
    with psycopg.connect(store) as other:
        other.execute("lock table logs.events in access exclusive mode")
        db.query("set lock_timeout = '200ms'")
        with pytest.raises(db.DatabaseUnavailable):
            stream(outcomes)
    assert stored() == 0


@pytest.mark.commits
def test_two_that_end_in_a_deadlock_store_everything_once(store: str) -> None:
    """One sends in another order what the other sends: PostgreSQL ends one, which looks again."""
    first = [one.row for one in made(40) if one.row]
    outcomes = made(40)
    Random(3).shuffle(outcomes)
    outcomes.sort(key=lambda one: one.row is not None and one.row.id == first[0].id)

    with connect(store) as connection:
        connection.execute("begin")
        columns = ", ".join(rows.COLUMNS)
        marks = ", ".join(["%s"] * len(rows.COLUMNS))

        def insert(row: rows.Row) -> None:
            connection.execute(
                f"insert into logs.events ({columns}) values ({marks})",
                row[: len(rows.COLUMNS)],
            )

        insert(first[0])
        done: list[str] = []

        def cross() -> None:
            waiting = next(one.row for one in outcomes if one.row)
            try:
                insert(waiting)
            except psycopg.errors.DeadlockDetected:
                done.append("deadlock")
            connection.execute("rollback")

        other = threading.Thread(target=cross)
        with event_writer.EventWriter() as writer:
            writer.add([one.row for one in outcomes[:35] if one.row])
            other.start()
            writer.add([one.row for one in outcomes[35:] if one.row])
            new = writer.store(batch.to_batch(outcomes, SENDER, NOW))
        other.join()
        assert len(new) == stored() == 40
