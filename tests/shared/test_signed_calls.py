"""Signed calls: kept connections, those that end meanwhile, and calls that nobody answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from functions.shared import signed_calls
from tests.support.live import gateway


class Server(ThreadingHTTPServer):
    """Notes what it is sent, and over how many connections."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections: list[socket.socket] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []  # of the next answers
        self.is_silent = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/live/@connections/a%3D"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.append(self.connection)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        if self.server.is_silent.is_set():
            return
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"gone")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    gateway.hang_up(f"127.0.0.1:{server.server_port}")


def call(server: Server, body: bytes = b"{}", seconds: float = 20) -> int | None:
    return signed_calls.call("POST", server.url, body, "execute-api", seconds)


def test_calls_share_a_connection(server: Server) -> None:
    server.statuses = [200, 410, 429]
    assert [call(server, body) for body in (b"1", b"2", b"3")] == [200, 410, 429]
    assert len(server.connections) == 1
    assert [body for _, body in server.received] == [b"1", b"2", b"3"]


def test_a_call_is_signed_for_the_service_and_the_address(server: Server) -> None:
    call(server)
    [(headers, _)] = server.received
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"
    assert "/execute-api/aws4_request" in headers["Authorization"]
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token," in headers["Authorization"]


def test_more_headers_are_sent_and_signed(server: Server) -> None:
    signed_calls.call("POST", server.url, b"", "lambda", 20, **{"X-Amz-Invocation-Type": "Event"})
    [(headers, _)] = server.received
    assert headers["X-Amz-Invocation-Type"] == "Event"
    assert ";x-amz-invocation-type;" in headers["Authorization"]


def test_a_connection_that_has_ended_meanwhile_is_not_used(server: Server) -> None:
    call(server)
    server.connections[0].shutdown(socket.SHUT_RDWR)
    assert [call(server), call(server)] == [200, 200]
    assert len(server.connections) == 2


def test_who_does_not_answer_may_have_got_it(server: Server) -> None:
    server.is_silent.set()
    assert call(server, seconds=0.05) is None
    server.is_silent.clear()
    assert call(server) == 200
    assert len(server.connections) == 2


def test_where_nobody_listens_nothing_was_sent(server: Server) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        assert signed_calls.call("POST", url, b"", "execute-api", 1) == 503


def test_an_answer_that_is_none_is_no_answer(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def babble() -> None:
            other, _ = listening.accept()
            with other:
                other.recv(10_000)
                other.sendall(b"good day\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        assert signed_calls.call("POST", url, b"", "execute-api", 20) is None
        thread.join()
