"""Sockets at the edge: clients name a room in the path, the gateway only ever sees a query.

The edge also closes what API Gateway would: see `emulated_sockets.py` for the whole list.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

# The gateway routes sockets by nothing but their stage, so what a client says in the path goes to
# the function in the query. CloudFront's function, infra/edge/sockets.js, has the same table.
PATHS = [
    (re.compile(r"/(?:v1/)?ws/battles?/([^/]+)/?"), "battle"),
    (re.compile(r"/ws/(chat)/?"), "tavern"),
]
MESSAGE_LIMIT = 128 * 1024
FRAME_LIMIT = 32 * 1024

_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


@dataclass(frozen=True)
class Limits:
    """After how many seconds API Gateway closes a socket: without a message, and at all."""

    idle: float = 600.0
    age: float = 7200.0


def query(path: str, sent: str) -> str | None:
    """The query that stands for a socket's path and query; None for a path that is no socket's."""
    for pattern, name in PATHS:
        if found := pattern.fullmatch(path):
            return "&".join(part for part in (f"{name}={found[1]}", sent) if part)
    return None


async def relay(
    request: web.BaseRequest,
    client: aiohttp.ClientSession,
    address: str,
    token: tuple[str, str],
    limits: Limits,
) -> web.WebSocketResponse:
    """Join the client to the socket at `address` until one of them closes, or a limit is reached.

    That one is opened first, with the header `token`: WSServerHandshakeError has its status when
    it refuses.
    """
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    kept = [(name, request.headers[name]) for name in _KEPT if name in request.headers]
    there = await client.ws_connect(
        URL(address, encoded=True),
        protocols=[protocol.strip() for protocol in offered if protocol.strip()],
        headers=[*kept, token, ("X-Forwarded-For", request.remote or "")],
        max_msg_size=0,
    )
    async with there:
        here = web.WebSocketResponse(
            protocols=[there.protocol] if there.protocol else [],
            max_msg_size=MESSAGE_LIMIT + 1,
            compress=False,
        )
        await here.prepare(request)
        _watch_frames(request, here)
        seen = _Seen()
        pumps = asyncio.gather(_pump(here, there, seen), _pump(there, here, seen))
        ageing = asyncio.create_task(_close_when_due(here, seen, limits))
        try:
            await pumps
        finally:
            ageing.cancel()
        return here


_KEPT = ("Authorization", "Origin", "User-Agent")


class _Seen:
    """When a message last passed."""

    def __init__(self) -> None:
        self.at = self.opened = time.monotonic()


async def _pump(source: _Socket, sink: _Socket, seen: _Seen) -> None:
    """Hand every message on until one side closes, then close the other with the same code."""
    async for message in source:
        seen.at = time.monotonic()
        if message.type == aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type == aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
    await sink.close(code=source.close_code or aiohttp.WSCloseCode.GOING_AWAY)


async def _close_when_due(here: web.WebSocketResponse, seen: _Seen, limits: Limits) -> None:
    """Closes as API Gateway does a socket that is silent or old."""
    while True:
        now = time.monotonic()
        due = min(seen.at + limits.idle, seen.opened + limits.age)
        if due <= now:
            await here.close(code=aiohttp.WSCloseCode.GOING_AWAY, message=b"Going away")
            return
        await asyncio.sleep(due - now)


def _watch_frames(request: web.BaseRequest, here: web.WebSocketResponse) -> None:
    """Has a frame that is too large close the socket, as one message of several frames is not."""
    protocol = request.protocol
    parser = protocol._payload_parser

    class Watching:
        def __init__(self) -> None:
            self.sizes = FrameSizes()

        def feed_data(self, data: bytes) -> tuple[bool, bytes]:
            if self.sizes.feed(data) > FRAME_LIMIT:
                task = asyncio.ensure_future(
                    here.close(code=aiohttp.WSCloseCode.MESSAGE_TOO_BIG, message=b"Frame too big")
                )
                request.task.add_done_callback(lambda _: task.cancel())
                return True, b""
            fed: tuple[bool, bytes] = parser.feed_data(data)
            return fed

        def feed_eof(self) -> None:
            parser.feed_eof()

    protocol._payload_parser = Watching()


class FrameSizes:
    """Reads the sizes of WebSocket frames out of a stream."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = 0  # bytes of the frame that is being read

    def feed(self, data: bytes) -> int:
        """The size of the largest frame that begins in these bytes."""
        largest = 0
        view = memoryview(data)
        while view:
            if self._left:
                taken = min(self._left, len(view))
                self._left -= taken
                view = view[taken:]
                continue
            self._head += view[:1]
            view = view[1:]
            size = self._read_head()
            if size is not None:
                largest = max(largest, size)
        return largest

    def _read_head(self) -> int | None:
        """The payload's size, when the head of a frame is whole."""
        head = self._head
        if len(head) < 2:
            return None
        short, mask = head[1] & 0x7F, 4 if head[1] & 0x80 else 0
        wide = {126: 2, 127: 8}.get(short, 0)
        if len(head) < 2 + wide + mask:
            return None
        size = int.from_bytes(head[2 : 2 + wide]) if wide else short
        self._left = size
        head.clear()
        return size
