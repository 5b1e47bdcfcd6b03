"""What clients sent, how often, and what they were answered."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

NO_ANSWER = 0  # in the place of a status
SLOWEST = 15


@dataclass
class Attempt:
    """One request: its status, or NO_ANSWER, and how long that took."""

    status: int
    ms: float
    at: float  # seconds since the fire began


@dataclass
class Op:
    """Something that a client wants done once, however often it must ask for it.

    `name` is by what the accountant finds it in the store. `headers` have its Idempotency-Key
    where the door takes one.
    """

    domain: str
    name: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    answer: Any = None  # the body of the answer that settled it

    @property
    def status(self) -> int:
        """The status of the last answer."""
        return self.attempts[-1].status if self.attempts else NO_ANSWER

    @property
    def is_done(self) -> bool:
        """Whether the client was told that it is done: then it must be stored, once."""
        return 200 <= self.status < 300

    @property
    def route(self) -> str:
        """Method and path without what follows a query's question mark."""
        return f"{self.method} {self.path.partition('?')[0]}"


class Journal:
    """All that all clients did."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._lock = threading.Lock()

    def begin(self, op: Op) -> Op:
        """Notes an op before it is sent: a client that is never answered has sent it all the
        same."""
        with self._lock:
            self.ops.append(op)
        return op

    def of(self, domain: str, path: str = "") -> list[Op]:
        """The ops of a domain whose path begins so, in the order in which they were begun."""
        return [op for op in self.ops if op.domain == domain and op.path.startswith(path)]

    def count_statuses(self) -> dict[str, Counter[int]]:
        """Requests by status, of each domain."""
        counted: dict[str, Counter[int]] = {}
        for op in self.ops:
            counted.setdefault(op.domain, Counter()).update(one.status for one in op.attempts)
        return counted

    def list_slowest(self) -> list[tuple[Attempt, Op]]:
        """The requests that took longest, the slowest first."""
        attempts = [(one, op) for op in self.ops for one in op.attempts]
        return sorted(attempts, key=lambda pair: -pair[0].ms)[:SLOWEST]

    def list_latencies(self) -> dict[str, list[float]]:
        """Milliseconds of the requests of each domain, sorted."""
        found: dict[str, list[float]] = {}
        for op in self.ops:
            found.setdefault(op.domain, []).extend(one.ms for one in op.attempts)
        return {domain: sorted(times) for domain, times in found.items()}
