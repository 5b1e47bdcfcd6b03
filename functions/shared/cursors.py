"""Cursors: opaque, signed places in a list, good only with the filters they were made for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from functions.shared.errors import Invalid
from functions.shared.settings import settings

HEADERS = ("X-Has-More", "X-Next-Cursor")
_MAC_BYTES = 12


def encode(place: list[Any], **filters: Any) -> str:
    """A cursor that continues after `place` (JSON values) under the same `filters`."""
    text = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(text, filters) + text).rstrip(b"=").decode()


def decode(sent: str, field: str = "cursor", /, **filters: Any) -> list[Any]:
    """Where a cursor continues; raises Invalid when it was altered or made for other filters.

    `field`: the name that the cursor was sent under.
    """
    try:
        raw = base64.b64decode(sent + "=" * (-len(sent) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(text, filters)):
        problem = "is not one of ours, or was made for another query"
        raise Invalid(f"{field} {problem}", [{"field": field, "problem": problem}])
    found: list[Any] = json.loads(text)
    return found


def headers(more: str | None) -> dict[str, str]:
    """What an answer that is a bare list says of its next page."""
    return {"X-Has-More": "true", "X-Next-Cursor": more} if more else {"X-Has-More": "false"}


def _mac(text: bytes, filters: dict[str, Any]) -> bytes:
    key = settings().signing_key.get_secret_value().encode()
    bound = json.dumps(filters, sort_keys=True, default=str).encode()
    return hmac.digest(key, b"cursor\0" + bound + b"\0" + text, hashlib.sha256)[:_MAC_BYTES]
