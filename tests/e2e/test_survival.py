"""A stack that is killed loses nothing that it accepted: the next one stores it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from infra.local import stack as local_stack
from infra.local.sam import ROOT
from infra.local.state import State
from tests.e2e.conftest import Database, Wire
from tests.e2e.test_spool import NOW, event, until

EVENTS = 12
STACK = """
import sys, time
from pathlib import Path
from infra.local import stack, timescale
server = timescale.Server(sys.argv[2], sys.argv[3], "a test", is_ours=False)
with stack.running(Path(sys.argv[1]), database=server):
    print("ready", flush=True)
    time.sleep(600)
"""


@contextmanager
def other_process(home: Path, database: Database) -> Iterator[subprocess.Popen[str]]:
    """A stack that runs in a process of its own, as `make run` does."""
    server = database.server
    command = [sys.executable, "-c", STACK, str(home), server.admin_url, server.app_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def letters(state: State) -> list[str]:
    sqs = boto3.client("sqs", **state.cloud().access)
    got = sqs.receive_message(
        QueueUrl=state.deployed.dead_letters, VisibilityTimeout=0, MaxNumberOfMessages=10
    )
    return [message["Body"] for message in got.get("Messages", [])]


def test_a_killed_stack_loses_no_event_and_no_dead_letter(
    database: Database, tmp_path: Path
) -> None:
    """Regression: 36 of 36 events that had been answered 202 were gone, and dead letters too."""
    if database.home is None:
        pytest.skip("the server of DATABASE_URL is not ours to stop")
    home = tmp_path / "stack"
    with other_process(home, database) as process:
        state = State.read(home)
        poison = json.dumps(
            {"kind": "tilt.events", "at": NOW, "items": [event("killed", tiltScore=-1)]}
        )
        sqs = boto3.client("sqs", **state.cloud().access)
        sqs.send_message(QueueUrl=state.deployed.queue, MessageBody=poison)
        until(30, lambda: len(letters(state)) == 1)
        database.stop()
        try:
            sent = [event("killed", tiltScore=number) for number in range(EVENTS)]
            replies = [Wire(state.url)("POST", "/api/tilt/events", one) for one in sent]
            process.kill()
            process.wait()
        finally:
            database.start()
    assert {reply.status for reply in replies} == {202}

    with local_stack.running(home, database=database.server) as running:
        http = Wire(running.url)

        def stored() -> set[str]:
            history = http("GET", "/api/tilt/history/killed").json["events"]
            return {one["id"] for one in history}

        until(60, lambda: len(stored()) == EVENTS)
        assert stored() == {reply.json["eventId"] for reply in replies}
        assert len(letters(State.read(home))) == 1
        assert "13 messages that an earlier stack left" in running.journal.file.read_text()
        time.sleep(1)
        assert http("GET", "/api/tilt/stats/killed").json["totalEvents"] == EVENTS
