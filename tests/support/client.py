"""The tests' caller: API Gateway REST events in, parsed answers out."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from functions.domains import load_routes
from functions.shared import auth
from functions.shared.gateway import Gateway
from functions.shared.routing import Operation
from tests.support import reference
from tests.support.gateway import gateway_event


@dataclass
class Answered:
    """An answer: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def operations() -> list[Operation]:
    """Every route that is declared."""
    return [one for routes in load_routes() for one in routes.operations]


@cache
def _gateway() -> Gateway:
    """One for all tests: Chalice registers a blueprint only once."""
    return Gateway(load_routes())


def admin() -> Client:
    """Somebody whose key may erase people."""
    return Client({"X-Api-Key": auth.issue("ada", ["admin"])})


def call_gateway(event: dict[str, Any]) -> Any:
    """What the handler gives to API Gateway for an event."""
    return _gateway()(event, None)


def content(given: Any) -> bytes:
    """The body that API Gateway makes of what it is given."""
    body: str = given["body"]
    return base64.b64decode(body) if given["isBase64Encoded"] else body.encode()


@dataclass
class Client:
    """Calls the handler in process, and holds each answer against the reference."""

    headers: dict[str, str] = field(default_factory=dict)
    address: str = "198.51.100.7"

    def call(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answered:
        """`body`: text and bytes are sent as they are, anything else as JSON."""
        text = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        sent = self.headers if headers is None else headers
        given = call_gateway(gateway_event(method, url, text, sent, self.address))
        lowered = {name.lower(): value for name, value in given["headers"].items()}
        answered = Answered(given["statusCode"], lowered, given["body"])
        # What a fault of ours looks like is no part of the reference; tests of faults look at it.
        if answered.status != 500:
            is_gzip = lowered.get("content-encoding") == "gzip"
            said = gzip.decompress(content(given)) if is_gzip else content(given)
            reference.check(method, url, answered.status, lowered, said)
        return answered

    def get(self, url: str, **more: Any) -> Answered:
        return self.call("GET", url, **more)

    def post(self, url: str, body: Any = None, **more: Any) -> Answered:
        return self.call("POST", url, body, **more)

    def put(self, url: str, body: Any = None, **more: Any) -> Answered:
        return self.call("PUT", url, body, **more)

    def patch(self, url: str, body: Any = None, **more: Any) -> Answered:
        return self.call("PATCH", url, body, **more)

    def delete(self, url: str, **more: Any) -> Answered:
        return self.call("DELETE", url, **more)
