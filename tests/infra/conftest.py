"""A small server that stands for the local cloud, and an edge before it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from infra.local.edge import Behind, Edge
from infra.local.gateway import Gateway
from infra.local.sam import ROOT

GATEWAY = Gateway(ROOT / "template.yaml")
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
        if "forbidden" in request.query_string:
            return web.Response(status=401)
        socket = web.WebSocketResponse(protocols=["v1"])
        await socket.prepare(request)
        async for message in socket:
            if message.data == "bye":
                await socket.close(code=4001)
            elif message.type == aiohttp.WSMsgType.BINARY:
                await socket.send_bytes(message.data)
            else:
                await socket.send_str(message.data)
        return socket


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    cloud, loop = Cloud(), asyncio.new_event_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    cloud.url = f"http://127.0.0.1:{listener.getsockname()[1]}/_aws/execute-api/a1/live"

    async def opened() -> web.ServerRunner:
        runner = web.ServerRunner(
            web.Server(cloud.serve, auto_decompress=False), shutdown_timeout=0.1
        )
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return runner

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(opened(), loop).result()
    yield cloud
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


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


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def edge(cloud: Cloud, said: list[str]) -> Iterator[Edge]:
    behind = Behind(cloud.url, cloud.url.replace("http", "ws") + "/sockets")
    edge = Edge(0, GATEWAY, lambda: behind, said.append)
    yield edge
    edge.close()


@pytest.fixture
def ask(edge: Edge) -> Client:
    return Client(edge)
