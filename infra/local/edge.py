"""The edge of the local stack: the deployed API at the root of http://127.0.0.1:PORT.

It is here what API Gateway's own front and CloudFront are in AWS: it limits bodies, answers when
nothing behind it can, and turns the paths of sockets into queries.
"""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from aiohttp import web
from yarl import URL

from infra.local import downloads, sockets
from infra.local.edge_cache import EdgeCache
from infra.local.emulator import TOKEN
from infra.local.gateway import Answer, Gateway
from infra.local.listener import Server
from infra.local.targets import encode_path, parse_target

BODY_LIMIT = 10 * 1024 * 1024  # API Gateway's

# Each request in flight costs a worker process of its own behind us: more of them than this at once
# would only make each other slow, so the rest wait here.
_AT_ONCE = 8
_SECONDS = aiohttp.ClientTimeout(total=35, sock_connect=2)
_HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "expect",
}  # fmt: skip
_TOKEN = TOKEN.decode()
_THE_EDGES = {
    *("host", _TOKEN, "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"),
    *("x-origin-secret", "cloudfront-viewer-address"),
}
_NOT_OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_GATEWAYS_OWN: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "ACCESS_DENIED",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "REQUEST_TOO_LARGE",
    HTTPStatus.TOO_MANY_REQUESTS: "THROTTLED",
}

_LIMITS = sockets.Limits()

Say = Callable[[str], None]


class EdgeError(RuntimeError):
    """One sentence that says why the edge cannot listen and what to do."""


@dataclass(frozen=True)
class Behind:
    """Where the deployed APIs answer, to whoever shows the token; sockets if the template has."""

    rest: str
    sockets: str | None = None
    token: str = ""
    origin_secret: str = ""  # by which the functions believe what the edge says of callers

    @property
    def origin(self) -> str:
        """The scheme, host and port of the cloud."""
        return str(URL(self.rest).origin())


class Edge:
    """A listening edge, on a thread of its own. `behind` is asked at every request."""

    def __init__(
        self,
        port: int,
        gateway: Gateway,
        behind: Callable[[], Behind | None],
        say: Say,
        limits: sockets.Limits = _LIMITS,
    ) -> None:
        self._limits = limits
        self._gateway = gateway
        self._behind = behind
        self._say = say
        self._cache = EdgeCache()
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
        server = Server(self._serve, self._refuse)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener).start()

    async def _shut(self) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        target = parse_target(request.raw_path)
        if target is None:
            return self._refuse(HTTPStatus.BAD_REQUEST, "The request line names no path.")
        if target.startswith(downloads.PREFIX):
            return await self._download(request, target)
        if kept := self._cache.find(request):
            return kept
        body = await _body(request)
        if body is None:
            answer = self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {BODY_LIMIT} bytes."
            )
            answer.force_close()  # the rest of the body is still on its way
            return answer
        behind = self._behind()
        if behind is None:
            return self._away("The stack is still starting.")
        try:
            async with self._turns:
                return await self._relay(request, target, behind, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            return self._away(f"{request.method}: {type(error).__name__}")

    async def _relay(
        self, request: web.BaseRequest, target: str, behind: Behind, body: bytes
    ) -> web.Response:
        path, _, query = target.partition("?")
        url = URL(f"{behind.rest}{encode_path(path)}{'?' * bool(query)}{query}", encoded=True)
        headers = _passing(request.raw_headers, _THE_EDGES)
        headers += [
            (_TOKEN, behind.token),
            ("X-Forwarded-For", request.remote or ""),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", _text(request.host)),
            ("CloudFront-Viewer-Address", f"{request.remote or ''}:0"),
            ("X-Origin-Secret", behind.origin_secret),
        ]
        async with self._client.request(
            request.method,
            url,
            headers=headers,
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
            skip_auto_headers=_NOT_OURS,
        ) as answered:
            content = await answered.read()
            if answered.status >= 400 and "X-Request-Id" not in answered.headers:
                return self._own(request, answered.status, content)
            answer = web.Response(status=answered.status, body=content)
            answer.headers.extend(_passing(answered.raw_headers, {"content-length"}))
            self._cache.keep(request, answer, content)
            if location := answer.headers.get("Location"):
                answer.headers["Location"] = downloads.hide_cloud(location, behind.origin)
            return answer

    async def _download(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        behind = self._behind()
        found = downloads.find_file(target, behind.origin, behind.token) if behind else None
        if behind is None or found is None or request.method != "GET":
            return self._refuse(HTTPStatus.FORBIDDEN, "The address is not signed, or too old.")
        try:
            token = (_TOKEN, behind.token)
            return await downloads.send_file(request, self._client, found, token)
        except (aiohttp.ClientError, TimeoutError) as error:
            return self._away(f"download: {type(error).__name__}")

    def _own(self, request: web.BaseRequest, status: int, content: bytes) -> web.Response:
        """The gateway's answer in our words. It is its own: every function sets X-Request-Id."""
        answered = _words(content)
        self._say(f"gateway: {request.method} answered {status}: {answered}")
        kind = _GATEWAYS_OWN.get(status, f"DEFAULT_{status // 100}XX")
        if "Missing Authentication Token" in answered:
            kind = "MISSING_AUTHENTICATION_TOKEN"
        return _response(self._gateway.answer(kind, status, answered))

    def _refuse(self, status: int, sentence: str) -> web.Response:
        """Our own answer to what no function hears of."""
        self._say(f"edge: answered {status}: {sentence}")
        kind = _GATEWAYS_OWN.get(status, "BAD_REQUEST" if status < 500 else "DEFAULT_5XX")
        return _response(self._gateway.answer(kind, status, sentence))

    def _away(self, reason: str) -> web.Response:
        self._say(f"edge: {reason}")
        return _response(
            self._gateway.answer("INTEGRATION_FAILURE", HTTPStatus.SERVICE_UNAVAILABLE)
        )

    async def _socket(self, request: web.BaseRequest) -> web.StreamResponse:
        behind = self._behind()
        path, _, query_text = (parse_target(request.raw_path) or "").partition("?")
        query = sockets.query(path, query_text)
        if query is None or behind is None or behind.sockets is None:
            self._say("edge: answered 404: no socket is served at this path.")
            return _response(self._gateway.answer("MISSING_AUTHENTICATION_TOKEN"))
        try:
            there, token = f"{behind.sockets}?{query}", (_TOKEN, behind.token)
            return await sockets.relay(request, self._client, there, token, self._limits)
        except aiohttp.WSServerHandshakeError as refused:
            self._say(f"gateway: a socket was answered {refused.status}")
            kind = _GATEWAYS_OWN.get(refused.status, "ACCESS_DENIED")
            return _response(self._gateway.answer(kind, refused.status, "The socket is refused."))
        except web.HTTPException as refused:
            return self._refuse(refused.status, "The request opens no socket.")
        except (aiohttp.ClientError, TimeoutError) as error:
            return self._away(f"socket: {type(error).__name__}")


async def _body(request: web.BaseRequest) -> bytes | None:
    """The whole body, or None when it is larger than the gateway takes."""
    if (request.content_length or 0) > BODY_LIMIT:
        return None
    waits = request.headers.get("Expect", "").lower() == "100-continue"
    if waits and request.transport and request.version >= aiohttp.HttpVersion11:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    parts = bytearray()
    async for part in request.content.iter_any():
        parts += part
        if len(parts) > BODY_LIMIT:
            return None
    return bytes(parts)


def _words(content: bytes) -> str:
    """What the cloud says by itself: its `message`, or all of it when it is no JSON."""
    text = content.decode(errors="replace").strip()
    try:
        answered = json.loads(text)
    except ValueError:
        return text
    message = (
        (answered.get("message") or answered.get("Message")) if isinstance(answered, dict) else None
    )
    return str(message or text)


def _passing(raw: Iterable[tuple[bytes, bytes]], but: set[str]) -> list[tuple[str, str]]:
    """The headers to hand on, their names in the letters they came in."""
    pairs = ((name.decode(errors="replace"), value.decode(errors="replace")) for name, value in raw)
    return [(name, value) for name, value in pairs if name.lower() not in _HOP_BY_HOP | but]


def _text(value: str) -> str:
    """A header's value as a text that can be sent again, whatever bytes it was."""
    return value.encode("utf-8", "surrogateescape").decode(errors="replace")


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
