"""Puts dead letters of the spool back into its queue: `python -m infra.ops.replay [--list]`.

Works on the queues of --queue and --dead-letters, else of SPOOL_QUEUE_URL and
SPOOL_DEAD_LETTERS_URL, in the AWS account of the shell; else on those of the running local stack.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import state

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

_HIDDEN_SECONDS = 300  # how long a letter that we look at is out of everybody else's sight
_AT_ONCE = 10
Held = dict[str, str]  # the ids of letters, and what to let go of them with


@dataclass(frozen=True)
class Queues:
    """Where dead letters go back to, and where they are."""

    client: SQSClient
    queue: str
    dead_letters: str


class ReplayError(Exception):
    """Why nothing can be replayed, in a sentence."""


def main() -> None:
    """Prints each letter's id, date and reason, never its body, which may be about a person."""
    parser = argparse.ArgumentParser(prog="make replay", description=__doc__)
    parser.add_argument("--list", action="store_true", help="only show them")
    parser.add_argument("--queue", metavar="URL")
    parser.add_argument("--dead-letters", metavar="URL")
    arguments = parser.parse_args()
    try:
        queues = _queues(arguments.queue, arguments.dead_letters)
        count = 0
        for letter in list_letters(queues) if arguments.list else replay_letters(queues):
            print(letter, flush=True)
            count += 1
    except (ReplayError, BotoCoreError, ClientError) as error:
        sys.exit(str(error))
    print(f"{count} dead letters{'' if arguments.list else ' put back'}")


def replay_letters(queues: Queues) -> Iterator[str]:
    """Moves every letter that is there now, and yields a line for each.

    It is sent before it is deleted: ended in between, or run twice, it is sent twice, and what is
    stored twice has the same id.
    """
    held: Held = {}
    try:
        for letter in _received(queues, held):
            queues.client.send_message(QueueUrl=queues.queue, MessageBody=letter["Body"])
            receipt = held.pop(letter["MessageId"])
            queues.client.delete_message(QueueUrl=queues.dead_letters, ReceiptHandle=receipt)
            yield _line(letter)
    finally:
        _let_go(queues, held)


def list_letters(queues: Queues) -> Iterator[str]:
    """Yields a line for every letter that is there now, and leaves them all."""
    held: Held = {}
    try:
        yield from map(_line, _received(queues, held))
    finally:
        _let_go(queues, held)


def _received(queues: Queues, held: Held) -> Iterator[MessageTypeDef]:
    """The letters that were dead when we began; `held` are those that nobody else sees now.

    One that is buried again meanwhile is younger than our beginning: else poison would go round.
    """
    begun = time.time() * 1000
    while True:
        got = queues.client.receive_message(
            QueueUrl=queues.dead_letters,
            MaxNumberOfMessages=_AT_ONCE,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=1,  # asks every server of the queue
            MessageAttributeNames=["reason"],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])
        new = [letter for letter in got if letter["MessageId"] not in held]
        held.update((letter["MessageId"], letter["ReceiptHandle"]) for letter in got)
        yield from (one for one in new if int(one["Attributes"]["SentTimestamp"]) <= begun)
        if not new:
            return


def _let_go(queues: Queues, held: Held) -> None:
    for receipt in held.values():
        with suppress(ClientError):  # its time was up, and somebody else has it
            queues.client.change_message_visibility(
                QueueUrl=queues.dead_letters, ReceiptHandle=receipt, VisibilityTimeout=0
            )


def _line(letter: MessageTypeDef) -> str:
    sent_at = datetime.fromtimestamp(int(letter["Attributes"]["SentTimestamp"]) / 1000, UTC)
    attributes = letter.get("MessageAttributes")
    why = attributes["reason"]["StringValue"] if attributes else "given up by the queue itself"
    return f"{letter['MessageId']}  {sent_at:%Y-%m-%d %H:%M:%S}  {why}"


def _queues(queue: str | None, dead_letters: str | None) -> Queues:
    queue = queue or os.environ.get("SPOOL_QUEUE_URL")
    dead_letters = dead_letters or os.environ.get("SPOOL_DEAD_LETTERS_URL")
    if queue and dead_letters:
        return Queues(boto3.client("sqs"), queue, dead_letters)
    if queue or dead_letters:
        raise ReplayError("Give both: --queue and --dead-letters, or their variables.")
    if not state.get_owner(state.HOME) or not (state.HOME / "state.json").exists():
        raise ReplayError(
            "No queues: set SPOOL_QUEUE_URL and SPOOL_DEAD_LETTERS_URL (outputs of the deployed "
            "stack), or start the local one with `make run`."
        )
    known = state.State.read(state.HOME)
    client = boto3.client("sqs", **known.cloud().access)
    return Queues(client, known.deployed.queue, known.deployed.dead_letters)


if __name__ == "__main__":
    main()
