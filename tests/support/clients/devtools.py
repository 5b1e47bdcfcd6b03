"""Chromium without a window, driven over its pipe: a page is opened, asked, and photographed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.clients.browser import WORDS, BrowserError, find_program

_SECONDS = 30.0
_PIPE = (3, 4)  # what Chromium reads commands from, and writes answers to


class Page:
    """One page; every method waits until Chromium has done it."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._unread = b""
        self._count = 0
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """What a method of the DevTools protocol answers."""
        self._count += 1
        asked = {"id": self._count, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._commands, json.dumps(asked).encode() + b"\0")
        while (answer := self._read()).get("id") != self._count:
            pass  # an event
        if "error" in answer:
            raise BrowserError(f"{method} failed: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, or what it resolves to."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(f"The page failed: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_until(self, expression: str) -> None:
        """Until it is true; a page that is just left has no answer."""
        deadline = time.monotonic() + _SECONDS
        while not self.evaluate(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                raise BrowserError(f"The page did not come to {expression} in {_SECONDS:.0f} s.")
            time.sleep(0.05)

    def photograph(self) -> bytes:
        """What is seen of the page, as PNG."""
        taken = self.call("Page.captureScreenshot", format="png", optimizeForSpeed=False)
        return base64.b64decode(taken["data"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            got = os.read(self._answers, 1 << 16)
            if not got:
                raise BrowserError("Chromium ended.")
            self._unread += got
        answer, _, self._unread = self._unread.partition(b"\0")
        read: dict[str, Any] = json.loads(answer)
        return read


@contextmanager
def open_page(width: int, height: int) -> Iterator[Page]:
    """A page of this size, light and in UTC, that ends with the block."""
    home = Path(tempfile.mkdtemp(prefix="tiltyard-chromium-"))
    program, environ = find_program()
    theirs, ours = os.pipe()
    answers, told = os.pipe()
    # The shell moves the ends to the numbers that Chromium knows them by.
    moved = f'exec {_PIPE[0]}<&{theirs} {_PIPE[1]}>&{told}; exec "$@"'
    watch = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    profile = f"--user-data-dir={home / 'profile'}"
    words = ["--headless", "--remote-debugging-pipe", *WORDS, "--hide-scrollbars", profile]
    process = subprocess.Popen(
        [*watch, "bash", "-c", moved, "bash", str(program), *words, "about:blank"],
        pass_fds=(theirs, told),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "TZ": "UTC", **environ},
    )
    os.close(theirs)
    os.close(told)
    try:
        page = Page(ours, answers)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        page.call("Emulation.setDeviceMetricsOverride", **size)
        light = [
            {"name": "prefers-color-scheme", "value": "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        page.call("Emulation.setEmulatedMedia", features=light)
        yield page
    finally:
        process.terminate()
        process.wait()
        os.close(ours)
        os.close(answers)
        shutil.rmtree(home, ignore_errors=True)
