"""The API reference at `/docs`, used as people do: authorise, try a route, press Execute."""

from __future__ import annotations

import json
import re
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.clients import devtools
from tests.support.clients.devtools import Tab
from tests.support.stack import Wire
from tests.support.ttt.contract import ROUND

# React listens to what a person does, which is not what a script sets.
FILL = """
((selector, text) => {
  const field = document.querySelector(selector);
  const kind = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
})
"""


class Reference:
    """The page, below a prefix as a stage of the gateway has one, or none."""

    def __init__(self, tab: Tab, url: str) -> None:
        self.tab, self.url = tab, url

    def open(self, operation: str) -> None:
        """Opens the page at an operation, such as `ttt/get_api_ttt_overview`."""
        self.tab.open("about:blank")
        self.tab.open(f"{self.url}/docs#/{operation}")
        self.wait(".opblock .execute")

    def wait(self, selector: str) -> None:
        self.tab.wait_for(f"Boolean(document.querySelector({json.dumps(selector)}))", 60)

    def click(self, selector: str) -> None:
        self.wait(selector)
        self.tab.evaluate(f"void document.querySelector({json.dumps(selector)}).click()")

    def fill(self, selector: str, text: str) -> None:
        self.wait(selector)
        self.tab.evaluate(f"void ({FILL})({json.dumps(selector)}, {json.dumps(text)})")

    def read(self, selector: str) -> str:
        self.wait(selector)
        return str(self.tab.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def execute(self) -> tuple[str, int, Any]:
        """Presses Execute: the address that was asked, the status and the body, as shown."""
        self.click(".opblock .execute")
        address = self.read(".opblock .request-url pre")
        status = self.read(".live-responses-table .response .response-col_status")
        body = self.read(".live-responses-table .response .highlight-code code")
        return address, int(status.split()[0]), json.loads(body)


@contextmanager
def below(url: str, prefix: str) -> Iterator[str]:
    """The stack's address below a prefix, which it never sees, as behind a stage of the gateway."""

    class Stage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path.startswith(prefix), self.path
            length = int(self.headers.get("Content-Length") or 0)
            kept = {key: value for key, value in self.headers.items() if key.lower() != "host"}
            request = urllib.request.Request(
                url + self.path.removeprefix(prefix),
                data=self.rfile.read(length) or None,
                method=self.command,
                headers=kept,
            )
            try:
                answer = urllib.request.urlopen(request, timeout=60)
            except urllib.error.HTTPError as refused:
                answer = refused
            with answer:
                body = answer.read()
                self.send_response(answer.status)
                for key, value in answer.headers.items():
                    if key.lower() not in ("connection", "content-length", "transfer-encoding"):
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  as its base calls it

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stage)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("prefix", ["", "/live"])
def test_a_route_is_tried_against_the_running_stack(stack: Any, http: Wire, prefix: str) -> None:
    with below(stack.url, prefix) as url, devtools.running() as chromium:
        tab = chromium.open_tab(url)
        reference = Reference(tab, url)
        reference.open("ttt/get_api_ttt_players_steam_id_names")
        address, status, shown = reference.execute()  # its example
        assert address == f"{url}/api/ttt/players/STEAM_0%3A1%3A101/names"
        assert (status, shown) == (200, http("GET", address.removeprefix(url)).json)

        reference.open("ttt/post_api_collect")
        report = json.dumps({**ROUND, "round_id": f"docs {secrets.token_hex(8)}"})
        reference.fill(".opblock textarea.body-param__text", report)
        assert reference.execute()[1] == 401
        reference.click(".auth-wrapper .authorize")
        for number in range(1, 5):  # of each scheme
            form = f".auth-container:nth-child({number})"
            reference.fill(f"{form} input", stack.api_key)
            reference.click(f"{form} button[type='submit']")
        kept = tab.evaluate("Object.keys(JSON.parse(localStorage.getItem('authorized')))")
        assert sorted(kept) == ["bearer", "key", "query", "server"]
        reference.open("ttt/post_api_collect")  # what was entered is still there
        reference.fill(".opblock textarea.body-param__text", report)
        address, status, shown = reference.execute()
        assert (address.partition("?")[0], status) == (f"{url}/api/collect", 201)
        assert shown == {
            "message": "Stats collected successfully",
            "round_id": json.loads(report)["round_id"],
        }
        # No policy was broken and no request left the origin; 401 was meant to be answered.
        known = re.compile("Deprecated: escaping deep link|status of 401")
        assert [one for one in tab.problems if not known.search(one)] == []
