"""A small server that stands for the local cloud, and a client of the edge before it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from infra.local.edge import Edge
from infra.local.gateway import Gateway
from infra.local.sam import ROOT

GATEWAY = Gateway(ROOT / "template.yaml")
_REFUSED = {"401", "403", "404", "429"}
MARK = {"X-Request-Id": "r-1"}


@dataclass
class Cloud:
    """Remembers what reached it; answers and greets sockets as a test tells it to."""

    url: str = ""
    seen: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answer: Callable[[], web.Response] = lambda: web.Response(text="ok", headers=MARK)
    pause: float = 0
    busy: int = 0
    busiest: int = 0
    closed: list[int] = field(default_factory=list)  # how sockets were closed

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        if request.path.endswith("/sockets"):
            return await self._echo(request)
        self.busy += 1
        self.busiest = max(self.busy, self.busiest)
        self.bodies.append(b"".join([part async for part in request.content.iter_any()]))
        await asyncio.sleep(self.pause)
        self.busy -= 1
        return self.answer()

    async def _echo(self, request: web.BaseRequest) -> web.StreamResponse:
        room = request.query.get("battle", "")
        if room in _REFUSED:
            return web.Response(status=int(room))
        socket = web.WebSocketResponse(protocols=["v1"])
        await socket.prepare(request)
        async for message in socket:
            if message.data == "bye":
                await socket.close(code=4001)
            elif message.type == aiohttp.WSMsgType.BINARY:
                await socket.send_bytes(message.data)
            else:
                await socket.send_str(message.data)
        self.closed.append(socket.close_code or 0)
        return socket


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends bytes as they are: no library corrects the path."""

    def __init__(self, edge: Edge) -> None:
        self.port = int(edge.url.rsplit(":", 1)[1])

    def __call__(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        reply = Reply(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return reply

    def raw(self, sent: bytes, method: str = "GET") -> Reply:
        """What is answered to these very bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(sent)
            answer = http.client.HTTPResponse(line, method=method)
            answer.begin()
            reply = Reply(answer.status, dict(answer.getheaders()), answer.read())
            answer.close()
        return reply


def is_the_gateways(reply: Reply) -> bool:
    body = reply.json
    envelope = {"code", "message", "details"} <= body["error"].keys()
    sentence = bool(body["detail"]) and bool(body["request_id"])
    headers = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
    return envelope and sentence and headers.items() <= reply.headers.items()
