"""What queue messages say, and which of it can never be stored. See shared/spool.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg

from functions.domains import load_consumers
from functions.shared import aws, db, errors, log
from functions.shared.settings import settings

CONSUMERS = load_consumers()
_FAR_FUTURE = 10_000_000_000_000  # Unix ms


class Message(NamedTuple):
    """A queue message."""

    kind: str
    at: int
    key: str | None
    items: list[Any]


class Poison(Exception):  # noqa: N818  the field's term
    """An item that can never be stored, and why, in words without a person's data."""


def read(body: str) -> Message:
    """The message of a body; raises Poison for what is none of ours."""
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


def write(message: Message, item: Any) -> str:
    """The body of a message with one of its items alone."""
    body = {**message._asdict(), "items": [item]}
    return json.dumps({name: value for name, value in body.items() if value is not None})


@contextmanager
def poison() -> Iterator[None]:
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
        raise Poison(f"SQLSTATE {error.sqlstate}") from error
    except Exception as error:
        raise Poison(type(error).__name__) from error


def bury(body: str, reason: Poison) -> None:
    """Sends what can never be stored to the dead letters, with its reason."""
    if reason.__cause__ and not isinstance(reason.__cause__, errors.Problem | ValueError):
        log.exception(reason.__cause__)
    aws.client("sqs").send_message(
        QueueUrl=settings().spool_dead_letters_url,
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": str(reason)}},
    )
    log.event("spool.poison", level="ERROR", reason=str(reason))
    log.metric("SpoolDead", 1)
