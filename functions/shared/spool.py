"""The spool: accepted events, durably queued in SQS until the drain has stored them.

They are those of a time when the database was down and, with INGEST=buffered, all of them.

A message is `{"kind", "at", "key", "items"}`: which verb drains it, when it was accepted (Unix ms),
the id of the API key that it came with, if it came with one, and the items for that verb, each of
which may be recorded any number of times. An item that is too large for a message is compressed; if
that does not help, it travels in parts, each in a message of its own (spool_parts.py).
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from functions.shared import aws, log
from functions.shared.errors import Unavailable
from functions.shared.settings import settings

T = TypeVar("T")
MESSAGE_BYTES = 200_000  # below SQS's classic 256 KiB, with room for attributes
_PACKED = "zlib"  # the only key of a compressed item
_PART = frozenset({"item", "part", "parts", "zlib"})  # the keys of a part of one
_MAX_PARTS = 100
_LARGEST = 50_000_000  # bytes of an item, unpacked


class Accepted(NamedTuple):
    """A queued item, and when it was accepted (Unix ms)."""

    item: Any
    at: int


def is_buffered() -> bool:
    """Whether events are queued even while the database is up (INGEST=buffered)."""
    return settings().ingest == "buffered"


def store_or_queue(store: Callable[[], T], queue: Callable[[], None]) -> T | None:
    """What `store` returns, or None for what `queue` took; raises Unavailable where neither can.

    The queue comes second, unless INGEST is buffered.
    """
    if is_buffered():
        with suppress(Unavailable):
            queue()
            return None
        return store()
    try:
        return store()
    except Unavailable:
        queue()
        return None


def enqueue(kind: str, items: list[Any], key: str | None = None) -> None:
    """Queues JSON items, in as many messages as their size asks for; raises Unavailable.

    `key`: the id of the API key that they came with.
    """
    queue = settings().spool_queue_url
    if not queue:
        raise Unavailable
    try:
        client = aws.client("sqs")
        for body in build_messages(kind, items, key):
            client.send_message(QueueUrl=queue, MessageBody=body)
    except aws.failures() as error:
        raise Unavailable from error
    log.event("spooled", kind=kind, items=len(items))


def build_messages(
    kind: str, items: list[Any], key: str | None = None, at: int | None = None
) -> Iterator[str]:
    """The message bodies that carry the items, in order; raises Unavailable for one too large.

    `at`: when they were accepted (Unix ms), by default now.
    """
    accepted_at = int(time.time() * 1000) if at is None else at
    head = json.dumps({"kind": kind, "at": accepted_at, "key": key})[:-1] + ', "items": ['
    carried: list[str] = []
    size = 0
    for text in _texts(items):
        if carried and size + len(text) + 2 > MESSAGE_BYTES:
            yield head + ", ".join(carried) + "]}"
            carried, size = [], 0
        carried.append(text)
        size += len(text) + 2
    if carried:
        yield head + ", ".join(carried) + "]}"


def _texts(items: list[Any]) -> Iterator[str]:
    """The items as JSON, none longer than a message; some in several parts."""
    for item in items:
        text = json.dumps(item, ensure_ascii=True)  # one byte a character
        if len(text) <= MESSAGE_BYTES and not _is_compressed(item) and not is_part(item):
            yield text
            continue
        packed = base64.b64encode(zlib.compress(text.encode())).decode()
        text = json.dumps({_PACKED: packed})
        yield from [text] if len(text) <= MESSAGE_BYTES else _parts(packed)


def _parts(packed: str) -> Iterator[str]:
    item = hashlib.sha256(packed.encode()).hexdigest()
    room = MESSAGE_BYTES - 200  # for the keys, and what stands between items
    bodies = [packed[start : start + room] for start in range(0, len(packed), room)]
    if len(bodies) > _MAX_PARTS:
        raise Unavailable
    for number, body in enumerate(bodies):
        yield json.dumps({"item": item, "part": number, "parts": len(bodies), _PACKED: body})


def is_part(item: Any) -> bool:
    """Whether an item is only a part of one."""
    return isinstance(item, dict) and item.keys() == _PART


def read_part(part: dict[str, Any]) -> tuple[str, int, int, str]:
    """Which item a part is of, its number from 0, how many there are, and what it carries.

    Raises ValueError for what `messages` has not made.
    """
    item, number, parts, body = (part[name] for name in ("item", "part", "parts", _PACKED))
    is_ours = isinstance(item, str) and isinstance(body, str) and len(item) == 64
    if not is_ours or not isinstance(number, int) or not isinstance(parts, int):
        raise ValueError("no part of an item")
    if not 0 <= number < parts <= _MAX_PARTS:
        raise ValueError("no part of an item")
    return item, number, parts, body


def join_parts(item: str, bodies: list[str]) -> Any:
    """The item whose parts carry these texts; raises ValueError if they are of several."""
    packed = "".join(bodies)
    if hashlib.sha256(packed.encode()).hexdigest() != item:
        raise ValueError("parts that do not belong together")
    return decompress({_PACKED: packed})


def decompress(item: Any) -> Any:
    """An item as it was kept; raises ValueError for one that no `keep` has packed."""
    if not _is_compressed(item):
        return item
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(item[_PACKED]), _LARGEST)
        return json.loads(text)
    except (zlib.error, TypeError) as error:
        raise ValueError("not a packed item") from error


def _is_compressed(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() == {_PACKED}
