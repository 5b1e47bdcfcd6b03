"""The spool: events accepted while the database was away, durably queued in SQS until it is back.

A message is `{"kind", "at", "items"}`: which verb drains it, when it was accepted (Unix ms), and
the items for that verb, each of which may be recorded any number of times.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

from functions.shared import aws, log
from functions.shared.errors import Unavailable
from functions.shared.settings import settings

MESSAGE_BYTES = 200_000  # below SQS's classic 256 KiB, with room for attributes
_PACKED = "zlib"  # the only key of a compressed item
_LARGEST = 50_000_000  # bytes of an item, unpacked


def keep(kind: str, items: list[Any]) -> None:
    """Queues JSON items, in as many messages as their size asks for; raises Unavailable."""
    queue = settings().spool_queue_url
    if not queue:
        raise Unavailable
    try:
        client = aws.client("sqs")
        for body in messages(kind, items):
            client.send_message(QueueUrl=queue, MessageBody=body)
    except aws.failures() as error:
        raise Unavailable from error
    log.line("spooled", kind=kind, items=len(items))


def messages(kind: str, items: list[Any]) -> Iterator[str]:
    """The message bodies that carry the items, in order; raises Unavailable for one too large.

    An item larger than a message is compressed.
    """
    head = json.dumps({"kind": kind, "at": int(time.time() * 1000)})[:-1] + ', "items": ['
    parts: list[str] = []
    size = 0
    for item in items:
        text = json.dumps(item, ensure_ascii=True)  # one byte a character
        if len(text) > MESSAGE_BYTES or _is_packed(item):
            text = json.dumps({_PACKED: base64.b64encode(zlib.compress(text.encode())).decode()})
        if len(text) > MESSAGE_BYTES:
            raise Unavailable
        if parts and size + len(text) + 2 > MESSAGE_BYTES:
            yield head + ", ".join(parts) + "]}"
            parts, size = [], 0
        parts.append(text)
        size += len(text) + 2
    if parts:
        yield head + ", ".join(parts) + "]}"


def unpacked(item: Any) -> Any:
    """An item as it was kept; raises ValueError for one that no `keep` has packed."""
    if not _is_packed(item):
        return item
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(item[_PACKED]), _LARGEST)
        return json.loads(text)
    except (zlib.error, TypeError) as error:
        raise ValueError("not a packed item") from error


def _is_packed(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() == {_PACKED}
