"""The edge of the local stack: the deployed API at the root of http://127.0.0.1:PORT.

It is here what API Gateway's own front and CloudFront are in AWS: it limits bodies, answers when
nothing behind it can, and turns the paths of sockets into queries.
"""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from infra.local import sockets
from infra.local.gateway import Answer, Gateway

BODY_LIMIT = 10 * 1024 * 1024  # API Gateway's

# Each request in flight costs a worker process of its own behind us: more of them than this at once
# would only make each other slow, so the rest wait here.
_AT_ONCE = 8
_SECONDS = aiohttp.ClientTimeout(total=35, sock_connect=2)
_HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "expect",
}  # fmt: skip
_THE_EDGES = {"host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
_NOT_OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_OPEN = {"Access-Control-Allow-Origin": "*"}
_GATEWAYS_OWN = {403: "ACCESS_DENIED", 413: "REQUEST_TOO_LARGE", 429: "THROTTLED"}

Say = Callable[[str], None]
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_SILENT = logging.getLogger("tiltyard.edge")
_SILENT.disabled = True  # aiohttp's own lines quote URLs and headers


class EdgeError(RuntimeError):
    """One sentence that says why the edge cannot listen and what to do."""


@dataclass(frozen=True)
class Behind:
    """Where the deployed APIs answer; no sockets when the template has none."""

    rest: str
    sockets: str | None = None


class Edge:
    """A listening edge, on a thread of its own. `behind` is asked at every request."""

    def __init__(
        self, port: int, gateway: Gateway, behind: Callable[[], Behind | None], say: Say
    ) -> None:
        self._gateway = gateway
        self._behind = behind
        self._say = say
        self._listener = _listen(port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="edge", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    @property
    def url(self) -> str:
        """Where clients find the API."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Stop listening and drop what is in flight."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        # Redirects, cookies and compressed bodies are the client's business, not ours.
        self._client = aiohttp.ClientSession(
            timeout=_SECONDS,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
        )
        self._turns = asyncio.Semaphore(_AT_ONCE)
        server = _Server(self._serve, self._failed)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener).start()

    async def _shut(self) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        body = await _body(request)
        if body is None:
            answer = _response(self._gateway.answer("REQUEST_TOO_LARGE", 413))
            answer.force_close()  # the rest of the body is still on its way
            return answer
        behind = self._behind()
        if behind is None:
            return self._away("The stack is still starting.")
        try:
            async with self._turns:
                return await self._relay(request, behind, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            return self._away(f"{request.method}: {type(error).__name__}")

    async def _relay(self, request: web.BaseRequest, behind: Behind, body: bytes) -> web.Response:
        path, _, query = request.raw_path.partition("?")
        url = URL(f"{behind.rest}{encoded(path)}{'?' * bool(query)}{query}", encoded=True)
        headers = _passing(request.raw_headers, _THE_EDGES)
        headers += [
            ("X-Forwarded-For", request.remote or ""),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", request.host),
        ]
        async with self._client.request(
            request.method,
            url,
            headers=headers,
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
            skip_auto_headers=_NOT_OURS,
        ) as told:
            content = await told.read()
            if told.status >= 400 and "X-Request-Id" not in told.headers:
                return self._own(request, told.status, content)
            answer = web.Response(status=told.status, body=content)
            answer.headers.extend(_passing(told.raw_headers, {"content-length"}))
            return answer

    def _own(self, request: web.BaseRequest, status: int, content: bytes) -> web.Response:
        """The gateway's answer in our words. It is its own: every function sets X-Request-Id."""
        told = content.decode(errors="replace")
        if status >= 500:
            self._say(f"gateway: {request.method} answered {status}: {told}")
        kind = _GATEWAYS_OWN.get(status, f"DEFAULT_{status // 100}XX")
        if "Missing Authentication Token" in told:
            kind = "MISSING_AUTHENTICATION_TOKEN"
        return _response(self._gateway.answer(kind, status, told))

    def _failed(self, status: int, error: BaseException | None) -> web.Response:
        """To what aiohttp cannot read, or broke here; not in its words, which quote requests."""
        if status >= 500:
            self._say(f"edge: {type(error).__name__}")
        answer = _response(self._gateway.answer(_GATEWAYS_OWN.get(status, "BAD_REQUEST"), status))
        answer.force_close()
        return answer

    def _away(self, reason: str) -> web.Response:
        self._say(f"edge: {reason}")
        return _response(self._gateway.answer("INTEGRATION_FAILURE", 503))

    async def _socket(self, request: web.BaseRequest) -> web.StreamResponse:
        behind = self._behind()
        path, _, sent = request.raw_path.partition("?")
        query = sockets.query(path, sent)
        if query is None or behind is None or behind.sockets is None:
            return web.json_response({"error": "Not found"}, status=404, headers=_OPEN)
        try:
            return await sockets.relay(request, self._client, f"{behind.sockets}?{query}")
        except aiohttp.WSServerHandshakeError as refused:
            return _response(self._gateway.answer("ACCESS_DENIED", refused.status))
        except (aiohttp.ClientError, TimeoutError) as error:
            return self._away(f"socket: {type(error).__name__}")


class _Server(web.Server):
    """A server that hands bodies on as they came, and fails in the gateway's words."""

    def __init__(
        self, serve: _Handler, failed: Callable[[int, BaseException | None], web.Response]
    ) -> None:
        super().__init__(serve)
        self.failed = failed

    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self, loop=self._loop, access_log=_SILENT, auto_decompress=False, logger=_SILENT
        )


class _Connection(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The gateway's answer to what never became a request."""
        if request.writer.output_size > 0 or isinstance(exc, ConnectionError):
            raise ConnectionError("the client has left, or has been answered already") from exc
        server = self._manager
        assert isinstance(server, _Server)
        return server.failed(status, exc)


def encoded(path: str) -> str:
    """The path as the local cloud must hear it for a function to see what the client sent.

    AWS hands `event.path` over as it was sent, percent signs and all; MiniStack decodes it once.
    """
    return path.replace("%", "%25")


async def _body(request: web.BaseRequest) -> bytes | None:
    """The whole body, or None when it is larger than the gateway takes."""
    if (request.content_length or 0) > BODY_LIMIT:
        return None
    if request.transport and request.headers.get("Expect", "").lower() == "100-continue":
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    parts = bytearray()
    async for part in request.content.iter_any():
        parts += part
        if len(parts) > BODY_LIMIT:
            return None
    return bytes(parts)


def _passing(raw: Iterable[tuple[bytes, bytes]], but: set[str]) -> list[tuple[str, str]]:
    """The headers to hand on, their names in the letters they came in."""
    pairs = ((name.decode(errors="replace"), value.decode(errors="replace")) for name, value in raw)
    return [(name, value) for name, value in pairs if name.lower() not in _HOP_BY_HOP | but]


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise EdgeError(
            f"Port {port} is taken: end what uses it, or choose another with PORT=8001 make run."
        ) from None
    return listener
