"""The drain: stores what was spooled, through the verbs that the doors use, under the same ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg

from functions.logs import heartbeats as logs_heartbeats
from functions.logs import spooled as logs_events
from functions.shared import auth, aws, db, errors, log, spool, spool_parts
from functions.shared.settings import settings
from functions.tilt import events as tilt_events
from functions.ttt import names as ttt_names
from functions.ttt import quarantine as ttt_quarantine
from functions.ttt import rounds as ttt_rounds

Verb = Callable[[Any, int], None]  # (item, accepted at, Unix ms)

VERBS: dict[str, Verb] = {
    "logs.events": logs_events.restore,
    "logs.heartbeats": logs_heartbeats.restore,
    "tilt.events": tilt_events.restore,
    "ttt.rounds": ttt_rounds.restore,
    "ttt.names": ttt_names.restore,
    "ttt.refused": ttt_quarantine.restore,
}
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
    """Stores a batch of SQS messages; names those to be delivered again while the database is away.

    An item that cannot be stored goes to the dead-letter queue alone, with its reason.
    """
    passing: tuple[type[Exception], ...] = (db.DatabaseAway, *aws.failures())
    failed: list[dict[str, str]] = []
    stored = dead = 0
    for record in event["Records"]:
        try:
            if failed:
                raise db.DatabaseAway  # it was, a moment ago: leave the rest for later, in order
            good, bad = _store(record)
            stored, dead = stored + good, dead + bad
        except passing:
            failed.append({"itemIdentifier": record["messageId"]})
            _postpone(record)
    log.line("drained", stored=stored, dead=dead, left=len(failed))
    return {"batchItemFailures": failed}


def _store(record: dict[str, Any]) -> tuple[int, int]:
    """How many items of a message were stored, and how many were poison."""
    try:
        message = _read(record["body"])
        _check_key(message)
    except Poison as poison:
        _bury(record["body"], poison)
        return 0, 1
    done = [_restore_one(message, item) for item in message.items]
    return done.count(True), done.count(False)


def _check_key(message: Message) -> None:
    """Doors remember keys for a minute, and for as long as the database is away: here it is asked
    whether the key was alive when its request was accepted."""
    if message.key is not None and not auth.was_live(message.key, message.at):
        raise Poison("its API key was revoked or expired before it was accepted")


def _restore_one(message: Message, item: Any) -> bool | None:
    """Whether an item was stored; None for a part of one that waits for the other parts."""
    if not spool.is_part(item):
        return _restore(message, item, [_alone(message, item)])
    try:
        with _poison():
            whole = spool_parts.collect(item)
    except Poison as poison:
        _bury(_alone(message, item), poison)
        return False
    if whole is None:
        return None
    bodies = spool.messages(message.kind, [whole], message.key, message.at)
    is_stored = _restore(message, whole, bodies)
    spool_parts.forget(item)
    return is_stored


def _alone(message: Message, item: Any) -> str:
    """An item of a message in a message of its own."""
    said = {**message._asdict(), "items": [item]}
    return json.dumps({name: value for name, value in said.items() if value is not None})


def _restore(message: Message, item: Any, bodies: Iterable[str]) -> bool:
    """Whether the item was stored; if it can never be, `bodies` become dead letters."""
    try:
        with _poison():
            VERBS[message.kind](spool.unpacked(item), message.at)
    except Poison as poison:
        for body in bodies:
            _bury(body, poison)
        return False
    return True


def _read(body: str) -> Message:
    try:
        said = json.loads(body)
        message = Message(said["kind"], int(said["at"]), said.get("key"), list(said["items"]))
        if not 0 <= message.at < _FAR_FUTURE:
            raise ValueError("no time at which anything was accepted")
        if message.kind not in VERBS or not isinstance(message.key, str | None):
            raise ValueError("no kind, or no key, of ours")
        return message
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise Poison("not a message of ours") from error


@contextmanager
def _poison() -> Iterator[None]:
    """Raises Poison for what can never succeed, and DatabaseAway for what can later."""
    try:
        yield
    except db.DatabaseAway:
        raise
    except errors.Problem as problem:
        raise Poison(problem.sentence) from problem
    except psycopg.Error as error:
        if db.is_away(error):
            raise db.DatabaseAway from error
        log.cause(error)
        raise Poison(f"SQLSTATE {error.sqlstate}") from error
    except Exception as error:
        log.cause(error)
        raise Poison(type(error).__name__) from error


def _bury(body: str, poison: Poison) -> None:
    aws.client("sqs").send_message(
        QueueUrl=settings().spool_dead_letters_url,
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": str(poison)}},
    )
    log.line("spool.poison", level="ERROR", reason=str(poison))


def _postpone(record: dict[str, Any]) -> None:
    """Lets a message wait longer each time, so that an outage costs few deliveries."""
    tries = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        aws.client("sqs").change_message_visibility(
            QueueUrl=settings().spool_queue_url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=min(_LONGEST_WAIT, 5 * 2 ** min(tries, 8)),
        )
    except aws.failures() as error:
        log.cause(error)  # it comes back after the queue's own time-out
