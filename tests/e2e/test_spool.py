"""The queue drains by itself: what was accepted during an outage is there after it, once."""

from __future__ import annotations

import json
import sys
import time

import boto3
import pytest

from infra.local.stack import Stack
from infra.ops import replay
from tests.support.stack import NOW, Database, Wire, event, until


def test_what_is_accepted_during_an_outage_is_stored_after_it(
    http: Wire, database: Database
) -> None:
    database.stop()
    try:
        sent = [event("outage", tiltScore=number) for number in range(5)]
        queued = [http("POST", "/api/tilt/events", one) for one in (*sent, *sent)]
    finally:
        database.start()
    assert {reply.status for reply in queued} == {202}
    ids = {reply.json["eventId"] for reply in queued}
    assert len(ids) == 5

    def count() -> int:
        return int(http("GET", "/api/tilt/stats/outage").json["totalEvents"])

    until(60, lambda: count() == 5)
    history = http("GET", "/api/tilt/history/outage").json["events"]
    assert {one["id"] for one in history} == ids
    time.sleep(2)
    assert count() == 5


def test_poison_is_a_dead_letter_alone_and_replay_returns_it(
    http: Wire, stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs = boto3.client("sqs", **stack.cloud.access)
    deployed = stack.deployed

    def letters() -> int:
        said = sqs.get_queue_attributes(
            QueueUrl=deployed.dead_letters, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(said["Attributes"]["ApproximateNumberOfMessages"])

    items = [event("neighbour"), event("poison", tiltScore=-1), event("neighbour", tiltScore=3)]
    body = json.dumps({"kind": "tilt.events", "at": NOW, "items": items})
    sqs.send_message(QueueUrl=deployed.queue, MessageBody=body)
    until(30, lambda: letters() == 1)
    assert http("GET", "/api/tilt/stats/neighbour").json["totalEvents"] == 2

    for name, value in stack.cloud.environ.items():
        monkeypatch.setenv(name, value)
    where = ["--queue", deployed.queue, "--dead-letters", deployed.dead_letters]
    monkeypatch.setattr(sys, "argv", ["replay", *where])
    replay.main()
    said = capsys.readouterr().out
    assert "tiltScore" in said
    assert "userId" not in said
    assert said.endswith("1 dead letters put back\n")
    until(30, lambda: letters() == 1)  # still poison
    sqs.purge_queue(QueueUrl=deployed.dead_letters)
