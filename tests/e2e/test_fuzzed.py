"""Requests that are made up, by HTTP: what the edge and the gateway make of them is answered too.

A sample: of each route a few in `make test`, more in `make fuzz`. The same answers as in process
are declared; beside them those that the gateway gives by itself.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.request_examples import load_examples
from tests.support import credentials, odd, reference
from tests.support.fuzzing import made_up
from tests.support.live.fighters import find_in_logs
from tests.support.online import beside
from tests.support.policies import PUBLIC, STATED
from tests.support.stack import Database

ROUTES = sorted(
    f"{method.upper()} {path}"
    for path, methods in reference.document()["paths"].items()
    for method in methods
)
# What no server of HTTP takes into a line of its own is no test of ours.
_LINE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@pytest.fixture
def made(
    database: Database, setting: Callable[..., None]
) -> Iterator[dict[str, credentials.Headers]]:
    with beside(database.server.app_url, setting):
        yield credentials.make_all()


def ask(url: str, method: str, path: str, body: str | None, headers: dict[str, str]) -> Any:
    """The answer, whatever it is; the connection is closed."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, body.encode("utf-8", "replace") if body else None, headers)
        answer = connection.getresponse()
        return (
            answer.status,
            {name.lower(): text for name, text in answer.getheaders()},
            answer.read(),
        )
    finally:
        connection.close()


def test_a_sample_of_what_is_made_up_is_answered_by_http_too(
    stack: Any, database: Database, made: dict[str, credentials.Headers]
) -> None:
    """And no key, token or word of it stands in a log of the whole stack."""
    sendable = {
        who: headers
        for who, headers in made.items()
        if all(text.isascii() and text.isprintable() for text in headers.values())
    }

    @made_up(40, most=1500)
    @given(
        st.sampled_from(ROUTES),
        st.lists(odd.texts, min_size=4, max_size=4),
        odd.spelled,
        st.none() | st.sampled_from(sorted(sendable)),
        _LINE,
    )
    def check(route: str, texts: list[str], text: str, who: str | None, word: str) -> None:
        method, path = route.split()
        right = credentials.choose_right(STATED.get(route, PUBLIC))
        filled = texts.copy()
        while "{" in path:
            name = quote(filled.pop().encode("utf-8", "replace")[:500] or b"-", safe="")
            path = path[: path.index("{")] + name + path[path.index("}") + 1 :]
        query = quote(texts[0].encode("utf-8", "replace")[:2000], safe="=&")
        body = text if "body" in load_examples().get(route, {}) else None
        headers = {**sendable[who or right], "X-Odd": word, "Content-Type": "application/json"}
        status, answered, content = ask(stack.url, method, f"{path}?limit={query}", body, headers)
        assert status < 500 or status == 501, (route, path, query, content[:300])
        assert answered["content-type"], (route, status)
        if "json" in answered["content-type"] and content and method != "HEAD":
            json.loads(content)
        operation = reference.find(method, path)
        if operation and status not in (400, 403, 404, 413, 429):  # the gateway's own
            assert str(status) in operation["responses"], (route, path, status)

    check()
    assert find_in_logs(stack, database, credentials.list_secrets(made)) == []


RAW = [
    b"GET / HTTP/1.1\r\n\r\n",  # no Host
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
    b"GET http://evil.example/api/tilt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /%zz%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n{}",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"BREW /api/tilt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
]


@pytest.mark.parametrize("sent", RAW, ids=lambda sent: repr(sent[:40]))
def test_what_is_no_request_is_no_fault_of_the_edge(stack: Any, sent: bytes) -> None:
    address = urlsplit(stack.url)
    with socket.create_connection((str(address.hostname), address.port), timeout=60) as peer:
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
        answered = b""
        while part := peer.recv(65536):
            answered += part
    line = answered.partition(b"\r\n")[0]
    assert not answered or not line.startswith(b"HTTP/1.1 5"), line
    status, _, _ = ask(stack.url, "GET", "/health", None, {})
    assert status == 200
