"""A tab of Chromium as tests of pages use it, over the browser's debugging pipe."""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.clients.browser import BrowserError, find_program

_SECONDS = 60.0  # for the answer to a command
# Sandboxes need what containers and root do not have; the pages are the tests' own.
_WORDS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
# Chromium reads commands from file 3 and writes results to file 4.
_EXEC = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
Event = dict[str, Any]


class Pipe:
    """Commands to a browser and their results; what it reports by itself goes to listeners."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads, self._writes = os.fdopen(reads, "rb"), os.fdopen(writes, "wb")
        self._ids = itertools.count(1)
        self._results: dict[int, queue.Queue[Event]] = {}
        self.listeners: dict[str, Callable[[Event], None]] = {}  # by session
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def call(self, method: str, session: str = "", **parameters: Any) -> Any:
        """The result of a command; raises BrowserError."""
        number = next(self._ids)
        result = self._results[number] = queue.Queue()
        command = {"id": number, "method": method, "params": parameters}
        command |= {"sessionId": session} if session else {}
        self._writes.write(json.dumps(command).encode() + b"\0")
        self._writes.flush()
        try:
            found = result.get(timeout=_SECONDS)
        except queue.Empty:
            raise BrowserError(f"Chromium did not answer {method} in {_SECONDS:.0f} s.") from None
        finally:
            del self._results[number]
        if "error" in found:
            raise BrowserError(f"Chromium refused {method}: {found['error']}")
        return found["result"]

    def close(self) -> None:
        """Ends it; the browser ends with it."""
        with suppress(OSError):
            self._writes.close()

    def join(self) -> None:
        """After the browser's end: until all that it said is heard."""
        self._listener.join()

    def _listen(self) -> None:
        held = b""
        with self._reads:
            while chunk := os.read(self._reads.fileno(), 1 << 16):
                *messages, held = (held + chunk).split(b"\0")
                for text in messages:
                    self._receive(json.loads(text))

    def _receive(self, message: Event) -> None:
        if waiting := self._results.get(message.get("id", 0)):
            waiting.put(message)
        elif listen := self.listeners.get(message.get("sessionId", "")):
            listen(message)


class Tab:
    """A page in a browser profile of its own. `problems`: errors that its console had, and requests
    that left `origin`."""

    def __init__(self, pipe: Pipe, origin: str, width: int, height: int) -> None:
        self.problems: list[str] = []
        self._pipe, self._origin = pipe, origin
        context = pipe.call("Target.createBrowserContext")["browserContextId"]
        target = pipe.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = pipe.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        pipe.listeners[self._session] = self._note
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def call(self, method: str, **parameters: Any) -> Any:
        """The result of a command to this tab."""
        return self._pipe.call(method, self._session, **parameters)

    def resize(self, width: int, height: int) -> None:
        """Gives it another size, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def open(self, url: str) -> None:
        """Goes to an address; another part of the same page is no new visit."""
        found = self.call("Page.navigate", url=url)
        if "errorText" in found:
            raise BrowserError(f"Chromium cannot open {url}: {found['errorText']}")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, or what it resolves to, as JSON has it."""
        found = self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in found:
            thrown = found["exceptionDetails"]
            raise BrowserError(thrown.get("exception", thrown).get("description", str(thrown)))
        return found["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 30.0) -> Any:
        """The value of an expression as soon as it is true; AssertionError after some seconds."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            if time.monotonic() > end:
                text = self.evaluate("document.body.innerText.slice(0, 2000)")
                raise AssertionError(f"It never came about: {expression}\n{text}")
            time.sleep(0.05)
        return value

    def photograph(self) -> bytes:
        """What is seen of the page, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def _note(self, message: Event) -> None:
        method, told = message["method"], message["params"]
        if method == "Runtime.exceptionThrown":
            thrown = told["exceptionDetails"]
            self.problems.append(thrown.get("exception", thrown).get("description", str(thrown)))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            entry = told["entry"]
            self.problems.append(f"{entry['text']} {entry.get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and told["type"] == "error":
            self.problems.append(str([one.get("value") for one in told["args"]]))
        elif method == "Network.requestWillBeSent":
            url = told["request"]["url"]
            if not url.startswith((self._origin, "data:", "about:")):
                self.problems.append(f"A request left the origin: {url}")


class Chromium:
    """A running browser."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def open_tab(self, origin: str, width: int = 1440, height: int = 1000) -> Tab:
        """A tab that shares nothing with others; `origin` is what its requests may not leave."""
        return Tab(self._pipe, origin, width, height)


@contextmanager
def running() -> Iterator[Chromium]:
    """A browser without a window."""
    home = Path(tempfile.mkdtemp(prefix="tiltyard-chromium-"))
    commands, results = _make_pipe(), _make_pipe()
    process = _start(home, commands[0], results[1])
    os.close(commands[0])
    os.close(results[1])
    pipe = Pipe(results[0], commands[1])
    try:
        yield Chromium(pipe)
    finally:
        pipe.close()
        process.terminate()
        process.wait()
        pipe.join()
        shutil.rmtree(home, ignore_errors=True)


def _make_pipe() -> tuple[int, int]:
    """The ends of a pipe, none of them a number that the browser has for something."""
    ends = os.pipe()
    reads, writes = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return reads, writes


def _start(home: Path, reads: int, writes: int) -> subprocess.Popen[bytes]:
    program, environ = find_program()
    # A run that is killed takes its browser along, where util-linux is.
    watch = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    flags = [*_WORDS, "--remote-debugging-pipe", f"--user-data-dir={home / 'profile'}"]
    return subprocess.Popen(
        [*watch, sys.executable, "-c", _EXEC, str(reads), str(writes), str(program), *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
        pass_fds=(reads, writes),
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), **environ},
    )
