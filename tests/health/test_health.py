"""Health: each part says what is, and fails alone."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import psycopg
import pytest
from psycopg import sql

from functions.health import queues as lengths
from functions.rollups import handlers
from functions.shared import auth, aws, db
from tests.support.client import Client
from tests.support.live import rooms
from tests.support.queues import Queues
from tests.support.ttt.contract import collect

URL = "/api/admin/health"
EMPTY = {"waiting": 0, "in_flight": 0, "delayed": 0}


@pytest.fixture
def all_queues(queues: Queues, setting: Callable[..., None]) -> Queues:
    """The spool's queues, and that of jobs that failed."""
    url = queues.client.create_queue(QueueName="failed")["QueueUrl"]
    setting(SCHEDULER_DEAD_LETTERS_URL=url)
    return queues


@pytest.fixture
def ada(store: str) -> Client:
    return Client({"X-Api-Key": auth.issue("ada", ["admin"])})


def read(client: Client) -> Any:
    answered = client.get(URL)
    assert answered.status == 200, answered.text
    assert answered.headers["cache-control"] == "no-store"
    return answered.json


def test_of_a_new_community_all_is_well(ada: Client, all_queues: Queues) -> None:
    db.query("delete from shared.job_runs")  # of jobs that tests before ran
    found = read(ada)
    assert {one["dirty_buckets"] for one in found["rollups"]} == {0}
    assert {one["lag_seconds"] for one in found["rollups"]} == {0}
    assert {"ttt.player_days", "tilt.user_days"} <= {one["name"] for one in found["rollups"]}
    assert found["queues"] == {"spool": EMPTY, "dead_letters": EMPTY, "failed_jobs": EMPTY}
    assert found["quarantine"] == {"bodies": 0, "bytes": 0, "oldest_at": None}
    budget = {"rate": 2000, "left": 2000, "posts_per_second": 0}
    assert found["live"] == {"rooms": 0, "sockets": 0, "waiting": 0, "users": 0, "budget": budget}
    assert found["jobs"] == []


def test_each_part_counts(client: Client, ada: Client, all_queues: Queues) -> None:
    assert collect(client).status == 201
    db.query("update rollups.dirty_buckets set marked_at = now() - interval '90 seconds'")
    body = '{"round_id": "r", "kills": 3}'
    assert client.post("/api/collect", body).status == 400
    rooms.connect("a", "room:1", 1)
    rooms.connect("b", "room:1", 1)
    all_queues.client.send_message(QueueUrl=all_queues.dead_letters, MessageBody="poison")
    found = read(ada)
    [days] = [one for one in found["rollups"] if one["name"] == "ttt.player_days"]
    assert (days["dirty_buckets"], days["oldest_dirty"]) == (1, "2026-03-02T00:00:00.000Z")
    assert 90 <= days["lag_seconds"] < 900
    assert (found["quarantine"]["bodies"], found["quarantine"]["bytes"]) == (1, len(body))
    assert found["quarantine"]["oldest_at"]
    assert found["queues"]["dead_letters"]["waiting"] == 1
    assert (found["live"]["rooms"], found["live"]["sockets"], found["live"]["users"]) == (1, 2, 1)


@pytest.mark.commits
def test_after_its_night_a_rollup_has_an_audit_and_its_jobs_a_run(
    client: Client, ada: Client, all_queues: Queues
) -> None:
    db.query("delete from shared.job_runs")
    assert collect(client).status == 201
    handlers.refresh({}, None)
    handlers.audit({}, None)
    found = read(ada)
    assert {one["lag_seconds"] for one in found["rollups"]} == {0}
    assert {one["wrong_rows"] for one in found["rollups"]} == {0}
    assert all(one["audited_at"] for one in found["rollups"])
    jobs = {one["name"]: one for one in found["jobs"]}
    assert jobs.keys() == {"rollups.refresh", "rollups.catch_up", "rollups.audit"}
    for job in jobs.values():
        assert job["started_at"] <= job["ended_at"] == job["succeeded_at"]
        assert job["error"] is None


@pytest.mark.parametrize(
    ("part", "table"),
    [
        ("rollups", "rollups.dirty_buckets"),
        ("jobs", "shared.job_runs"),
        ("quarantine", "ttt.quarantine"),
        ("live", "live.connections"),
    ],
)
@pytest.mark.commits
def test_a_part_fails_alone(
    ada: Client, all_queues: Queues, migrated: Any, part: str, table: str
) -> None:
    schema, _, name = table.partition(".")
    rename = sql.SQL("alter table {} rename to {}")
    with psycopg.connect(migrated[1], autocommit=True) as admin:
        admin.execute(rename.format(sql.Identifier(schema, name), sql.Identifier("away")))
        try:
            found = read(ada)
        finally:
            admin.execute(rename.format(sql.Identifier(schema, "away"), sql.Identifier(name)))
    assert {one for one, value in found.items() if value is None} == {part}


def test_without_queues_the_rest_is_answered(ada: Client) -> None:
    found = read(ada)
    assert [name for name, value in found.items() if value is None] == ["queues"]


def test_queues_that_do_not_answer_hold_nobody_up(
    ada: Client, all_queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = Event()
    monkeypatch.setattr(lengths, "TIMEOUT", 0.01)
    monkeypatch.setattr(lengths, "_read_length", lambda _: is_over.wait(60))
    assert read(ada)["queues"] is None
    is_over.set()


def test_a_queue_that_is_gone_is_no_number(ada: Client, all_queues: Queues) -> None:
    aws.client("sqs").delete_queue(QueueUrl=all_queues.dead_letters)
    assert read(ada)["queues"] is None


def test_it_costs_one_round_trip_beside_the_keys(
    ada: Client, all_queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(ada)
    calls: list[Any] = []
    real = db.query
    monkeypatch.setattr(db, "query", lambda *sent: calls.append(sent) or real(*sent))  # type: ignore[func-returns-value]
    read(ada)
    assert len(calls) == 2
