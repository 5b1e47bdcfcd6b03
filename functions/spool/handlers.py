"""The drain: stores what was spooled, through the verbs that the doors use, under the same ids."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg

from functions.logs import heartbeats as logs_heartbeats
from functions.logs import spooled as logs_events
from functions.shared import aws, db, errors, log, spool
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
        verb, accepted_at, items = _read(record["body"])
    except Poison as poison:
        _bury(record["body"], poison)
        return 0, 1
    dead = 0
    for item in items:
        try:
            _restore(verb, item, accepted_at)
        except Poison as poison:
            _bury(json.dumps({**json.loads(record["body"]), "items": [item]}), poison)
            dead += 1
    return len(items) - dead, dead


def _read(body: str) -> tuple[Verb, int, list[Any]]:
    try:
        message = json.loads(body)
        accepted_at = int(message["at"])
        if not 0 <= accepted_at < _FAR_FUTURE:
            raise ValueError("no time at which anything was accepted")
        return VERBS[message["kind"]], accepted_at, list(message["items"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise Poison("not a message of ours") from error


def _restore(verb: Verb, item: Any, accepted_at: int) -> None:
    try:
        verb(spool.unpacked(item), accepted_at)
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
