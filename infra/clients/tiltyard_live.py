"""A client of Tiltyard's rooms: battles, and whatever else numbers its events.

Each event of a room reaches the caller once and in order, however often the connection is lost: a
frame is applied only if its number follows the last one, a gap is closed by `resume`, and a room
whose history changed, or of which too much was missed, arrives whole as a snapshot.

It needs Python 3.11 and `websockets`. The same client for browsers is live.js.

Longer than 300 lines because a bot takes it as the one file that it is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

Frame = dict[str, Any]
Kind = Literal["snapshot", "event", "message"]
# How a connection is paid for: `bearer` travels as a subprotocol, and so stands in no log; a ticket
# opens one connection.
Credential = Mapping[Literal["token", "ticket", "bearer"], str]

_PING = 60.0
_MAX_TRIES = 5
_MAX_WAITING = 100
_MAX_EARLY = 1_000
_MAX_UNREAD = 1_000  # frames; then the room is read no further until the caller has caught up
_PERMANENT = {401, 403, 404}  # refused handshakes that another attempt would not change


class Received(NamedTuple):
    """What a room sends.

    A `snapshot` is the whole room as of its `seq` and replaces all that was known; the first
    `connected` is one. An `event` follows the last one. A `message` has no number: presence, logs,
    errors.
    """

    kind: Kind
    frame: Frame


class RoomError(Exception):
    """The room cannot be followed, or a command was not done."""


class Refused(RoomError):  # noqa: N818  it is an answer
    """The server's refusal; `frame` is its `error`."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame.get("message") or frame.get("detail") or "refused")
        self.frame = frame


@dataclass(frozen=True)
class Timing:
    """How long things take at the most, in seconds."""

    gap: float = 0.5  # how long a gap may close by itself
    timeout: float = 10.0  # for the answer to anything; then the connection counts as lost
    backoff: float = 1.0  # before the second attempt to connect; doubled for each one after it
    max_backoff: float = 30.0
    ping: float | None = None  # between pings; by default what the server asks for, or a minute


_TIMING = Timing()
_log = logging.getLogger("tiltyard_live")


class Order:
    """Puts what a room sends into its order, whatever the network does to it."""

    def __init__(self) -> None:
        self.last: int | None = None  # the number of the last event that was delivered
        self.epoch: str | None = None  # the history that the numbers belong to
        self.is_greeted = False
        self._known = 0  # the highest number that the server has named
        self._is_doubted = False  # the server has another history than is known here
        self._early: dict[int, Frame] = {}  # events that came before their turn

    @property
    def is_current(self) -> bool:
        """Whether nothing is known to be missing."""
        return self.is_greeted and not self._is_doubted and self._known <= (self.last or 0)

    def open(self) -> None:
        """Begins with a new connection: what comes before its `connected` has to wait."""
        self.is_greeted = False
        self._early.clear()

    def receive(self, frame: Frame) -> Iterator[Received]:
        """What there is to deliver now, in order."""
        match frame.get("type"):
            case "batch":
                for event in frame["events"]:
                    yield from self.receive(event)
            case "connected":
                yield from self._greet(frame)
            case "snapshot":
                if self.is_greeted and (
                    frame.get("epoch") != self.epoch or self._is_continued_by(frame)
                ):  # else events have overtaken it
                    yield from self._restart(frame)
            case "resumed":
                self._is_doubted = False
                self._know(frame.get("to_seq"))
            case "pong":
                self._is_doubted |= frame.get("epoch", self.epoch) != self.epoch
                self._know(frame.get("seq"))
            case "ack" | "reconnect":  # its number is the room's, like a pong's
                self._know(frame.get("seq"))
            case _:
                yield from self._receive_event(frame)

    def _receive_event(self, frame: Frame) -> Iterator[Received]:
        seq = frame.get("seq")
        if not isinstance(seq, int):
            yield Received("message", frame)
            return
        if len(self._early) < _MAX_EARLY:
            self._early[seq] = frame
        if self.is_greeted:
            self._know(seq)
            yield from self._drain()

    def _greet(self, frame: Frame) -> Iterator[Received]:
        if self.is_greeted:  # a copy
            return
        self.is_greeted = True
        if self.last is None or not self._is_continued_by(frame):
            yield from self._restart(frame)
            return
        self._know(max(frame["seq"], *self._early, 0))
        yield Received("message", frame)
        yield from self._drain()

    def _restart(self, frame: Frame) -> Iterator[Received]:
        if frame["type"] == "snapshot" and frame.get("epoch") != self.epoch:
            self._early.clear()
        self.epoch = frame.get("epoch")
        self.last = frame["seq"]
        self._is_doubted = False
        self._known = max(frame["seq"], *self._early, 0)
        yield Received("snapshot", frame)
        yield from self._drain()

    def _drain(self) -> Iterator[Received]:
        last = self.last or 0
        while event := self._early.get(last + 1):
            last = self.last = last + 1
            yield Received("event", event)
        self._early = {seq: event for seq, event in self._early.items() if seq > last}

    def _is_continued_by(self, frame: Frame) -> bool:
        """Whether what is known is the past of what the server has."""
        return bool(
            frame.get("epoch", self.epoch) == self.epoch and frame["seq"] >= (self.last or 0)
        )

    def _know(self, seq: object) -> None:
        if self.is_greeted and isinstance(seq, int):
            self._known = max(self._known, seq)


@dataclass
class _Entry:
    """What is to be sent; with a `ref` until it is answered."""

    frame: Frame
    ref: str | None = None
    answer: asyncio.Future[Frame] | None = None
    tries: int = 0


class _LostError(Exception):
    """The connection is given up, for another one."""


class Room:
    """A room that is followed inside `async with`, and read by `async for`.

    `credential` is asked before each connection; where it fails with an OSError, it is asked again.
    `numbered` is False for rooms that send no `connected`, such as the tavern: all that they send
    is a message. Reading ends with Refused when the server ends it with `closing: true`, and with
    RoomError when it refuses to open it. Who does not read is not read for: after a thousand frames
    the connection is left alone until there is space again.
    """

    def __init__(
        self,
        url: str,  # ws://host/ws/battle/7
        credential: Callable[[], Awaitable[Credential]],
        *,
        numbered: bool = True,
        timing: Timing = _TIMING,
    ) -> None:
        self.url = url
        self.credential = credential
        self.timing = timing
        self._order = Order() if numbered else None
        self._outbox: deque[_Entry] = deque()  # the first may be sent, and wait for its `ack`
        self._unread: asyncio.Queue[Received | None] = asyncio.Queue()
        self._space = asyncio.Semaphore(_MAX_UNREAD)
        self._due: dict[str, float] = {}  # until when, by what is waited for
        self._wait: asyncio.Timeout | None = None  # for the first of them, or a frame
        self._socket: ClientConnection | None = None  # once it takes messages
        self._ping = timing.ping or _PING
        self._attempts = 0
        self._task: asyncio.Task[None] | None = None
        self._reason: Exception | None = None  # why it ended
        self._is_ended = False

    @property
    def seq(self) -> int | None:
        """The number of the last event that came in order."""
        return self._order.last if self._order else None

    @property
    def is_live(self) -> bool:
        """Whether there is a connection, and nothing is known to be missing."""
        return self._socket is not None and (self._order is None or self._order.is_current)

    async def __aenter__(self) -> Room:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def __aiter__(self) -> AsyncIterator[Received]:
        while received := await self._unread.get():
            self._space.release()
            yield received
        self._unread.put_nowait(None)
        if self._reason:
            raise self._reason

    async def send(self, message: Frame) -> None:
        """Sends a message once, as soon as there is a connection."""
        await self._enqueue(_Entry(message))

    async def command(self, body: object, **more: object) -> Frame:
        """Has a command done once, and returns its `ack`.

        It is sent again until it is answered, also by later connections, and the next one waits for
        it. `more` is such as `if_version`. Raises Refused if the server answers with `error`.
        """
        ref = secrets.token_urlsafe(16)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        frame = {**more, "type": "command", "ref": ref, "body": body}
        await self._enqueue(_Entry(frame, ref, answer))
        return await answer

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self._follow()
                except (_LostError, OSError, WebSocketException) as error:
                    _log.info("%s: %s", self.url, error)
                backoff = min(self.timing.max_backoff, self.timing.backoff * 2**self._attempts)
                self._attempts += 1
                await asyncio.sleep(backoff * random.uniform(0.5, 1))  # noqa: S311
        except Exception as error:  # noqa: BLE001  the reader's
            self._reason = error
        finally:
            self._is_ended = True
            self._unread.put_nowait(None)
            for entry in self._outbox:
                if entry.answer and not entry.answer.done():
                    entry.answer.set_exception(self._reason or RoomError("The room is closed."))

    async def _follow(self) -> None:
        """Follows the room by one connection; raises when that is lost."""
        async with asyncio.timeout(self.timing.timeout):
            socket = await self._open(await self.credential())
        try:
            if self._order:
                self._order.open()
                self._expect("connected")
            else:
                await self._ready(socket, {})
            while True:
                await self._receive(socket, await self._read(socket))
        finally:
            self._socket = None
            self._due.clear()
            await socket.close()

    async def _open(self, credential: Credential) -> ClientConnection:
        query = {"batch": "true", **{str(name): value for name, value in credential.items()}}
        bearer = query.pop("bearer", None)
        try:
            return await connect(
                f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(query)}",
                subprotocols=[Subprotocol(f"bearer.{bearer}")] if bearer else None,
                ping_interval=None,  # the protocol's own, which no pong with a number answers
                close_timeout=self.timing.timeout / 10,
            )
        except InvalidStatus as refused:
            if refused.response.status_code in _PERMANENT:
                raise RoomError(f"refused with {refused.response.status_code}") from None
            raise

    async def _read(self, socket: ClientConnection) -> Frame:
        """The next frame; meanwhile does what is due."""
        while True:
            try:
                async with asyncio.timeout_at(min(self._due.values(), default=None)) as self._wait:
                    text = await socket.recv()
            except TimeoutError:
                await self._act(socket)
            else:
                frame: Frame = json.loads(text)
                return frame
            finally:
                self._wait = None

    async def _act(self, socket: ClientConnection) -> None:
        now = asyncio.get_running_loop().time()
        for what in [what for what, due in self._due.items() if due <= now]:
            del self._due[what]
            if what == "ping":
                await socket.send('{"type":"ping"}')
                self._due["ping"] = now + self._ping
                self._due.setdefault("pong", now + self.timing.timeout)
            elif what == "gap" and self._order:
                resume = {"type": "resume", "last_seq": self._order.last, "batch": True}
                epoch = {"epoch": self._order.epoch} if self._order.epoch is not None else {}
                await socket.send(json.dumps({**resume, **epoch}))
                self._expect("answer to resume")
            else:
                raise _LostError(f"no {what} in time")

    async def _receive(self, socket: ClientConnection, frame: Frame) -> None:
        type_ = frame.get("type")
        if type_ == "pong":
            self._due.pop("pong", None)
        if type_ in ("resumed", "snapshot"):
            self._due.pop("answer to resume", None)
        for received in self._order.receive(frame) if self._order else _as_messages(frame):
            await self._space.acquire()
            self._unread.put_nowait(received)
        if type_ == "connected" and self._socket is None:
            await self._ready(socket, frame)
        if type_ in ("ack", "error"):
            await self._settle(frame)
        if frame.get("closing"):
            raise Refused(frame)
        if type_ == "reconnect":
            raise _LostError("the server asks to reconnect")
        if self._order and self._order.is_greeted:
            self._close_gap(self._order, 0 if type_ == "connected" else self.timing.gap)

    async def _ready(self, socket: ClientConnection, frame: Frame) -> None:
        """The server takes messages now."""
        self._due.pop("connected", None)
        self._socket, self._attempts = socket, 0
        self._ping = self.timing.ping or frame.get("ping_every") or _PING
        self._due["ping"] = asyncio.get_running_loop().time() + self._ping
        await self._flush()

    def _close_gap(self, order: Order, wait: float) -> None:
        """Has a gap closed, after a moment in which it may close by itself."""
        if order.is_current:
            self._due.pop("gap", None)
            self._due.pop("answer to resume", None)
        elif "gap" not in self._due and "answer to resume" not in self._due:
            self._due["gap"] = asyncio.get_running_loop().time() + wait

    async def _enqueue(self, entry: _Entry) -> None:
        if self._is_ended:
            raise RoomError("The room is closed.")
        if len(self._outbox) >= _MAX_WAITING:
            raise RoomError("Too much waits to be sent.")
        self._outbox.append(entry)
        await self._flush()

    async def _flush(self) -> None:
        while self._socket and self._outbox and "ack" not in self._due:
            entry = self._outbox[0]
            entry.tries += 1
            if entry.answer and entry.tries > _MAX_TRIES:
                self._outbox.popleft()
                if not entry.answer.done():
                    error = RoomError("The server does not answer this command.")
                    entry.answer.set_exception(error)
                continue
            if entry.answer:
                self._expect("ack")
            else:
                self._outbox.popleft()
            with suppress(ConnectionClosed):  # which the reader notices, too
                await self._socket.send(json.dumps(entry.frame))

    async def _settle(self, frame: Frame) -> None:
        entry = self._outbox[0] if self._outbox else None
        if not entry or not entry.answer or entry.ref != frame.get("ref"):
            return  # a copy, or the answer to something else
        self._outbox.popleft()
        self._due.pop("ack", None)
        if entry.answer.done():  # its caller has gone
            pass
        elif frame["type"] == "ack":
            entry.answer.set_result(frame)
        else:
            entry.answer.set_exception(Refused(frame))
        await self._flush()

    def _expect(self, what: str) -> None:
        self._due[what] = asyncio.get_running_loop().time() + self.timing.timeout
        if self._wait and not self._wait.expired():  # another task may be waiting by it
            self._wait.reschedule(min(self._due.values()))


def _as_messages(frame: Frame) -> Iterator[Received]:
    """What an unnumbered room sends."""
    if frame.get("type") == "batch":
        for one in frame["events"]:
            yield from _as_messages(one)
    elif frame.get("type") != "pong":
        yield Received("message", frame)
