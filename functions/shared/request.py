"""Requests: what API Gateway hands over, and who sent it."""

from __future__ import annotations

import base64
import hmac
import re
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.shared import errors, json_codec
from functions.shared.secrets import get_secrets

MAX_BODY = 6 * 1024 * 1024  # bytes: Lambda's limit
_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


@dataclass(frozen=True)
class Caller:
    """Who sent a request: the name that rate limits count, what the key may do, whose it is."""

    name: str
    scopes: frozenset[str]
    owner: str | None = None  # the name the key was issued for, or the user's
    user_id: int = 0  # whose token it is, or as whom a key acts at the tracker
    version: int = 0  # of a user's token: the token_version it was issued at
    session_id: str = ""  # of the tracker's token, or what stands for that of a key


@dataclass(frozen=True)
class Request:
    """One request as API Gateway hands it over."""

    event: dict[str, Any]
    caller: Caller | None = None

    @property
    def answer_headers(self) -> dict[str, str]:
        """Headers that whatever answers this request carries, unless it has its own."""
        found: dict[str, str] = self.event.setdefault("answerHeaders", {})
        return found

    @property
    def id(self) -> str:
        return str(self.event["requestContext"].get("requestId", ""))

    @property
    def path(self) -> str:
        return str(self.event["path"])

    def header(self, name: str) -> str:
        """The header of that lower-case name, or an empty text."""
        return self._headers.get(name, "")

    @property
    def _headers(self) -> dict[str, str]:
        """By lower-case name; of those that differ in case alone the first one."""
        found: dict[str, str] | None = self.event.get("headersByName")
        if found is None:
            sent = reversed((self.event.get("headers") or {}).items())
            found = {key.lower(): str(value) for key, value in sent}
            self.event["headersByName"] = found
        return found

    @property
    def user(self) -> Caller:
        """Who sent it, on a route that only users may call."""
        assert self.caller
        assert self.caller.user_id
        return self.caller

    @property
    def address(self) -> str:
        """The caller's IP address as the gateway saw it, or an empty text.

        Behind the distribution as that saw it, in a header that counts only together with the
        distribution's secret.
        """
        seen = str(self.event["requestContext"].get("identity", {}).get("sourceIp") or "")
        if self._is_from_edge:
            return self.header("cloudfront-viewer-address").rpartition(":")[0].strip("[]") or seen
        return seen

    @property
    def edge(self) -> str:
        """The address that the caller asked, such as `https://example.org`, if an edge says so.

        Believed as its address is: only together with the distribution's secret.
        """
        host = self.header("x-forwarded-host")
        if not self._is_from_edge or not _HOST.fullmatch(host):
            return ""
        return f"{'http' if self.header('x-forwarded-proto') == 'http' else 'https'}://{host}"

    @property
    def _is_from_edge(self) -> bool:
        """Whether it has the distribution's secret; where there is none, nobody has it."""
        sent = self.header("x-origin-secret").encode("utf-8", "replace")
        secrets = get_secrets().origin_secrets
        return any(hmac.compare_digest(secret, sent) for secret in secrets)

    @property
    def received_at(self) -> float:
        """When the gateway received it, in Unix seconds; now where it does not say."""
        received = self.event["requestContext"].get("requestTimeEpoch")
        return received / 1000 if isinstance(received, int | float) else time.time()

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
