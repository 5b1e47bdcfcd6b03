"""PostgreSQL killed under load, again and again: what was accepted is there, once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest

from infra.local import server_user
from infra.local.stack import Stack
from tests.support.rollups import connect, wrong
from tests.support.stack import NOW, Database, Wire, until

KILLS = 20
THREADS = 4
EVENTS = 400  # a thread posts at most
UP_SECONDS = 0.8
PACE_SECONDS = 0.08


@dataclass
class Told:
    """What one poster was answered."""

    accepted: dict[tuple[str, int], str] = field(default_factory=dict)  # (user, score) → id
    statuses: dict[int, int] = field(default_factory=dict)

    def note(self, status: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1


def post(http: Wire, name: int, ended: threading.Event) -> Told:
    """Posts events, each until it is accepted, and some of them again later."""
    told = Told()
    for number in range(EVENTS):
        user, score = f"fault-{name}-{number // 50}", number % 50
        send(http, told, user, score, ended)
        if number % 7 == 0:
            send(http, told, user, score // 2, ended)
        if ended.wait(PACE_SECONDS):
            break
    return told


def send(http: Wire, told: Told, user: str, score: int, ended: threading.Event) -> None:
    # A day for each score, so that many buckets are dirty at once.
    sent: dict[str, Any] = {"userId": user, "tiltScore": score, "signals": ["x", "y"]}
    sent["timestamp"] = NOW - score * 86_400_000
    for _ in range(100):
        reply = http("POST", "/api/tilt/events", sent)
        told.note(reply.status)
        if reply.status in (200, 202):
            known = told.accepted.setdefault((user, score), reply.json["eventId"])
            assert known == reply.json["eventId"]
            return
        assert (reply.status, reply.json) == (503, {"error": "Database not connected"})
        if ended.wait(PACE_SECONDS):
            return


def kill(home: Path) -> None:
    """Ends every process of a server at once, as a power cut would: none may finish a thing."""
    data = server_user.make_reachable(home) / "data"
    postmaster = int((data / "postmaster.pid").read_text().split("\n")[0])
    for pid in (postmaster, *processes(data)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def processes(data: Path) -> Iterator[int]:
    """Who is at work in a data folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "cwd").readlink() == data.resolve():
                yield int(entry.name)


def test_nothing_accepted_is_lost_or_doubled_by_20_kills(
    http: Wire, stack: Stack, database: Database
) -> None:
    if database.home is None:
        pytest.skip("the server of DATABASE_URL is not ours to kill")
    ended = threading.Event()
    with ThreadPoolExecutor(THREADS) as pool:
        posters = [pool.submit(post, http, name, ended) for name in range(THREADS)]
        try:
            for _ in range(KILLS):
                time.sleep(UP_SECONDS)
                kill(database.home)
                database.start()
        finally:
            ended.set()
        tales = [poster.result() for poster in posters]

    accepted = {what: one for tale in tales for what, one in tale.accepted.items()}
    statuses = {
        status: sum(tale.statuses.get(status, 0) for tale in tales) for status in (200, 202, 503)
    }
    # It was up, and it was down.
    assert min(statuses[200], statuses[202]) > KILLS, f"{len(accepted)} accepted, {statuses}"
    until(120, lambda: waiting(stack) == 0)
    assert waiting(stack, stack.deployed.dead_letters) == 0
    with connect(database.server.app_url) as connection:
        assert stored(connection) == sorted((*what, one) for what, one in accepted.items())
        [signals] = connection.execute(
            "select count(*) from tilt.signals where user_id like 'fault-%'"
        ).fetchall()
        assert signals["count"] == 2 * len(accepted)
        assert wrong(connection) == {}


def waiting(stack: Stack, queue: str | None = None) -> int:
    """How many messages a queue holds, seen and unseen."""
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    said = boto3.client("sqs", **stack.cloud.access).get_queue_attributes(
        QueueUrl=queue or stack.deployed.queue,
        AttributeNames=names,  # type: ignore[arg-type]
    )
    return sum(int(said["Attributes"][name]) for name in names)  # type: ignore[index]


def stored(connection: psycopg.Connection[Any]) -> list[tuple[str, int, str]]:
    rows = connection.execute(
        """
        select user_id, tilt_score::int as score, id::text as id
        from tilt.events
        where user_id like 'fault-%'
        order by user_id, score, id
        """
    ).fetchall()
    return [(row["user_id"], row["score"], row["id"]) for row in rows]
