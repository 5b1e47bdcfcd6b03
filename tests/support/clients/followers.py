"""Both clients, followed and asked alike."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from infra.clients.tiltyard_live import Credential, Room, RoomError, Timing
from tests.support.clients.browser import Browser

_HERE = Path(__file__).parent
FILES = {
    "/live.js": _HERE.parents[2] / "infra/clients/live.js",
    "/follower.js": _HERE / "follower.js",
}
Frame = dict[str, Any]
TOKEN: Mapping[str, str] = {"token": "the token"}
QUICK = Timing(gap=0.03, timeout=1.0, backoff=0.02, max_backoff=0.1, ping=0.1)


class Follower(Protocol):
    """A client that follows a room."""

    def state(self) -> dict[str, Any]:
        """What it `received`, as pairs of kind and frame, and what became of it."""

    def send(self, message: Frame) -> None:
        """As the client's."""

    def command(self, body: Frame) -> None:
        """As the client's; how it ends is among the state's `answers`."""

    def close(self) -> None:
        """As the client's."""


class Followers(Protocol):
    """Makes followers with one of the clients."""

    def __call__(
        self,
        url: str,
        credential: Mapping[str, str] = TOKEN,
        timing: Timing = QUICK,
        *,
        numbered: bool = True,
        first_wait: float = 0.0,
    ) -> Follower:
        """A follower of a room.

        `{n}` in its credential is how often it was asked for; the first takes some seconds.
        """


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits until it holds; AssertionError if it never does."""
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.02)


def words(follower: Follower) -> list[str]:
    """The room as the client knows it; AssertionError if an event came twice or out of turn."""
    known: list[str] = []
    for kind, frame in follower.state()["received"]:
        if kind == "snapshot":
            known = list(frame["battle"]["words"])
            assert frame["seq"] == len(known)
        elif kind == "event":
            known.append(frame["word"])
            assert frame["seq"] == len(known)
    return known


def count(follower: Follower, kind: str) -> int:
    """How many frames of a kind came."""
    return sum(one == kind for one, _ in follower.state()["received"])


class PythonFollower:
    """Follows by tiltyard_live.py."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        url: str,
        credential: Mapping[str, str] = TOKEN,
        timing: Timing = QUICK,
        *,
        numbered: bool = True,
        first_wait: float = 0.0,
    ) -> None:
        self._loop = loop
        self._state: dict[str, Any] = {"received": [], "answers": [], "ended": None, "asked": 0}
        self._commands: set[Any] = set()
        asked = itertools.count(1)

        async def ask() -> Credential:
            number = next(asked)
            try:
                await asyncio.sleep(first_wait if number == 1 else 0)
            finally:
                self._state["asked"] += 1
            found: Credential = json.loads(json.dumps(credential).replace("{n}", str(number)))
            return found

        async def make() -> Room:
            return Room(url, ask, numbered=numbered, timing=timing)

        self._room = self._call(make())
        self._reading = asyncio.run_coroutine_threadsafe(self._read(), loop)

    def state(self) -> dict[str, Any]:
        async def get() -> dict[str, Any]:
            more = {"is_live": self._room.is_live, "seq": self._room.seq}
            found: dict[str, Any] = json.loads(json.dumps({**self._state, **more}))
            return found

        return self._call(get())

    def send(self, message: Frame) -> None:
        self._call(self._room.send(message))

    def command(self, body: Frame) -> None:
        async def run() -> None:
            try:
                answer = f"ack {(await self._room.command(body))['seq']}"
            except RoomError as error:
                answer = f"{type(error).__name__}: {error}"
            self._state["answers"].append(answer)

        async def start() -> None:
            task = asyncio.create_task(run())
            self._commands.add(task)
            await asyncio.sleep(0)

        self._call(start())

    def close(self) -> None:
        if not self._reading.done():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._reading.exception()

    async def _read(self) -> None:
        self._task = asyncio.current_task()
        try:
            async with self._room as room:
                async for kind, frame in room:
                    self._state["received"].append([kind, frame])
        except RoomError as error:
            self._state["ended"] = str(error)
        except asyncio.CancelledError:
            self._state["ended"] = "closed"

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)


class BrowserFollower:
    """Follows by live.js, in a browser."""

    _numbers = itertools.count()

    def __init__(
        self,
        page: Browser,
        url: str,
        credential: Mapping[str, str] = TOKEN,
        timing: Timing = QUICK,
        *,
        numbered: bool = True,
        first_wait: float = 0.0,
    ) -> None:
        self._page = page
        self._name = f"window.follower{next(self._numbers)}"
        names = {"max_backoff": "maxBackoff"}
        seconds = {k: v for k, v in asdict(timing).items() if v is not None}
        options = {
            "numbered": numbered,
            "timing": {names.get(name, name): 1000 * value for name, value in seconds.items()},
        }
        sent = (url, json.dumps(dict(credential)), options, first_wait)
        arguments = ", ".join(json.dumps(one) for one in sent)
        page.evaluate(f"void ({self._name} = new Follower({arguments}))")

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self._page.evaluate(f"{self._name}.state")
        return found

    def send(self, message: Frame) -> None:
        self._page.evaluate(f"{self._name}.room.send({json.dumps(message)})")

    def command(self, body: Frame) -> None:
        self._page.evaluate(f"{self._name}.command({json.dumps(body)})")

    def close(self) -> None:
        self._page.evaluate(f"{self._name}.room.close()")


@contextmanager
def in_python() -> Iterator[Followers]:
    """Makes followers in Python, on a thread of their own, and closes them in the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="followers", daemon=True)
    thread.start()
    made: list[PythonFollower] = []

    def make(*args: Any, **named: Any) -> Follower:
        made.append(PythonFollower(loop, *args, **named))
        return made[-1]

    try:
        yield make
    finally:
        for one in made:
            one.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def in_browser(page: Browser) -> Followers:
    """Makes followers in a page of Chromium, which was served FILES."""

    def make(*args: Any, **named: Any) -> Follower:
        return BrowserFollower(page, *args, **named)

    return make
