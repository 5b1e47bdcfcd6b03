"""A server of one room that loses, repeats, reorders and delays what it sends, and forgets.

It runs on a thread of its own, so that a browser and a test's own loop find the same one.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Frame = dict[str, Any]


class FaultyRoom:
    """A room whose events are words, and what has become of it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.faults = 0.0  # how likely each of them is, for each frame
        self.epoch = secrets.token_hex(4)
        self.words: list[str] = []
        self.done: dict[str, Frame] = {}  # what commands were answered, by their ref
        self.messages: list[Frame] = []  # what was received, but pings
        self.credentials: list[str] = []
        self.refused: int | None = None  # the status of every handshake
        self.lost_acks = 0  # how many of the next are
        self.lost_events = 0
        self.answers_resume = True
        self.sockets: dict[ServerConnection, bool] = {}  # whether each takes batches
        self.late: set[asyncio.Task[None]] = set()
        self.closed: list[int | None] = []  # with which codes clients closed
        self.most_missed = 500
        self.port = 0

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"ws://127.0.0.1:{self.port}/ws/battle/7"

    def append(self, word: str) -> int:
        """An event, which all sockets are sent."""
        self.words.append(word)
        seq = len(self.words)
        if self.lost_events:
            self.lost_events -= 1
            return seq
        for socket in list(self.sockets):
            self._post(socket, self._event(seq))
        return seq

    def cut(self) -> None:
        """Loses every connection, as a network does."""
        for socket in list(self.sockets):
            socket.transport.abort()

    def restore(self, keep: int) -> None:
        """Goes back to a backup: all but the first events never were, and others came."""
        self.epoch = secrets.token_hex(4)
        del self.words[keep:]
        self.words += [f"other {n}" for n in range(self.chance.randrange(8))]
        self.cut()

    def tell(self, frame: Frame) -> None:
        """A frame without a number, to all."""
        for socket in list(self.sockets):
            self._post(socket, frame)

    async def torment(self, seconds: float, *, restores: bool) -> None:
        """Events and accidents, for a while; then all is well."""
        self.faults = 0.15
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            for _ in range(self.chance.randrange(5)):
                self.append(f"word {len(self.words)}")
            accident = self.chance.random()
            if accident < 0.05:
                self.cut()
            elif accident < 0.08 and restores:
                self.restore(self.chance.randrange(len(self.words) + 1))
            await asyncio.sleep(0.02)
        self.faults = 0.0
        while self.late:
            await asyncio.sleep(0.01)
        self.append("the last one")

    def check(self, socket: ServerConnection, request: Request) -> Response | None:
        """Notes the credential of a handshake."""
        query = parse_qs(urlsplit(request.path).query)
        named = [f"{name} {query[name][0]}" for name in ("token", "ticket") if name in query]
        named += request.headers.get_all("Sec-WebSocket-Protocol")
        self.credentials += named
        return socket.respond(self.refused, "") if self.refused else None

    async def handle(self, socket: ServerConnection) -> None:
        """Speaks with one client until the connection is lost."""
        assert socket.request
        batches = "batch=true" in socket.request.path
        self._post(socket, {**self._head("connected"), "ping_every": 240})
        self.sockets[socket] = batches
        try:
            async for text in socket:
                self._receive(socket, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            del self.sockets[socket]
            self.closed.append(socket.close_code)

    def _receive(self, socket: ServerConnection, message: Frame) -> None:
        match message:
            case {"type": "ping"}:
                self._post(socket, {"type": "pong", "seq": len(self.words), "epoch": self.epoch})
                return
            case {"type": "resume", "last_seq": int(last)}:
                self._resume(socket, last, message.get("epoch"))
            case {"type": "command", "ref": str(ref), "body": body}:
                if answer := self._command(ref, body):
                    self._post(socket, answer)
            case {"type": "say", "word": str(word)}:
                self.append(word)
        self.messages.append(message)

    def _command(self, ref: str, body: Frame) -> Frame | None:
        if not body["word"]:
            return {"type": "error", "code": "INVALID", "message": "No word.", "ref": ref}
        if ref not in self.done:
            self.done[ref] = {"type": "ack", "ref": ref, "seq": self.append(body["word"])}
        if self.lost_acks:
            self.lost_acks -= 1
            return None
        return self.done[ref]

    def _resume(self, socket: ServerConnection, last: int, epoch: str | None) -> None:
        head = len(self.words)
        if not self.answers_resume:
            return
        if epoch != self.epoch or last > head or head - last > self.most_missed:
            self._post(socket, self._head("snapshot"))
            return
        missed = [self._event(seq) for seq in range(last + 1, head + 1)]
        if self.sockets.get(socket) and len(missed) > 1:
            missed = [{"type": "batch", "events": missed}]
        for frame in missed:
            self._post(socket, frame)
        resumed = {"type": "resumed", "from_seq": last + 1, "to_seq": head, "complete": True}
        self._post(socket, resumed)

    def _head(self, type_: str) -> Frame:
        battle = {"words": list(self.words)}
        return {"type": type_, "seq": len(self.words), "epoch": self.epoch, "battle": battle}

    def _event(self, seq: int) -> Frame:
        return {"type": "said", "seq": seq, "word": self.words[seq - 1]}

    def _post(self, socket: ServerConnection, frame: Frame) -> None:
        """Sends a frame once, never, or twice; at once, or a moment later than the next ones."""
        fate = self.chance.random()
        if fate < self.faults:
            return
        for _ in range(2 if fate < 2 * self.faults else 1):
            is_late = self.chance.random() < self.faults
            wait = self.chance.uniform(0.005, 0.06) if is_late else 0.0
            task = asyncio.get_running_loop().create_task(_send(socket, json.dumps(frame), wait))
            self.late.add(task)
            task.add_done_callback(self.late.discard)


async def _send(socket: ServerConnection, text: str, wait: float) -> None:
    await asyncio.sleep(wait)
    with suppress(ConnectionClosed):
        await socket.send(text)


@contextmanager
def running(seed: int = 0) -> Iterator[tuple[FaultyRoom, Any]]:
    """The room, and what runs a call of it on its own thread and returns the result."""
    room = FaultyRoom(seed)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="room", daemon=True)
    thread.start()

    def call(verb: Any, *args: Any, **named: Any) -> Any:
        async def run() -> Any:
            done = verb(*args, **named)
            return await done if asyncio.iscoroutine(done) else done

        return asyncio.run_coroutine_threadsafe(run(), loop).result(60)

    async def listen() -> Server:
        return await serve(
            room.handle,
            "127.0.0.1",
            0,
            process_request=room.check,
            select_subprotocol=_choose,
            ping_interval=None,
            close_timeout=0.2,
        )

    async def shut() -> None:
        server.close()
        await server.wait_closed()
        for task in list(room.late):
            task.cancel()

    server: Server = call(listen)
    room.port = next(iter(server.sockets)).getsockname()[1]
    try:
        yield room, call
    finally:
        call(shut)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _choose(_: ServerConnection, offered: Any) -> Subprotocol | None:
    return offered[0] if offered else None
