"""The drain: stores what was spooled, thousands of items at once, under the ids they were given.

All messages of a batch whose items are of one kind are stored together. What cannot be stored is
found by halves: it goes to the dead-letter queue alone, and the others are stored all the same.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from functions.shared import auth, aws, db, log, spool, spool_parts, stores
from functions.shared.settings import settings
from functions.shared.spool import Accepted
from functions.spool import messages
from functions.spool.messages import CONSUMERS, Message, Poison

_LONGEST_WAIT = 900  # seconds between tries while the database stays away
_AT_ONCE = 5000  # items
_RESERVE = 15.0  # seconds before Lambda ends the function, for what was begun just before
_BATCH = 10  # messages that SQS lets wait longer at a time

Record = dict[str, Any]


class Item(NamedTuple):
    """An item of a message, or a part of one that is now whole."""

    record: Record
    message: Message
    content: Any
    part: dict[str, Any] | None = None


@dataclass
class Report:
    """How many items were stored, how many were poison, and which messages are left."""

    stored: int = 0
    dead: int = 0
    left: dict[str, Record] = field(default_factory=dict)

    def leave(self, records: list[Record]) -> None:
        self.left |= {record["messageId"]: record for record in records}


def drain(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Stores a batch of SQS messages; names those to be delivered again while the database is down,
    or the time is over.

    An item that cannot be stored goes to the dead-letter queue alone, with its reason.
    """
    passing: tuple[type[Exception], ...] = (db.DatabaseUnavailable, *aws.failures())
    deadline = _deadline(context)
    report = Report()
    by_kind: defaultdict[str, list[Item]] = defaultdict(list)
    for record, message in _read_all(event["Records"], report, passing):
        by_kind[message.kind] += [Item(record, message, item) for item in message.items]
    for kind, items in by_kind.items():
        for start in range(0, len(items), _AT_ONCE):
            try:
                with stores.on(kind.partition(".")[0]):
                    _store(kind, items[start : start + _AT_ONCE], report, deadline)
            except passing:
                report.leave([item.record for item in items[start:]])  # they stay in order
                break
    _back_off(list(report.left.values()))
    log.event("drained", stored=report.stored, dead=report.dead, left=len(report.left))
    if report.stored:
        log.metric("SpoolStored", report.stored)
    return {"batchItemFailures": [{"itemIdentifier": name} for name in report.left]}


def _deadline(context: Any) -> float:
    """When nothing more is begun, in monotonic seconds."""
    if context is None:
        return float("inf")
    left: float = context.get_remaining_time_in_millis() / 1000
    return time.monotonic() + left - _RESERVE


def _read_all(
    records: list[Record], report: Report, passing: tuple[type[Exception], ...]
) -> list[tuple[Record, Message]]:
    """The messages that came with a living key, or with none; others are buried.

    Doors remember keys for a minute, and for as long as the database is down: here it is asked
    whether the key was alive when its request was accepted. One round trip.
    """
    read: list[tuple[Record, Message]] = []
    for record in records:
        try:
            read.append((record, messages.read(record["body"])))
        except Poison as poison:
            _bury_whole(record, poison, report, passing)
    try:
        dead = auth.find_dead(
            {(message.key, message.at) for _, message in read if message.key is not None}
        )
    except passing:
        report.leave([record for record, message in read if message.key is not None])
        return [(record, message) for record, message in read if message.key is None]
    living = []
    for record, message in read:
        if message.key is not None and (message.key, message.at) in dead:
            refused = Poison("its API key was revoked or expired before it was accepted")
            _bury_whole(record, refused, report, passing)
        else:
            living.append((record, message))
    return living


def _bury_whole(
    record: Record, poison: Poison, report: Report, passing: tuple[type[Exception], ...]
) -> None:
    try:
        messages.bury(record["body"], poison)
        report.dead += 1
    except passing:
        report.leave([record])


def _store(kind: str, items: list[Item], report: Report, deadline: float) -> None:
    """Stores items of a kind, those that travel in parts one by one."""
    whole = []
    for item in items:
        if spool.is_part(item.content):
            _store_part(kind, item, report, deadline)
        else:
            whole.append(item)
    _store_all(kind, whole, report, deadline)


def _store_part(kind: str, item: Item, report: Report, deadline: float) -> None:
    if time.monotonic() > deadline:
        report.leave([item.record])
        return
    try:
        with messages.poison():
            content = spool_parts.collect_part(item.content)
    except Poison as poison:
        messages.bury(messages.write(item.message, item.content), poison)
        report.dead += 1
        return
    if content is None:
        return  # until the other parts are here
    whole = item._replace(content=content, part=item.content)
    _store_all(kind, [whole], report, float("inf"))
    spool_parts.delete_parts(item.content)


def _store_all(kind: str, items: list[Item], report: Report, deadline: float) -> None:
    """Stores whole items; of those that cannot be stored together, each half for itself."""
    if not items:
        return
    if time.monotonic() > deadline:
        report.leave([item.record for item in items])
        return
    try:
        with messages.poison():
            CONSUMERS[kind](
                [Accepted(spool.decompress(item.content), item.message.at) for item in items]
            )
        report.stored += len(items)
    except Poison as poison:
        if len(items) == 1:
            _bury(items[0], poison)
            report.dead += 1
            return
        middle = len(items) // 2
        _store_all(kind, items[:middle], report, deadline)
        _store_all(kind, items[middle:], report, deadline)


def _bury(item: Item, poison: Poison) -> None:
    for body in _bodies(item):
        messages.bury(body, poison)


def _bodies(item: Item) -> Iterator[str]:
    """An item of a message in a message of its own, or in several."""
    message = item.message
    if item.part is None:
        yield messages.write(message, item.content)
    else:
        yield from spool.build_messages(message.kind, [item.content], message.key, message.at)


def _back_off(records: list[Record]) -> None:
    """Lets messages wait longer each time, so that an outage costs few deliveries."""
    for start in range(0, len(records), _BATCH):
        entries = [
            {
                "Id": str(number),
                "ReceiptHandle": record["receiptHandle"],
                "VisibilityTimeout": _wait_of(record),
            }
            for number, record in enumerate(records[start : start + _BATCH])
        ]
        try:
            aws.client("sqs").change_message_visibility_batch(
                QueueUrl=settings().spool_queue_url, Entries=entries
            )
        except aws.failures() as error:
            log.exception(error)  # they come back after the queue's own time-out
            return


def _wait_of(record: Record) -> int:
    tries = int(record["attributes"]["ApproximateReceiveCount"])
    wait: int = min(_LONGEST_WAIT, 5 * 2 ** min(tries, 8))
    return wait
