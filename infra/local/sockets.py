"""Sockets at the edge: clients name a room in the path, the gateway only ever sees a query.

The edge also closes what API Gateway would: see `emulated_sockets.py` for the whole list.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from infra.local.listener import Connection

# Its warnings quote the subprotocols that clients offer, and one of them may be a token.
logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)

# The gateway routes sockets by nothing but their stage, so what a client says in the path goes to
# the function in the query. CloudFront's function, infra/edge/sockets.js, has the same table.
PATHS = [
    (re.compile(r"/(?:v1/)?ws/battles/(btl_[0-9A-Za-z]+)/?"), "tracker"),
    (re.compile(r"/(?:v1/)?ws/battles?/([0-9A-Za-z_-]+)/?"), "battle"),
    (re.compile(r"/ws/(chat)/?"), "tavern"),
]
NAMES = {name for _, name in PATHS}
MESSAGE_LIMIT = 128 * 1024
FRAME_LIMIT = 32 * 1024
_LINGER = 2.0  # seconds in which the rest of what is too large may come

_GOING_AWAY = aiohttp.WSCloseCode.GOING_AWAY
_UNSAID = {0, 1005, 1006, 1015}  # codes that no close frame holds

_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


@dataclass(frozen=True)
class Limits:
    """After how many seconds API Gateway closes a socket: without a message, and at all."""

    idle: float = 600.0
    age: float = 7200.0


def query(path: str, sent: str) -> str | None:
    """The query that stands for a socket's path and query; None for a path that is no socket's.

    A client that names a room in its query too chooses no other one than that of its path.
    """
    for pattern, name in PATHS:
        if found := pattern.fullmatch(path):
            own = [part for part in sent.split("&") if part and not _names_room(part)]
            return "&".join([f"{name}={found[1]}", *own])
    return None


def _names_room(part: str) -> bool:
    return unquote(part.partition("=")[0]) in NAMES


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
    here = _Here(protocols=[there.protocol] if there.protocol else [])
    async with there:
        await here.prepare(request)
        seen = _Seen()
        closers = [_close_when_due(here, seen, limits), here.close_at_excess()]
        tasks = [asyncio.create_task(closer) for closer in closers]
        try:
            await asyncio.gather(_pump(here, there, seen), _pump(there, here, seen))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
    return here


class _Here(web.WebSocketResponse):
    """The client's side of a socket, closed at a frame or message that is too large."""

    def __init__(self, protocols: list[str]) -> None:
        super().__init__(protocols=protocols, max_msg_size=0, compress=False)
        self._frames = Frames()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Answers the handshake; from then on no frame passes that is too large."""
        protocol = request.protocol
        assert isinstance(protocol, Connection)
        protocol.watch(self._frames.feed)
        return await super().prepare(request)

    async def close_at_excess(self) -> None:
        """Closes at what is too large, once it is all here: else its client would not hear why."""
        await self._frames.too_large.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._frames.is_over.wait(), _LINGER)
        await self.close(code=aiohttp.WSCloseCode.MESSAGE_TOO_BIG, message=b"Message too big")


_KEPT = ("Authorization", "Origin", "User-Agent")


class _Seen:
    """When a message last passed."""

    def __init__(self) -> None:
        self.at = self.opened = time.monotonic()


async def _pump(source: _Socket, sink: _Socket, seen: _Seen) -> None:
    """Hand every message on until one side closes, then close the other with the same code."""
    async for message in source:
        seen.at = time.monotonic()
        if message.type == aiohttp.WSMsgType.BINARY:
            code = aiohttp.WSCloseCode.UNSUPPORTED_DATA
            await source.close(code=code, message=b"No binary frames")
        if message.type != aiohttp.WSMsgType.TEXT:
            break
        try:
            await sink.send_str(message.data)
        except ConnectionError:  # the other side has left, and its own pump sees to it
            break
    told = source.close_code or 0
    await sink.close(code=_GOING_AWAY if told in _UNSAID else told)


async def _close_when_due(here: web.WebSocketResponse, seen: _Seen, limits: Limits) -> None:
    """Closes as API Gateway does a socket that is silent or old."""
    while True:
        now = time.monotonic()
        due = min(seen.at + limits.idle, seen.opened + limits.age)
        if due <= now:
            await here.close(code=_GOING_AWAY, message=b"Going away")
            return
        await asyncio.sleep(due - now)


class Frames:
    """Reads the sizes of a client's frames and messages, in whatever pieces they come.

    Keeps no more of them than the head of one frame, 14 bytes at most.
    """

    def __init__(self) -> None:
        self.too_large = asyncio.Event()
        self.is_over = asyncio.Event()  # all of what is too large has come
        self._head = bytearray()
        self._left = 0  # bytes of the frame that is being read
        self._message = 0  # bytes of the message so far

    def feed(self, data: bytes) -> bytes:
        """The bytes to hand on: all before a frame that is too large, none from there."""
        at = begun = 0
        while at < len(data) and not self.too_large.is_set():
            if self._left:
                at += self._skip(len(data) - at)
                continue
            if not self._head:
                begun = at
            self._head.append(data[at])
            at += 1
            self._read_head()
        if not self.too_large.is_set():
            return data
        self._skip(len(data) - at)
        if not self._left:
            self.is_over.set()
        return data[:begun]

    def _skip(self, most: int) -> int:
        taken = min(self._left, most)
        self._left -= taken
        return taken

    def _read_head(self) -> None:
        """Takes the size of a frame from its head, once that is whole."""
        head = self._head
        if len(head) < 2:
            return
        short, mask = head[1] & 0x7F, 4 if head[1] & 0x80 else 0
        wide = {126: 2, 127: 8}.get(short, 0)
        if len(head) < 2 + wide + mask:
            return
        self._left = int.from_bytes(head[2 : 2 + wide]) if wide else short
        is_last, is_control = head[0] & 0x80, head[0] & 0x08
        head.clear()
        if not is_control:
            self._message += self._left
            if self._left > FRAME_LIMIT or self._message > MESSAGE_LIMIT:
                self.too_large.set()
            if is_last:
                self._message = 0
