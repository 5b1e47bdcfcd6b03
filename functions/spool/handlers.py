"""The drain: stores what was spooled by the functions that the doors use, under the same ids."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg

from functions.domains import load_consumers
from functions.shared import auth, aws, db, errors, log, spool, spool_parts
from functions.shared.settings import settings

CONSUMERS = load_consumers()
_FAR_FUTURE = 10_000_000_000_000  # Unix ms
_LONGEST_WAIT = 900  # seconds between tries while the database stays away


class Message(NamedTuple):
    """What a queue message says: see shared/spool.py."""

    kind: str
    at: int
    key: str | None
    items: list[Any]


class Poison(Exception):  # noqa: N818  the field's term
    """An item that can never be stored, and why, in words without a person's data."""


def drain(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Stores a batch of SQS messages; names those to be delivered again while the database is down.

    An item that cannot be stored goes to the dead-letter queue alone, with its reason.
    """
    passing: tuple[type[Exception], ...] = (db.DatabaseUnavailable, *aws.failures())
    failed: list[dict[str, str]] = []
    stored = dead = 0
    for record in event["Records"]:
        try:
            if failed:
                raise db.DatabaseUnavailable  # as a moment ago: the rest stays in order
            good, bad = _store(record)
            stored, dead = stored + good, dead + bad
        except passing:
            failed.append({"itemIdentifier": record["messageId"]})
            _back_off(record)
    log.event("drained", stored=stored, dead=dead, left=len(failed))
    if stored:
        log.metric("SpoolStored", stored)
    return {"batchItemFailures": failed}


def _store(record: dict[str, Any]) -> tuple[int, int]:
    """How many items of a message were stored, and how many were poison."""
    try:
        message = _read(record["body"])
        _check_key(message)
    except Poison as poison:
        _dead_letter(record["body"], poison)
        return 0, 1
    done = [_restore_one(message, item) for item in message.items]
    return done.count(True), done.count(False)


def _check_key(message: Message) -> None:
    """Doors remember keys for a minute, and for as long as the database is down: here it is asked
    whether the key was alive when its request was accepted."""
    if message.key is not None and not auth.was_live(message.key, message.at):
        raise Poison("its API key was revoked or expired before it was accepted")


def _restore_one(message: Message, item: Any) -> bool | None:
    """Whether an item was stored; None for a part of one that waits for the other parts."""
    if not spool.is_part(item):
        return _consume(message, item, [_alone(message, item)])
    try:
        with _poison():
            whole = spool_parts.collect_part(item)
    except Poison as poison:
        _dead_letter(_alone(message, item), poison)
        return False
    if whole is None:
        return None
    bodies = spool.build_messages(message.kind, [whole], message.key, message.at)
    is_stored = _consume(message, whole, bodies)
    spool_parts.delete_parts(item)
    return is_stored


def _alone(message: Message, item: Any) -> str:
    """An item of a message in a message of its own."""
    body = {**message._asdict(), "items": [item]}
    return json.dumps({name: value for name, value in body.items() if value is not None})


def _consume(message: Message, item: Any, bodies: Iterable[str]) -> bool:
    """Whether the item was stored; if it can never be, `bodies` become dead letters."""
    try:
        with _poison():
            CONSUMERS[message.kind](spool.decompress(item), message.at)
    except Poison as poison:
        for body in bodies:
            _dead_letter(body, poison)
        return False
    return True


def _read(body: str) -> Message:
    try:
        content = json.loads(body)
        message = Message(
            content["kind"], int(content["at"]), content.get("key"), list(content["items"])
        )
        if not 0 <= message.at < _FAR_FUTURE:
            raise ValueError("no time at which anything was accepted")
        if message.kind not in CONSUMERS or not isinstance(message.key, str | None):
            raise ValueError("no kind, or no key, of ours")
        return message
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise Poison("not a message of ours") from error


@contextmanager
def _poison() -> Iterator[None]:
    """Raises Poison for what can never succeed, and DatabaseUnavailable for what can later."""
    try:
        yield
    except db.DatabaseUnavailable:
        raise
    except errors.Problem as problem:
        raise Poison(problem.message) from problem
    except psycopg.Error as error:
        if db.is_unavailable(error):
            raise db.DatabaseUnavailable from error
        log.exception(error)
        raise Poison(f"SQLSTATE {error.sqlstate}") from error
    except Exception as error:
        log.exception(error)
        raise Poison(type(error).__name__) from error


def _dead_letter(body: str, poison: Poison) -> None:
    aws.client("sqs").send_message(
        QueueUrl=settings().spool_dead_letters_url,
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": str(poison)}},
    )
    log.event("spool.poison", level="ERROR", reason=str(poison))
    log.metric("SpoolDead", 1)


def _back_off(record: dict[str, Any]) -> None:
    """Lets a message wait longer each time, so that an outage costs few deliveries."""
    tries = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        aws.client("sqs").change_message_visibility(
            QueueUrl=settings().spool_queue_url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=min(_LONGEST_WAIT, 5 * 2 ** min(tries, 8)),
        )
    except aws.failures() as error:
        log.exception(error)  # it comes back after the queue's own time-out
