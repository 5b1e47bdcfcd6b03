"""The stack that the demo talks to: plain HTTP on one connection, and sentences when it fails."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from infra.local import state
from infra.local.cloud import LOCAL

_PATIENCE = 60  # seconds for an answer: the first one waits for a cold start
_TRIES = 5


class DemoError(Exception):
    """Why the demo cannot go on, in a sentence."""


@dataclass(frozen=True)
class Answer:
    """What the stack said."""

    status: int
    body: Any


@dataclass
class Service:
    """A stack and the key for it; the connection is kept."""

    url: str
    key: str
    _connection: HTTPConnection | None = field(default=None, init=False)

    def get(self, path: str, **query: object) -> Any:
        """The body of a 200."""
        return self._asked("GET", f"{path}?{urlencode(query)}" if query else path, None).body

    def post(self, path: str, sent: dict[str, Any]) -> Answer:
        """What a client's post is answered, if it was accepted."""
        return self._asked("POST", path, json.dumps(sent).encode())

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection:
            self._connection.close()

    def _asked(self, method: str, path: str, body: bytes | None) -> Answer:
        for _ in range(_TRIES):
            status, text, wait = self._sent(method, path, body)
            if status != 429:
                break
            time.sleep(min(wait, 60))
        try:
            answer = Answer(status, json.loads(text))
        except ValueError:
            raise DemoError(f"{self.url}{path} answered {status} without JSON.") from None
        if status < 300:
            return answer
        raise DemoError(self._refusal(method, path, answer))

    def _sent(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes, int]:
        """Sends once more if the connection was cut: what is posted twice is stored once."""
        for again in (True, False):
            self._connection = self._connection or self._connected()
            try:
                self._connection.request(method, path, body, {"X-Api-Key": self.key})
                got = self._connection.getresponse()
                return got.status, got.read(), _seconds(got.getheader("Retry-After"))
            except (OSError, HTTPException):
                self._connection.close()
                self._connection = None
                if not again:
                    break
        raise DemoError(f"Nothing answers at {self.url}: start the stack with `make run`.")

    def _connected(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.netloc, timeout=_PATIENCE)

    def _refusal(self, method: str, path: str, answer: Answer) -> str:
        if answer.status in (401, 403):
            return "The stack refused the API key: set API_KEY to the one that `make run` printed."
        if answer.status == 404:
            return f"{self.url} does not serve {path}: deploy this checkout, `make deploy-local`."
        if answer.status == 409:
            return "These rounds are stored with other content: choose another --seed."
        told = answer.body.get("error", "") if isinstance(answer.body, dict) else ""
        return f"{method} {path} was answered {answer.status}: {told}"


def found() -> Service:
    """The stack of URL and API_KEY, else the checkout's own, which must be running."""
    url, key = os.environ.get("URL"), os.environ.get("API_KEY")
    if url:
        if not key:
            raise DemoError("Set API_KEY too: a key for the stack at URL.")
        return Service(url.rstrip("/"), key)
    if not state.owner(state.HOME) or not (state.HOME / "state.json").exists():
        raise DemoError("No stack of this checkout is ready: start one with `make run`.")
    if not key:
        key = json.loads((LOCAL / "keys.json").read_text())["api_key"]
    return Service(state.State.read(state.HOME).url, key)


def _seconds(sent: str | None) -> int:
    return int(sent) if sent and sent.isdecimal() else 1
