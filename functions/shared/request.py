"""Requests: what API Gateway hands over, and who sent it."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.shared import errors, json_codec

MAX_BODY = 6 * 1024 * 1024  # bytes: Lambda's limit


@dataclass(frozen=True)
class Caller:
    """Who sent a request: the name that rate limits count, what the key may do, whose it is."""

    name: str
    scopes: frozenset[str]
    owner: str | None = None  # the name the key was issued for


@dataclass(frozen=True)
class Request:
    """One request as API Gateway hands it over."""

    event: dict[str, Any]
    caller: Caller | None = None

    @property
    def id(self) -> str:
        return str(self.event["requestContext"].get("requestId", ""))

    @property
    def path(self) -> str:
        return str(self.event["path"])

    def header(self, name: str) -> str:
        """The header of that lower-case name, or an empty text."""
        for key, value in (self.event.get("headers") or {}).items():
            if key.lower() == name:
                return str(value)
        return ""

    def query(self) -> Mapping[str, str]:
        """The query string, last value of a repeated name, together with the path's parameters."""
        parameters = self.event.get("multiValueQueryStringParameters") or {}
        last = {name: values[-1] for name, values in parameters.items() if values}
        return {**last, **(self.event.get("pathParameters") or {})}

    @property
    def takes_gzip(self) -> bool:
        """Whether the caller unpacks gzip, and API Gateway will hand it bytes."""
        # The gateway turns base64 into bytes only for callers who say what they accept.
        if not self.header("accept"):
            return False
        codings = (one.partition(";") for one in self.header("accept-encoding").lower().split(","))
        return any(
            coding.strip() == "gzip" and not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
            for coding, _, weight in codings
        )

    def key(self) -> str:
        """The API key sent as X-Api-Key or as a bearer token, or an empty text."""
        return self.header("x-api-key") or self.bearer()

    def bearer(self) -> str:
        """The bearer token, or an empty text."""
        scheme, _, token = self.header("authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def body(self, max_bytes: int = MAX_BODY) -> Any:
        """The JSON body, whatever its Content-Type says; raises TooLarge, BadRequest, Invalid."""
        return json_codec.loads(self.text(max_bytes))

    def text(self, max_bytes: int = MAX_BODY) -> str:
        """The body as text, unpacked if it is gzip; raises TooLarge, BadRequest."""
        text: str = self.event.get("body") or ""
        is_gzip = self.header("content-encoding").strip().lower() == "gzip"
        if self.event.get("isBase64Encoded"):
            try:
                payload = base64.b64decode(text)
            except ValueError:
                raise errors.BadRequest("Invalid JSON") from None
            if is_gzip:
                payload = _gunzip(payload, max_bytes)
            # As the gateway does with bodies that it takes for text.
            text = payload.decode("utf-8", "replace")
        elif text and is_gzip:  # the gateway took it for text, which destroyed it
            raise errors.BadRequest("A body in gzip needs a Content-Type")
        # A character has at most 4 bytes: most bodies need no encoding to be found small enough.
        if len(text) > max_bytes or (
            len(text) * 4 > max_bytes and len(text.encode("utf-8", "replace")) > max_bytes
        ):
            raise errors.TooLarge(maxBytes=max_bytes)
        return text


def _gunzip(packed: bytes, max_bytes: int) -> bytes:
    """What was packed with gzip; never unpacks more than a byte too much."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(packed, max_bytes + 1)
    except zlib.error:
        raise errors.BadRequest("Invalid gzip") from None
    if len(text) > max_bytes:
        raise errors.TooLarge(maxBytes=max_bytes)
    if not unpacking.eof or unpacking.unused_data:
        raise errors.BadRequest("Invalid gzip")
    return text
