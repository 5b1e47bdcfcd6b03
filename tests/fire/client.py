"""A client as the real ones are: it repeats what was not answered, and never gives up."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.fire.journal import NO_ANSWER, Attempt, Journal, Op

PATIENCE = 40.0  # seconds for one answer: API Gateway has given up by then
LAST_PATIENCE = 240.0  # seconds for an op whose fire is over
_AGAIN = (408, 425, 429)


@dataclass
class Clock:
    """When the fire began and whether clients are to begin anything more."""

    begun: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)
    left: float = 0.0  # monotonic seconds; when the last op must be answered

    def end(self) -> None:
        """No client begins anything more; each has what it began answered."""
        self.left = time.monotonic() + LAST_PATIENCE
        self.ended.set()

    @property
    def is_late(self) -> bool:
        """Whether a client gives up what it began."""
        return self.ended.is_set() and time.monotonic() > self.left


class Client:
    """Sends ops, one after the other, on a connection that it keeps."""

    def __init__(self, url: str, journal: Journal, clock: Clock, seed: str) -> None:
        self._place = urlsplit(url).netloc
        self._journal = journal
        self._clock = clock
        self._kept: http.client.HTTPConnection | None = None
        self.rng = random.Random(seed)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._clock.ended.is_set()

    def rest(self, seconds: float) -> None:
        """Lets about so many seconds pass between two ops."""
        self._clock.ended.wait(seconds * self.rng.uniform(0.5, 1.5))

    def do(self, op: Op) -> Op:
        """Sends an op until its answer says what became of it."""
        self._journal.begin(op)
        return self.repeat(op)

    def repeat(self, op: Op) -> Op:
        """Sends an op again that was sent before."""
        pause = 0.1
        while True:
            self._send(op)
            if op.status not in _AGAIN and 200 <= op.status < 500:
                return op
            if self._clock.is_late:
                return op
            time.sleep(pause * self.rng.uniform(0.5, 1.5))
            pause = min(2 * pause, 3.0)

    def _send(self, op: Op) -> None:
        begun = time.monotonic()
        status, text = self._exchange(op)
        ms = (time.monotonic() - begun) * 1000
        op.attempts.append(Attempt(status, ms, begun - self._clock.begun))
        with suppress(ValueError):
            op.answer = json.loads(text) if text else None

    def _exchange(self, op: Op) -> tuple[int, str]:
        body = None if op.body is None else json.dumps(op.body).encode()
        headers = {"Content-Type": "application/json"} | op.headers
        try:
            if self._kept is None:
                self._kept = http.client.HTTPConnection(self._place, timeout=PATIENCE)
            self._kept.request(op.method, op.path, body, headers)
            answer = self._kept.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            if self._kept:
                self._kept.close()
            self._kept = None
            return NO_ANSWER, ""


def bearer(token: str, **more: Any) -> dict[str, str]:
    """The headers of whoever has a token."""
    return {"Authorization": f"Bearer {token}", **more}
