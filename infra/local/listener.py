"""The server half of the edge: takes what API Gateway takes, and refuses the rest in words.

aiohttp reads the requests; what it cannot read is answered here, without quoting it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import http_exceptions as http
from aiohttp import web
from aiohttp.http_parser import HttpRequestParserPy as StrictParser
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

# API Gateway takes 10,240 bytes of request line and header values together.
_LINE_LIMIT = 10_240
_READ_BYTES = 1 << 16
_LINGER = 2.0  # seconds in which a refused client may hear why
# Two of one of these are how requests are smuggled past a proxy; they stay refused.
_FRAMING = {b"host", b"content-length", b"transfer-encoding"}
# Their lines are parts of one list: without the first a request would mean another thing.
_LISTS = {b"connection", b"upgrade", b"expect", b"te", b"trailer", b"sec-websocket-protocol"}
_TLS_HELLO = b"\x16\x03"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Refuse = Callable[[int, str], web.Response]  # (status, sentence)
Watch = Callable[[bytes], bytes]

_SILENT = logging.getLogger("tiltyard.edge")
_SILENT.disabled = True  # aiohttp's own lines quote URLs and headers

_SENTENCES: tuple[tuple[type[BaseException], str], ...] = (
    (http.LineTooLong, f"The request line or a header is longer than {_LINE_LIMIT} bytes."),
    (http.InvalidHeader, "A header line is malformed."),
    (http.InvalidURLError, "The request line names no path."),
    (http.BadStatusLine, "The request line is malformed."),
    (http.PayloadEncodingError, "The body is not of the length or form that was announced."),
)

_MARKS = {  # in aiohttp's words
    "Missing 'Host'": "The header Host is missing.",
    "Too many headers": "There are more than 128 headers.",
    "Transfer-Encoding can't": "Content-Length and Transfer-Encoding exclude each other.",
    "invalid `Transfer-Encoding`": "Transfer-Encoding must be chunked.",
    "Bad line ending": "A line must end with CR LF.",
}


class Parser(StrictParser):
    """Reads requests strictly, but for header lines that are sent twice.

    GMod adds a Content-Type of its own to the one that a script asks for. API Gateway shows a
    function the last line of such a header, and so do we.
    """

    def feed_data(
        self, data: bytes, *more: Any
    ) -> tuple[list[tuple[RawRequestMessage, StreamReader]], bool, bytes]:
        """The requests that these bytes complete; raises HttpProcessingError."""
        if data.startswith(_TLS_HELLO) and not self._tail and self._payload_parser is None:
            raise http.BadHttpMethod(data[:2].decode("latin-1"))  # it would wait for a line's end
        return super().feed_data(data, *more)

    def parse_message(self, lines: list[bytes]) -> RawRequestMessage:
        """The request of these lines, the last of which is empty."""
        return super().parse_message([lines[0], *drop_repeated(lines[1:])])


def drop_repeated(lines: list[bytes]) -> list[bytes]:
    """The header lines without those that a later one of the same name replaces."""
    names = [line.partition(b":")[0].lower() if b":" in line else b"" for line in lines]
    last = {name: place for place, name in enumerate(names)}
    return [
        line
        for place, (name, line) in enumerate(zip(names, lines, strict=True))
        if not name or name in _FRAMING or name in _LISTS or last[name] == place
    ]


class Server(web.Server):
    """A server that hands bodies on as they came, and refuses in the gateway's words."""

    def __init__(self, serve: Handler, refuse: Refuse) -> None:
        super().__init__(serve)
        self.refuse = refuse

    def __call__(self) -> web.RequestHandler:
        """The protocol of one connection."""
        return Connection(
            self, loop=self._loop, access_log=_SILENT, auto_decompress=False, logger=_SILENT
        )


class Connection(web.RequestHandler):
    """A connection; aiohttp's own parser is written in C, and its limits cannot be raised."""

    def __init__(
        self,
        server: Server,
        *,
        loop: asyncio.AbstractEventLoop,
        access_log: logging.Logger,
        auto_decompress: bool,
        logger: logging.Logger,
    ) -> None:
        super().__init__(
            server, loop=loop, access_log=access_log, auto_decompress=auto_decompress, logger=logger
        )
        self._parser = Parser(
            self,
            loop,
            _READ_BYTES,
            max_line_size=_LINE_LIMIT,
            max_field_size=_LINE_LIMIT,
            payload_exception=web.RequestPayloadError,
            auto_decompress=auto_decompress,
            max_msg_queue_size=self._max_msg_queue_size,
        )
        self._gone = loop.create_future()
        self._is_deaf = False
        self._watch: Watch = bytes

    def watch(self, watch: Watch) -> None:
        """Has `watch` see all bytes after the request, and says itself which of them to read."""
        self._watch = watch
        self._message_tail = watch(self._message_tail)  # sent before the answer

    def data_received(self, data: bytes) -> None:
        """Parses what arrives, unless the client was refused already."""
        if not self._is_deaf:
            super().data_received(self._watch(data))

    def connection_lost(self, exc: BaseException | None) -> None:
        """The client has left."""
        super().connection_lost(exc)
        if not self._gone.done():
            self._gone.set_result(None)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Sends the answer, and lets a client who was refused finish what it is sending.

        If we hung up on it, the kernel would throw our answer away with its unread bytes.
        """
        done = await super().finish_response(request, resp, start_time)
        if self._is_deaf and self.transport and self.transport.can_write_eof():
            self.transport.write_eof()
            await asyncio.wait([self._gone], timeout=_LINGER)
        return done

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The gateway's answer to what never became a request, or broke here."""
        if request.writer.output_size > 0 or isinstance(exc, ConnectionError):
            raise ConnectionError("the client has left, or has been answered already") from exc
        server = self._manager
        assert isinstance(server, Server)
        self._is_deaf = isinstance(exc, http.HttpProcessingError)
        if isinstance(exc, web.RequestPayloadError):
            status = HTTPStatus.BAD_REQUEST
        answer = server.refuse(status, describe_error(exc, status))
        answer.force_close()
        return answer


def describe_error(error: BaseException | None, status: int) -> str:
    """What is wrong with a request, in words that quote nothing of it."""
    if status >= 500:
        return f"the edge failed ({type(error).__name__ if error else 'it took too long'})"
    if isinstance(error, http.BadHttpMethod) and error.line.startswith("\x16\x03"):
        return "This address speaks http, not https."
    for kind, words in _SENTENCES:
        if isinstance(error, kind):
            return words
    if isinstance(error, web.RequestPayloadError):
        return "The body is not of the length or form that was announced."
    message = str(error.args[0]) if error and error.args else ""
    if twice := re.match(r"Duplicate '([\w-]+)' header", message):
        return f"The header {twice[1]} was sent twice."
    for mark, words in _MARKS.items():
        if mark in message:
            return words
    return "This is no HTTP request."
