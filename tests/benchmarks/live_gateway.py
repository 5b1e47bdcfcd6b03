"""A management API that answers after a while, as a process: `live_gateway <seconds>`.

It takes posts to sockets and asynchronous invocations, notes when each event has arrived, and hands
the invocations to the live function, a process beside it, at once. It prints its port.

A post counts as arrived when it is answered, after the latency. `GET /heard/<room>/<seq>/<sockets>`
is answered when that many sockets of the room have got the event: with the time of the last.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from typing import NoReturn
from urllib.parse import unquote

_OK = b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%s"
_SEQ = re.compile(rb'"seq":(\d+)')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_BACKLOG = 512


class Gateway:
    """Which sockets have got which events, and when the last of a room's did."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.function: subprocess.Popen[bytes] | None = None
        self._last: dict[str, int] = {}  # by socket
        self._heard: dict[tuple[str, int], int] = defaultdict(int)
        self._waiting: dict[tuple[str, int], tuple[int, asyncio.Future[float]]] = {}

    def hear(self, name: str, body: bytes) -> None:
        """A socket, called <room>-<number>, has got a frame; each event once and in order."""
        now, room = time.time(), name.rpartition("-")[0]
        for found in _SEQ.findall(body):
            seq = int(found)
            last = self._last.get(name)
            if last not in (None, seq - 1) and seq != 1:  # from 1 on it is resumed
                _die(f"{name} got event {seq} after {last}")
            self._last[name] = seq
            self._heard[room, seq] += 1
            self._tell(room, seq, now)

    def _tell(self, room: str, seq: int, now: float) -> None:
        sockets, waiter = self._waiting.get((room, seq), (-1, None))
        if waiter and self._heard[room, seq] == sockets:
            waiter.set_result(now)

    async def wait(self, room: str, seq: int, sockets: int) -> float:
        """The time when the last of a room's sockets got an event, which is asked before it."""
        assert self._heard[room, seq] < sockets
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[room, seq] = sockets, waiter
        return await waiter

    def invoke(self, body: bytes) -> None:
        """Hands work to the live function, which does one after the other."""
        assert self.function
        assert self.function.stdin
        self.function.stdin.write(body + b"\n")
        self.function.stdin.flush()


class Caller(asyncio.Protocol):
    """A connection of somebody who calls the API."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, rest = self._received[:end], self._received[end + 4 :]
            found = _LENGTH.search(head)
            length = int(found[1]) if found else 0
            if len(rest) < length:
                return
            body, self._received = rest[:length], rest[length:]
            self._call(head.split(b" ", 2)[1].decode(), body)

    def _call(self, path: str, body: bytes) -> None:
        *_, place, name = unquote(path).split("/")
        after = asyncio.get_running_loop().call_later
        if place == "@connections":
            after(self._gateway.seconds, self._take, name, body)
        elif name == "invocations":
            self._gateway.invoke(body)
            after(self._gateway.seconds, self._answer, 202, b"")
        else:
            room, seq, sockets = path.split("/")[-3:]
            waiting = asyncio.ensure_future(self._gateway.wait(room, int(seq), int(sockets)))
            waiting.add_done_callback(lambda done: self._answer(200, b"%.6f" % done.result()))

    def _take(self, name: str, body: bytes) -> None:
        self._gateway.hear(name, body)
        self._answer(200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self._transport.write(_OK % (status, len(body), body))


def _die(why: str) -> NoReturn:
    print(why, file=sys.stderr, flush=True)
    os._exit(1)


async def _serve(seconds: float) -> None:
    gateway = Gateway(seconds)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Caller(gateway), "127.0.0.1", 0, backlog=_BACKLOG)
    port = server.sockets[0].getsockname()[1]
    gateway.function = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.live_function"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
    )
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until who started it ends it
    gateway.function.communicate()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
