"""Pages of lists, and cursors: opaque, signed places in a list, good only with the filters they
were made for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.shared.errors import Invalid
from functions.shared.secrets import get_secrets

HEADERS = ("X-Has-More", "X-Next-Cursor")
_MAC_BYTES = 12
# Of a query what may change from one page of a list to the next.
_NOT_FILTERS = {"limit", "offset", "cursor", "format"}


class Pages:
    """A list that is read page by page: what it is filtered by, and where this page begins."""

    def __init__(self, query: Any, limit: int) -> None:
        """A page of `limit` items; raises Invalid for a cursor of another list or other filters."""
        dumped = query.model_dump(mode="json", exclude=_NOT_FILTERS)
        self._filters = {"list": type(query).__name__, **dumped}
        self.limit = limit
        self.after = decode(query.cursor, **self._filters) if query.cursor else None

    def encode(self, position: list[Any]) -> str:
        """The cursor of the page that begins after `place`."""
        return encode(position, **self._filters)


class Keyset(Pages):
    """A list in the order of a key: a page begins behind the last row of the page before.

    `key` names the parameters that the statement compares with, each with the column it is from.
    The statement reads one row more than the page holds: if it is there, there is another page.
    """

    def __init__(self, query: Any, limit: int, **key: str) -> None:
        super().__init__(query, limit)
        self._columns = list(key.values())
        after = self.after or [None] * len(key)
        self.values: dict[str, Any] = {
            **dict(zip(key, after, strict=True)),
            "limit": limit,
            "one_more": limit + 1,
        }

    def next_cursor(self, shown: Sequence[Mapping[str, Any]], found: int) -> str | None:
        """The cursor behind the last row shown, or None where all rows `found` are shown."""
        if len(shown) >= found:
            return None
        return self.encode([shown[-1][column] for column in self._columns])


def encode(position: list[Any], **filters: Any) -> str:
    """A cursor that continues after `place` (JSON values, times, UUIDs) under these `filters`."""
    text = json.dumps(position, separators=(",", ":"), default=_plain).encode()
    return base64.urlsafe_b64encode(_macs(text, filters)[0] + text).rstrip(b"=").decode()


def decode(cursor: str, field: str = "cursor", /, **filters: Any) -> list[Any]:
    """Where a cursor continues; raises Invalid when it was altered or made for other filters.

    `field`: the name that the cursor was sent under.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not any(hmac.compare_digest(mac, one) for one in _macs(text, filters)):
        problem = "is not one of ours, or was made for another query"
        raise Invalid(f"{field} {problem}", [{"field": field, "problem": problem}])
    found: list[Any] = json.loads(text)
    return found


def headers(more: str | None) -> dict[str, str]:
    """What an answer that is a bare list says of its next page."""
    return {"X-Has-More": "true", "X-Next-Cursor": more} if more else {"X-Has-More": "false"}


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _macs(text: bytes, filters: dict[str, Any]) -> list[bytes]:
    """The MAC under each signing key; the first one's signs."""
    bound = json.dumps(filters, sort_keys=True, default=str).encode()
    says = b"cursor\0" + bound + b"\0" + text
    keys = get_secrets().signing_secrets
    return [hmac.digest(key, says, hashlib.sha256)[:_MAC_BYTES] for key in keys]
