"""Event ids: UUIDs that carry the event's time and what it says, so that the same event has one id.

They are texts here, in lower case with hyphens: whoever asks reads them so, and in that form, too,
they are in the order of their times.

Layout (UUID version 8, RFC 9562 section 5.8), from the most significant bit:
48 bits Unix time in ms, 4 bits version, 12 bits hash, 2 bits variant, 62 bits hash.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic_core import to_json

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_EXPONENT = re.compile(r"e[-+0-9]")
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: in the order of ASCII
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = int((datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) / timedelta(milliseconds=1))


def make_event_id(at_ms: int, *says: Any, ordinal: int = 0) -> str:
    """The id of an event at `at_ms` (Unix ms, 0 to 2^48 - 1) that says `says` (JSON values).

    `ordinal` tells equal events of one batch apart: the number of equal ones before it.
    """
    if not 0 <= at_ms < 1 << 48:
        raise ValueError("an event id holds times from 1970 to the year 10889")
    digest = hashlib.sha256(
        canonical_json([*says, ordinal]).encode("utf-8", "surrogatepass")
    ).digest()
    bits = int.from_bytes(digest[:10], "big") >> 6  # 74 bits
    high, low = bits >> 62, bits & ((1 << 62) - 1)
    text = f"{at_ms << 80 | 8 << 76 | high << 64 | 0b10 << 62 | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def get_time(event: str) -> datetime:
    """The time an event id carries: UTC, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=int(event[:8] + event[9:13], 16))


def parse_id(text: str) -> str | None:
    """The event id that a text spells in some way, or None for anything that is no id of ours."""
    try:
        event = UUID(text)
    except ValueError:
        return None
    return str(event) if event.version == 8 and event.int >> 80 <= _LAST_MS else None


def canonical_json(value: Any) -> str:
    """One text for all JSON spellings of a value: sorted keys, 2.0 as 2, no nulls in objects."""
    try:
        text = to_json(value).decode()  # in a seventh of the time that json takes
    except ValueError:  # a lone surrogate
        return _exactly(value)
    # What the two encoders may spell differently.
    is_unsure = "{" in text or ".0" in text or "null" in text or _EXPONENT.search(text)
    return _exactly(value) if is_unsure else text


def _exactly(value: Any) -> str:
    text = _ENCODER.encode(value)
    # Most values are plain already, and looking at the text costs less than at each of them.
    if ".0" in text or "e+" in text or "null" in text:
        return _ENCODER.encode(_plain(value))
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def sortable_id(prefix: str) -> str:
    """A new id: the prefix, 10 characters of time and 16 of chance, in the order of their times."""
    moment = time.time_ns() // 1_000_000
    bits = moment << 80 | secrets.randbits(80)
    return f"{prefix}_" + "".join(_BASE32[bits >> shift & 31] for shift in range(125, -1, -5))
