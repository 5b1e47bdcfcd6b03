"""Sockets at the edge: clients name a room in the path, the gateway only ever sees a query."""

from __future__ import annotations

import asyncio
import re

import aiohttp
from aiohttp import web
from yarl import URL

# The gateway routes sockets by nothing but their stage, so what a client says in the path goes to
# the function in the query. CloudFront's function has the same table.
PATHS = [
    (re.compile(r"/(?:v1/)?ws/battles?/([^/]+)/?"), "battle"),
    (re.compile(r"/ws/(chat)/?"), "tavern"),
]

_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


def query(path: str, sent: str) -> str | None:
    """The query that stands for a socket's path and query; None for a path that is no socket's."""
    for pattern, name in PATHS:
        if found := pattern.fullmatch(path):
            return "&".join(part for part in (f"{name}={found[1]}", sent) if part)
    return None


async def relay(
    request: web.BaseRequest, client: aiohttp.ClientSession, address: str, token: tuple[str, str]
) -> web.WebSocketResponse:
    """Join the client to the socket at `address` until one of them closes.

    That one is opened first, with the header `token`: WSServerHandshakeError has its status when
    it refuses.
    """
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    kept = [(name, request.headers[name]) for name in _KEPT if name in request.headers]
    there = await client.ws_connect(
        URL(address, encoded=True),
        protocols=[protocol.strip() for protocol in offered if protocol.strip()],
        headers=[*kept, token, ("X-Forwarded-For", request.remote or "")],
        max_msg_size=0,  # the gateway's own limits are behind us
    )
    async with there:
        here = web.WebSocketResponse(
            protocols=[there.protocol] if there.protocol else [], max_msg_size=0
        )
        await here.prepare(request)
        await asyncio.gather(_pump(here, there), _pump(there, here))
        return here


_KEPT = ("Authorization", "Origin", "User-Agent")


async def _pump(source: _Socket, sink: _Socket) -> None:
    """Hand every message on until one side closes, then close the other with the same code."""
    async for message in source:
        if message.type == aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type == aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
    await sink.close(code=source.close_code or aiohttp.WSCloseCode.GOING_AWAY)
