"""Clients whose network loses, repeats and delays frames, and other invocations to serve them."""

from __future__ import annotations

import heapq
import itertools
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from functions.live import catch_up, handlers
from functions.shared import db
from tests.support.live import door, rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"
_PATIENCE = 40  # rounds in which an answer to `resume` may come


class Died(BaseException):
    """A function's environment, in the middle of what it did."""


class Lossy:
    """A client: it applies what follows the last event, keeps what comes too early, drops what is
    lower, and resumes at a gap.

    What reaches it is a random choice of what the gateway was given, in a random order.
    """

    def __init__(self, cloud: Gateway, number: int, user_id: int, seed: int) -> None:
        self.words: list[str] = []  # the state: what was said, in order
        self.is_calm = False  # whether its network loses nothing any more
        self.opened = 0
        self.resumed = 0
        self.lost = 0
        self._cloud = cloud
        self._number = number
        self._user_id = user_id
        self._random = random.Random(seed)
        self.name = ""
        self._read = 0
        self._delayed: list[dict[str, Any]] = []
        self._early: dict[int, str] = {}  # what came before its turn
        self._epoch: str | None = None
        self._waiting = 0
        self._head = 0

    def has(self, head: int) -> bool:
        """Whether it has seen all, and knows it from its room."""
        return len(self.words) == self._head == head

    def live_once(self) -> None:
        """One round: opens a socket if it has none, takes what has come, and asks for the rest."""
        if self.name not in self._cloud.open:
            self._open()
            return
        frames = self._cloud.frames[self.name]
        for frame in self._lose(frames[self._read :]):
            for one in frame["events"] if frame["type"] == "batch" else [frame]:
                self._take(one)
        self._waiting -= 1
        if self._head > len(self.words) and self._waiting <= 0:
            self._waiting = _PATIENCE
            self.resumed += 1
            self._say({"type": "resume", "last_seq": len(self.words), "epoch": self._epoch})
        elif self.is_calm or self._random.random() < 0.05:
            self._say({"type": "ping"})

    def cut(self) -> None:
        """Its connection is lost, and the gateway says so."""
        if self.name in self._cloud.open:
            self._cloud.close(self.name)
            door.disconnect(self.name)

    def _open(self) -> None:
        self.opened += 1
        self.name, self._read, self._delayed = f"s{self._number}.{self.opened}", 0, []
        self._waiting = 0
        rooms.connect(self.name, ROOM, self._user_id, takes_batches=self._number % 3 == 0)
        self._cloud.open.add(self.name)
        catch_up.welcome(self.name)

    def _lose(self, new: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        self._read += len(new)
        arriving, self._delayed = [*new, *self._delayed], []
        for frame in arriving:
            chance = 1.0 if self.is_calm else self._random.random()
            if chance < 0.1:
                self.lost += 1
            elif chance < 0.2:
                self._delayed.append(frame)
            else:
                yield frame
                if chance < 0.3:
                    yield frame

    def _take(self, frame: dict[str, Any]) -> None:
        self._head = max(self._head, frame.get("seq") or 0)
        self._epoch = frame.get("epoch") or self._epoch
        if frame["type"] == "said" and frame["seq"] > len(self.words):
            self._early[frame["seq"]] = frame["word"]
            while word := self._early.pop(len(self.words) + 1, None):
                self.words.append(word)
        elif frame["type"] == "resumed":
            self._waiting = 0
        assert frame["type"] not in ("snapshot", "error"), frame

    def _say(self, message: dict[str, Any]) -> None:
        door.send(self.name, json.dumps(message))


@contextmanager
def other_invocations(monkeypatch: Any, workers: int) -> Iterator[None]:
    """Work that is left for other invocations is done by a few threads, when it is due."""
    due: list[tuple[float, int, dict[str, Any]]] = []
    numbers, changed, ended = itertools.count(), threading.Condition(), threading.Event()

    def put(seconds: float, work: str, **fields: Any) -> bool:
        with changed:
            at = time.monotonic() + seconds
            heapq.heappush(due, (at, next(numbers), {"work": work, **fields}))
            changed.notify()
        return True

    def take() -> dict[str, Any] | None:
        with changed:
            while not ended.is_set():
                if due and due[0][0] <= time.monotonic():
                    return heapq.heappop(due)[2]
                changed.wait(max(0.0, due[0][0] - time.monotonic()) if due else None)
        return None

    def work() -> None:
        while event := take():
            try:
                handlers.sockets(event, None)
            except (Died, db.DatabaseUnavailable):
                continue

    monkeypatch.setattr(handlers.later, "invoke", lambda work, **fields: put(0, work, **fields))
    monkeypatch.setattr(handlers.later, "delay", put)
    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        with changed:
            changed.notify_all()
        for thread in threads:
            thread.join()


def read_words() -> list[str]:
    """What was said in the room, as it is stored."""
    rows = db.query(
        "select payload ->> 'word' as word from live.events where room = %s order by seq", (ROOM,)
    )
    return [row["word"] for row in rows]
