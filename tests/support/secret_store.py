"""A Secrets Manager on loopback, which a test tells what to answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tiltyard-AbCdEf"


class Store(ThreadingHTTPServer):
    """Secrets by ARN, and what was asked of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secrets: dict[str, Any] = {}
        self.created_at = time.time() - 86_400
        self.asked: list[tuple[str, dict[str, str]]] = []  # ARN and headers
        self.failures: list[tuple[int, str]] = []  # of the next calls: status and code

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, arn: str) -> tuple[int, dict[str, Any]]:
        if self.failures:
            status, code = self.failures.pop(0)
            return status, {"__type": code, "Message": "hunter2"}
        if arn not in self.secrets:
            return 400, {"__type": "ResourceNotFoundException"}
        value = self.secrets[arn]
        text = value if isinstance(value, str) else json.dumps(value)
        return 200, {"ARN": arn, "SecretString": text, "CreatedDate": self.created_at}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((sent["SecretId"], dict(self.headers)))
        status, answer = self.server.answer(sent["SecretId"])
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running() -> Iterator[Store]:
    """A store that answers while the block runs."""
    store = Store()
    threading.Thread(target=store.serve_forever, daemon=True).start()
    try:
        yield store
    finally:
        store.shutdown()
        store.server_close()
