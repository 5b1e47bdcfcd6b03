"""A management API that records what it is sent, and fails as it is told."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from functions.shared import signed_calls


class Gateway:
    """Sockets by name, with the frames that each has got."""

    def __init__(self) -> None:
        self.frames: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.sizes: dict[str, list[int]] = defaultdict(list)
        self.open: set[str] = set()
        self.statuses: dict[str, list[int]] = {}  # by socket, what the next posts are answered
        self.seconds: dict[str, float] = {}  # by socket, how long a post takes
        self.jitter = 0.0  # seconds, at most, of every post
        self.busy_until = 0.0  # monotonic: until then every post is answered 429
        self._lock = threading.Lock()

    def post(self, name: str, body: bytes) -> int:
        time.sleep(self.seconds.get(name, 0.0) + random.uniform(0, self.jitter))
        with self._lock:
            if time.monotonic() < self.busy_until:
                return HTTPStatus.TOO_MANY_REQUESTS
            if planned := self.statuses.get(name):
                status = planned.pop(0)
                if status != HTTPStatus.OK:
                    return status
            if name not in self.open:
                return HTTPStatus.GONE
            self.frames[name].append(json.loads(body))
            self.sizes[name].append(len(body))
        return HTTPStatus.OK

    def close(self, name: str) -> int:
        with self._lock:
            if time.monotonic() < self.busy_until:
                return HTTPStatus.TOO_MANY_REQUESTS
            if name not in self.open:
                return HTTPStatus.GONE
            self.open.discard(name)
        return HTTPStatus.NO_CONTENT

    def events(self, name: str) -> list[int]:
        """The numbers of the events that a socket has got, in order, those in batches too."""
        with self._lock:
            frames = list(self.frames[name])
        found = []
        for frame in frames:
            inner = frame["events"] if frame["type"] == "batch" else [frame]
            found += [one["seq"] for one in inner if one["type"] == "said"]
        return found


@contextmanager
def running() -> Iterator[tuple[Gateway, str]]:
    """A gateway, and the address for LIVE_ENDPOINT."""
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(gateway.post(self._name(), body))

        def do_DELETE(self) -> None:
            self._answer(gateway.close(self._name()))

        def do_GET(self) -> None:
            is_open = self._name() in gateway.open
            self._answer(HTTPStatus.OK if is_open else HTTPStatus.GONE)

        def _name(self) -> str:
            return self.path.rpartition("/")[2]

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # posts to a room's sockets arrive at once

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield gateway, f"http://127.0.0.1:{server.server_port}/live"
    finally:
        server.shutdown()
        server.server_close()
        hang_up(f"127.0.0.1:{server.server_port}")


def hang_up(netloc: str) -> None:
    """Closes the connections that are kept to a server which is there no more."""
    signed_calls.hang_up(f"http://{netloc}")
