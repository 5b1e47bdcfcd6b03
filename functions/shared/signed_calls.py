"""Signed calls of AWS, over connections that are kept: a room of a thousand is as many of them.

By http.client, for 0.1 ms of CPU. urllib3 costs 0.2 more, and boto3's client 0.32 before it sends.
"""

from __future__ import annotations

import select
from collections import deque
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from functions.shared import signatures


class Answer(NamedTuple):
    """What AWS answered."""

    status: int
    body: bytes


def call(
    method: str, url: str, body: bytes, service: str, seconds: float, **headers: str
) -> int | None:
    """The status of a signed call; as `exchange`."""
    answer = exchange(method, url, body, service, seconds, headers)
    return answer and answer.status


def exchange(
    method: str,
    url: str,
    body: bytes,
    service: str,
    seconds: float,
    headers: dict[str, str],
    region: str = "",
) -> Answer | None:
    """The answer to a signed call; 503 when it was not sent, None when there was no answer.

    `url` has no query. `seconds`: for connecting, and for the answer. `region`: the service's, this
    function's by default.
    """
    address = urlsplit(url)
    signed = signatures.sign(method, address, body, service, headers, region)
    try:
        connection = _take(address, seconds)
    except OSError:
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, b"")
    try:
        connection.request(method, address.path, body, signed)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, HTTPException):
        connection.close()
        return None
    _idle(address.scheme, address.netloc).append(connection)
    return Answer(answer.status, text)


def hang_up(url: str) -> None:
    """Closes the connections to an address that nobody uses now."""
    address = urlsplit(url)
    idle = _idle(address.scheme, address.netloc)
    while idle:
        idle.pop().close()


def _take(address: SplitResult, seconds: float) -> HTTPConnection:
    """A connection that nobody else uses; raises OSError."""
    connection = _take_idle(address) or _make(address)
    connection.timeout = seconds
    if connection.sock is None:
        connection.connect()
    connection.sock.settimeout(seconds)
    return connection


def _take_idle(address: SplitResult) -> HTTPConnection | None:
    """The one that was used last of those that are still open."""
    idle = _idle(address.scheme, address.netloc)
    while True:
        try:
            connection = idle.pop()
        except IndexError:
            return None
        if connection.sock is None or not _is_readable(connection):
            return connection
        connection.close()


def _is_readable(connection: HTTPConnection) -> bool:
    """Whether the other side has ended a connection on which nothing is to come."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _make(address: SplitResult) -> HTTPConnection:
    host = address.hostname or ""
    if address.scheme == "https":
        return HTTPSConnection(host, address.port, context=_trust())
    return HTTPConnection(host, address.port)


@cache
def _idle(scheme: str, netloc: str) -> deque[HTTPConnection]:
    """The connections to an address that nobody uses now: as many as there were calls at once."""
    return deque()


@cache
def _trust() -> Any:
    """Whom TLS believes; reading that takes longer than many calls."""
    import ssl

    return ssl.create_default_context()
