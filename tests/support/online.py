"""Players of a deployed stack: its database is at hand, and what they do goes over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from functions.shared import db
from infra.local.stack import secret_keys
from tests.support.client import Answered
from tests.support.game import make_player
from tests.support.stack import Wire


@dataclass
class Online:
    """Somebody with a token; `headers` go with every request."""

    http: Wire
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, url: str, **more: Any) -> Answered:
        return self.call("GET", url, **more)

    def post(self, url: str, body: Any = None, **more: Any) -> Answered:
        return self.call("POST", url, body, **more)

    def call(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answered:
        """As `Client.call`, over HTTP."""
        # The front-end says so on every request, also without a body.
        sent = {"Content-Type": "application/json"} | (self.headers if headers is None else headers)
        return self.http(method, url, body, sent)

    def with_key(self, key: str) -> Online:
        """The same player, with an Idempotency-Key."""
        return Online(self.http, self.headers | {"Idempotency-Key": key})


@contextmanager
def beside(url: str, setting: Callable[..., None]) -> Iterator[None]:
    """Statements of this process go to the stack's database, and its tokens count there."""
    setting(
        DATABASE_URL=url,
        TOKEN_KEY=secret_keys()["token_key"],
        TRACKER_KEY=secret_keys()["tracker_key"],
        REGISTRATIONS="1000000",
        GENERAL_REQUESTS="1000000",
    )
    db.close_all()
    yield
    db.close_all()


def go_online(http: Wire, name: str) -> Online:
    """A new player. They register in this process: over HTTP a machine may do so only so often."""
    return Online(http, make_player(name).headers)
