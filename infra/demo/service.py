"""The stack that the demo talks to: plain HTTP on one connection, and sentences when it fails."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from functions.shared import auth
from functions.shared.errors import Problem
from infra.local import state
from infra.local.cloud import LOCAL
from infra.ops.keys import use_database

_PATIENCE = 60  # seconds for an answer: the first one waits for a cold start
_TRIES = 5
_LARGE = 1_000_000  # bytes; Lambda takes six times as much, as base64
_PLAIN: Mapping[str, str] = {}
# Without a type API Gateway takes any body for text.
_PACKED = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
# In a while the same request is answered, or has less left to do.
_PASSING = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.GATEWAY_TIMEOUT)
_KEYS = {
    "X-Api-Key": "The stack refused the API key: set API_KEY to the one that `make run` printed.",
    "X-Server-Key": "The stack refused the key of its own server: somebody has made others since.",
    "Authorization": "The stack refused the key of staff: set STAFF_KEY to one that "
    "`make key ARGS='issue NAME admin'` printed.",
}


class DemoError(Exception):
    """Why a program that talks to a stack cannot go on, in a sentence."""


@dataclass(frozen=True)
class Answer:
    """The stack's answer."""

    status: int
    body: Any


class RefusedError(DemoError):
    """What the stack refused to take; others may go on. `answer` is its answer."""

    def __init__(self, sentence: str, answer: Answer) -> None:
        super().__init__(sentence)
        self.answer = answer


@dataclass
class Service:
    """A stack and the key for it; the connection is kept.

    `sent_as` is the header that carries the key: one of bots, of game servers or of staff.
    """

    url: str
    key: str
    sent_as: Literal["X-Api-Key", "X-Server-Key", "Authorization"] = "X-Api-Key"
    _connection: HTTPConnection | None = field(default=None, init=False)

    def get(self, path: str, **query: object) -> Any:
        """The body of a 200."""
        return self._asked("GET", f"{path}?{urlencode(query)}" if query else path, None).body

    def post(
        self, path: str, payload: dict[str, Any], headers: Mapping[str, str] = _PLAIN
    ) -> Answer:
        """What a client's post is answered, if it was accepted; raises RefusedError."""
        body = _encode(payload)
        if len(body) < _LARGE:
            return self._asked("POST", path, body, headers)
        return self._asked("POST", path, gzip.compress(body), {**headers, **_PACKED})

    def put(self, path: str, payload: dict[str, Any]) -> Answer:
        """As `post`."""
        return self._asked("PUT", path, _encode(payload))

    def patch(self, path: str, payload: dict[str, Any], headers: Mapping[str, str]) -> Answer:
        """As `post`."""
        return self._asked("PATCH", path, _encode(payload), headers)

    def attempt(self, path: str, payload: dict[str, Any]) -> Answer:
        """An answer of whatever status, to a post that is done once however often it is sent."""
        key = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
        try:
            return self.post(path, payload, key)
        except RefusedError as refused:
            if refused.answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE):
                raise
            return refused.answer

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection:
            self._connection.close()

    def _asked(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] = _PLAIN
    ) -> Answer:
        for _ in range(_TRIES):
            status, text, wait = self._sent(method, path, body, headers)
            if status not in _PASSING:
                break
            time.sleep(min(wait, 60))
        try:
            answer = Answer(status, json.loads(text))
        except ValueError:
            raise DemoError(f"{self.url}{path} answered {status} without JSON.") from None
        if status < 300:
            return answer
        raise RefusedError(self._refusal(method, path, answer), answer)

    def _sent(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes, int]:
        """Sends once more if the connection was cut: what is posted twice is stored once."""
        for again in (True, False):
            self._connection = self._connection or self._connected()
            try:
                self._connection.request(method, path, body, {**self._headers(), **headers})
                got = self._connection.getresponse()
                return got.status, got.read(), _seconds(got.getheader("Retry-After"))
            except (OSError, HTTPException):
                self._connection.close()
                self._connection = None
                if not again:
                    break
        raise DemoError(f"Nothing answers at {self.url}: start the stack with `make run`.")

    def _headers(self) -> Mapping[str, str]:
        is_bearer = self.sent_as == "Authorization"
        return {self.sent_as: f"Bearer {self.key}" if is_bearer else self.key}

    def _connected(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.netloc, timeout=_PATIENCE)

    def _refusal(self, method: str, path: str, answer: Answer) -> str:
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return _KEYS[self.sent_as]
        if answer.status == HTTPStatus.NOT_FOUND:
            return f"{self.url} does not serve {path}: deploy this checkout, `make deploy-local`."
        if answer.status == HTTPStatus.CONFLICT:
            return "These rounds are stored with other content: choose another --seed."
        message = answer.body.get("error", "") if isinstance(answer.body, dict) else ""
        return f"{method} {path} was answered {answer.status}: {message}"


def find_staff_service() -> Service:
    """The stack of URL for its staff, with STAFF_KEY; the checkout's own issues a key for it."""
    url, key = os.environ.get("URL"), os.environ.get("STAFF_KEY")
    if url and not key:
        raise DemoError("Set STAFF_KEY too: a key of scope admin or staff for the stack at URL.")
    return Service(url.rstrip("/") if url else _own(), key or _issued(), "Authorization")


def _issued() -> str:
    """A key for programs of this checkout; of those before only the newest goes on working."""
    use_database()
    try:
        return auth.issue("this checkout", ["admin"])
    except Problem as problem:
        raise DemoError(f"No key can be issued: {problem}") from problem


def find_service() -> Service:
    """The stack of URL and API_KEY, else the checkout's own, which must be running."""
    url, key = os.environ.get("URL"), os.environ.get("API_KEY")
    if url:
        if not key:
            raise DemoError("Set API_KEY too: a key for the stack at URL.")
        return Service(url.rstrip("/"), key)
    own = _own()
    return Service(own, key or json.loads((LOCAL / "keys.json").read_text())["api_key"])


def _own() -> str:
    """The URL of the checkout's own stack."""
    if not state.get_owner(state.HOME) or not (state.HOME / "state.json").exists():
        raise DemoError("No stack of this checkout is ready: start one with `make run`.")
    return state.State.read(state.HOME).url


def _encode(payload: dict[str, Any]) -> bytes:
    # Spelled out, a letter that is not English would be three times as long as it is.
    return json.dumps(payload, ensure_ascii=False).encode()


def _seconds(payload: str | None) -> int:
    return int(payload) if payload and payload.isdecimal() else 1
