"""The console in a browser, before an API whose answers the test decides."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.client import call_gateway
from tests.support.clients import accessibility
from tests.support.clients.devtools import Tab, running
from tests.support.gateway import gateway_event

_SITE = ("/console/", "/docs", "/openapi.json")
# What the policy refused, and what a name that became a script would push.
_WATCH = """
globalThis.faults = [];
addEventListener("securitypolicyviolation", (one) => faults.push(one.violatedDirective));
"""


@dataclass(frozen=True)
class Asked:
    """A request of the page."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Reply:
    """What the API answers."""

    body: Any
    status: int = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Asked], Any]


class Api:
    """Answers by path: a body, a Reply, or None to hang up."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[Asked] = []

    def answer(self, asked: Asked) -> Reply | None:
        """What this request is answered."""
        self.asked.append(asked)
        missing = Reply({"error": "Not found"}, HTTPStatus.NOT_FOUND)
        given = self.answers.get(asked.path, missing)
        made = given(asked) if callable(given) else given
        return made if made is None or isinstance(made, Reply) else Reply(made)

    def count(self, path: str) -> int:
        """How often a path was asked."""
        return sum(one.path == path for one in self.asked)


class Console:
    """A tab with the console."""

    def __init__(self, tab: Tab, url: str, api: Api) -> None:
        self.tab, self.url, self.api = tab, url, api
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)

    def open(self, address: str = "") -> None:
        """Loads it anew, as who follows a link does, and waits until all panels are there."""
        self.tab.open("about:blank")
        self.tab.problems.clear()
        self.tab.open(f"{self.url}/{address}")
        self.settle()

    def sign_out(self) -> None:
        """Forgets logins, keys, and the page."""
        self.tab.open(f"{self.url}/docs/docs.js")
        self.tab.wait_for("location.pathname === '/docs/docs.js'")
        self.tab.evaluate("sessionStorage.clear()")

    def go(self, address: str) -> None:
        """Goes to an address of the console that is open."""
        self.tab.evaluate(f"void (location.hash = {json.dumps(address)})")
        self.tab.wait_for(f"location.hash === {json.dumps(address)}")
        self.settle()

    def settle(self) -> None:
        """Until nothing loads any more."""
        self.wait_for(
            "document.querySelector('main h1') && document.readyState === 'complete'"
            " && !document.querySelector('main .loading, main [aria-busy=true]')"
        )
        self.tab.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def wait_for(self, expression: str) -> None:
        """Until an expression is true, or something."""
        self.tab.wait_for(f"Boolean({expression})")

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return self.tab.evaluate(expression)

    def list_texts(self, selector: str) -> list[str]:
        """The texts of all that a selector finds."""
        found: list[str] = self.ask(
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            ".map((one) => one.textContent.trim().replace(/\\s+/g, ' '))"
        )
        return found

    def click(self, selector: str) -> None:
        """Clicks the first that a selector finds."""
        self.ask(f"document.querySelector({json.dumps(selector)}).click()")

    def resize(self, width: int, height: int = 844, *, dark: bool = False) -> None:
        """Another screen."""
        self.tab.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.tab.call("Emulation.setEmulatedMedia", features=[scheme, still])

    def list_faults(self) -> list[str]:
        """Errors, what the policy refused, and requests that left the origin."""
        refused: list[str] = self.ask("faults")
        return self.tab.problems + refused

    def list_serious_findings(self) -> list[str]:
        """What axe-core finds that keeps people out."""
        return accessibility.list_serious_findings(self.tab)


@contextmanager
def open_console() -> Iterator[Console]:
    """A console of 1440 px that ends with the block."""
    api = Api()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(api))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        with running() as chromium:
            yield Console(chromium.open_tab(url), url, api)
    finally:
        server.shutdown()
        server.server_close()


def _make_handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            parts = urlsplit(self.path)
            headers = dict(self.headers.items())
            if parts.path == "/" or parts.path.startswith(_SITE):
                given = call_gateway(gateway_event(self.command, self.path, body, headers))
                text = given["body"]
                packed = base64.b64decode(text) if given["isBase64Encoded"] else text.encode()
                self._send(given["statusCode"], given["headers"], packed)
                return
            query = dict(parse_qsl(parts.query))
            reply = api.answer(Asked(self.command, parts.path, query, headers, body))
            if reply is None:
                self.close_connection = True
                return
            given = {"Content-Type": "application/json", **reply.headers}
            is_json = given["Content-Type"] == "application/json"
            text = json.dumps(reply.body) if is_json else reply.body
            self._send(reply.status, given, text.encode())

        do_GET = _serve  # noqa: N815
        do_POST = _serve  # noqa: N815

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
