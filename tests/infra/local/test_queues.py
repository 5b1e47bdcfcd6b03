"""What a local cloud's queues hold outlives it, however it ends."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local import cloud as clouds
from infra.local import queues
from infra.local.cloud import Cloud
from infra.local.emulator import to_logical_name

REASON = {"reason": {"DataType": "String", "StringValue": "why"}}


def queue(cloud: Cloud, name: str) -> tuple[Any, str]:
    client = boto3.client("sqs", **cloud.access)
    return client, client.create_queue(QueueName=name)["QueueUrl"]


def taken(client: Any, url: str, delete: bool = True) -> list[dict[str, Any]]:
    """Every message that can be had now."""
    found: list[dict[str, Any]] = []
    more = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
    while got := client.receive_message(QueueUrl=url, **more).get("Messages"):
        for message in got:
            found.append(message)
            if delete:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def end(cloud: Cloud, how: str) -> None:
    """With the block, or as a crash of the cloud itself would."""
    if how == "killed":
        assert cloud.process
        os.kill(cloud.process.pid, signal.SIGKILL)
        cloud.process.wait()


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_what_is_queued_is_queued_again_by_the_next_cloud(tmp_path: Path, how: str) -> None:
    """Regression: `make stop` lost every event that had been answered 202, and dead letters."""
    with clouds.running(tmp_path) as cloud:
        client, spool = queue(cloud, "tiltyard-SpoolQueue-AB12")
        _, letters = queue(cloud, "tiltyard-SpoolDeadLetters-CD34")
        for number in range(12):
            client.send_message(QueueUrl=spool, MessageBody=f"event {number} é\n")
        entries: Any = [{"Id": str(one), "MessageBody": f"batch {one}"} for one in range(3)]
        client.send_message_batch(QueueUrl=spool, Entries=entries)
        # Out of sight, as while the drain is at work: still to be kept.
        client.receive_message(QueueUrl=spool, MaxNumberOfMessages=5, VisibilityTimeout=600)
        client.send_message(
            QueueUrl=letters, MessageBody="poison", MessageAttributes=REASON, DelaySeconds=60
        )
        end(cloud, how)
    left = queues.list_messages(tmp_path / "queues")
    assert len(left) == 16

    with clouds.running(tmp_path) as cloud:
        client, spool = queue(cloud, "tiltyard-SpoolQueue-EF56")
        assert queues.restore_messages(cloud, left) == 15  # there is no queue for dead letters yet
        _, letters = queue(cloud, "tiltyard-SpoolDeadLetters-GH78")
        assert queues.restore_messages(cloud, [file for file in left if file.exists()]) == 1
        bodies = [message["Body"] for message in taken(client, spool)]
        assert bodies == [
            *(f"event {number} é\n" for number in range(12)),
            *(f"batch {number}" for number in range(3)),
        ]
        [letter] = taken(client, letters, delete=False)
        assert (letter["Body"], letter["MessageAttributes"]) == ("poison", REASON)
        until_left(tmp_path / "queues", 1)
    assert [
        json.loads(one.read_text())["body"] for one in queues.list_messages(tmp_path / "queues")
    ] == ["poison"]


def until_left(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 5
    while len(queues.list_messages(folder)) != count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_was_drained_or_purged_is_not_queued_again(tmp_path: Path) -> None:
    with clouds.running(tmp_path) as cloud:
        client, spool = queue(cloud, "tiltyard-SpoolQueue-AB12")
        for number in range(3):
            client.send_message(QueueUrl=spool, MessageBody=str(number))
        assert len(taken(client, spool)) == 3
        until_left(tmp_path / "queues", 0)
        client.send_message(QueueUrl=spool, MessageBody="purged")
        client.purge_queue(QueueUrl=spool)
        until_left(tmp_path / "queues", 0)


def test_a_message_is_kept_before_its_sender_is_answered(tmp_path: Path) -> None:
    with clouds.running(tmp_path) as cloud:
        client, spool = queue(cloud, "tiltyard-SpoolQueue-AB12")
        for number in range(20):
            client.send_message(QueueUrl=spool, MessageBody=str(number))
            assert len(queues.list_messages(tmp_path / "queues")) == number + 1


def test_what_cannot_be_kept_is_not_accepted(tmp_path: Path) -> None:
    """As on a full disk: the function then answers 503, and the client repeats."""
    (tmp_path / "queues").write_text("not a folder")
    with clouds.running(tmp_path) as cloud:
        client, spool = queue(cloud, "tiltyard-SpoolQueue-AB12")
        with pytest.raises(client.exceptions.ClientError):
            client.send_message(QueueUrl=spool, MessageBody="lost")


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("tiltyard-SpoolQueue-1A2B3C", "SpoolQueue"),
        ("tiltyard-a-b-1A2B3C", "a-b"),
        ("plain", "plain"),
        ("two-parts", "two-parts"),
    ],
)
def test_a_queue_is_known_by_its_name_in_the_template(name: str, known_as: str) -> None:
    assert to_logical_name(name) == known_as


def test_the_queues_of_one_database_are_not_anothers(tmp_path: Path) -> None:
    one = queues.get_folder(tmp_path, "postgresql://u:p@h:1/d")
    assert one == queues.get_folder(tmp_path, "host=h port=1 dbname=d user=other")
    others = ["", "postgresql://u:p@h:1/e", "postgresql://u:p@h:2/d", "nonsense :// at all"]
    assert len({one, *(queues.get_folder(tmp_path, other) for other in others)}) == 5
