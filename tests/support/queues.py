"""The spool's queues on a mocked SQS, and what Lambda does between one and its function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from functions.shared import db
from functions.spool import handlers
from tests.support.deliveries import to_record


@dataclass(frozen=True)
class Queues:
    """The spool's two queues, on a mocked SQS."""

    client: Any
    queue: str
    dead_letters: str

    def bodies(self, queue: str | None = None) -> list[str]:
        """Takes all messages out of a queue, by default the spool's."""
        bodies = []
        url = queue or self.queue
        while got := self.client.receive_message(QueueUrl=url, MaxNumberOfMessages=10):
            if "Messages" not in got:
                break
            for message in got["Messages"]:
                bodies.append(message["Body"])
                self.client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies


@dataclass
class Mapping:
    """An event source mapping with partial batch answers."""

    queues: Queues
    lost_answers: bool = False  # the function's answer is lost: all is delivered again
    left: list[list[str]] = field(default_factory=list)  # what each delivery was asked to repeat

    def deliver(self, *bodies: str) -> int:
        """Sends the bodies, delivers one batch of what is visible, and returns its size."""
        client, url = self.queues.client, self.queues.queue
        for body in bodies:
            client.send_message(QueueUrl=url, MessageBody=body)
        got = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        answer = handlers.drain({"Records": [to_record(message) for message in got]}, None)
        failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
        self.left.append(failed)
        for message in got:
            if message["MessageId"] not in failed and not self.lost_answers:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(got)


FILLED = (
    *("tilt.events", "logs.events", "logs.heartbeats"),
    *("ttt.rounds", "ttt.names", "ttt.quarantine"),
)


def count_rows() -> list[int]:
    """The rows of each table that the queue fills."""
    statement = "select count(*)::integer as rows from "
    return [db.query(statement + table)[0]["rows"] for table in FILLED]  # type: ignore[operator]
