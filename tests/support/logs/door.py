"""The gateway behind a real socket, for programs that speak HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.client import Client


@contextmanager
def opened() -> Iterator[str]:
    """The URL at which the handler answers, as API Gateway would call it."""

    turn = threading.Lock()  # one request at a time, as a Lambda environment has it

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self.pass_on()

        def do_POST(self) -> None:
            self.pass_on()

        def pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length) if length else None
            # As the gateway does: text, unless a Content-Type says that it is something.
            body = sent if sent is None or self.headers["Content-Type"] else sent.decode()
            with turn:
                answered = Client(dict(self.headers)).call(self.command, self.path, body)
            text = answered.text.encode()
            self.send_response(answered.status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()
