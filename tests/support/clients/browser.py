"""Chromium without a window, as tests of JavaScript drive it: its only page asks for work."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from infra.local import debian, lock
from infra.local.debian import DebianError
from infra.local.postgres import LOCAL, PostgresError, patch_libraries

_SECONDS = 60.0
_PAGE = b"""<!doctype html><script type=module>
for (const name of MODULES) Object.assign(window, await import(name));
const post = (body) => fetch("/done", { method: "POST", body: JSON.stringify(body) });
window.onerror = (message) => { post({ uncaught: message }); };
for (;;) {
  const asked = await (await fetch("/next")).text();
  if (!asked) continue;
  try {
    await post({ value: (await (0, eval)(asked)) ?? null });
  } catch (error) {
    await post({ failed: String(error) });
  }
}
</script>"""
# Sandboxes need what containers and root do not have; the page is the tests' own.
_WORDS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions")


class BrowserError(RuntimeError):
    """One sentence that says why there is no browser, or what its page did wrong."""


class Browser:
    """A page that evaluates expressions."""

    def __init__(self) -> None:
        self._asked: queue.Queue[str] = queue.Queue()
        self._done: queue.Queue[dict[str, Any]] = queue.Queue()

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, or what it resolves to, as JSON has it."""
        self._asked.put(expression)
        try:
            done = self._done.get(timeout=_SECONDS)
        except queue.Empty:
            raise BrowserError(f"Chromium did not answer in {_SECONDS:.0f} s.") from None
        if "value" not in done:
            raise BrowserError(f"The page failed: {done}")
        return done["value"]

    def take(self) -> str:
        """What the page is to evaluate; nothing, if nothing is asked for a while."""
        try:
            return self._asked.get(timeout=5)
        except queue.Empty:
            return ""

    def answer(self, body: bytes) -> None:
        """Takes the page's answer."""
        self._done.put(json.loads(body))


@contextmanager
def running(files: dict[str, Path]) -> Iterator[Browser]:
    """A browser whose page is served these files, by path."""
    browser = Browser()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(browser, files))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = tempfile.mkdtemp(prefix="tiltyard-chromium-")
    process = _start(Path(home), f"http://127.0.0.1:{server.server_port}/")
    try:
        yield browser
    finally:
        process.terminate()
        process.wait()
        server.shutdown()
        server.server_close()
        shutil.rmtree(home, ignore_errors=True)


def _start(home: Path, url: str) -> subprocess.Popen[bytes]:
    program, environ = find_program()
    # A run that is killed takes its browser along, where util-linux is.
    watch = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    return subprocess.Popen(
        [*watch, program, "--headless", *_WORDS, f"--user-data-dir={home / 'profile'}", url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), **environ},
    )


def find_program() -> tuple[Path, dict[str, str]]:
    """The machine's own, or Debian's in a folder of this checkout, fetched when missing."""
    for name in ("chromium-headless-shell", "chromium", "google-chrome"):
        if found := shutil.which(name):
            return Path(found), {}
    root = LOCAL / "chromium"
    program = root / "usr/lib/chromium/chromium-headless-shell"
    try:
        with lock.hold_lock(LOCAL / "locks/chromium"):
            debian.install(["chromium-headless-shell"], root, LOCAL / "debian")
            patch_libraries(root, [program])
    except (DebianError, PostgresError) as error:
        raise BrowserError(
            "There is no Chromium here: install it, or let apt-get reach a Debian mirror for a "
            f"private copy ({str(error).rstrip('.')})."
        ) from None
    [libraries] = root.glob("usr/lib/*-linux-gnu*/pulseaudio")  # which their own path does not name
    return program, {"LD_LIBRARY_PATH": str(libraries)}


def _make_handler(browser: Browser, files: dict[str, Path]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer: the second of two waits for an acknowledgement

        def do_GET(self) -> None:
            if self.path == "/next":
                self._answer(browser.take().encode(), "text/plain; charset=utf-8")
            elif self.path in files:
                self._answer(files[self.path].read_bytes(), "text/javascript; charset=utf-8")
            else:
                page = _PAGE.replace(b"MODULES", json.dumps([*files]).encode())
                self._answer(page, "text/html; charset=utf-8")

        def do_POST(self) -> None:
            browser.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(b"", "text/plain")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
