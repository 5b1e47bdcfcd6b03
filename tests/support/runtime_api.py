"""Lambda's Runtime API, and a function that AWS's own client serves behind it, as on AWS."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from infra.local import environments

_PATIENCE = 120.0  # seconds
_IMPORT = re.compile(r"import time:\s*(?:\d+ \|\s*\d+|self \[us\] \| cumulative) \| +(\S+).*\n")

# -s: no packages of whoever runs this. What Python warns of is an error of ours.
_WORDS = ("-s", "-W", "always", "-X", "importtime", "-m", "awslambdaric")


class BootError(AssertionError):
    """The function did not come up, or raised: what it reported."""


@dataclass(frozen=True)
class Package:
    """What Lambda mounts and says of one function."""

    name: str
    handler: str
    layers: list[str]
    task: Path  # mounted as /var/task
    opt: Path  # mounted as /opt
    memory: int
    environ: dict[str, str]


class Function:
    """A function that waits for events."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._events: queue.Queue[bytes] = queue.Queue()
        self._answers: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.modules: list[str] = []  # what its initialisation imported
        self.warnings = ""  # what its initialisation wrote beside that

    def invoke(self, event: Any) -> Any:
        """What it answers to an event; BootError when it raises."""
        self._events.put(json.dumps(event).encode())
        return json.loads(self._await("response"))

    def await_ready(self, errors: Path) -> None:
        """Return when its initialisation is over; BootError with its report when it failed."""
        self._await("next")
        written = errors.read_text()
        self.modules = _IMPORT.findall(written)
        self.warnings = _IMPORT.sub("", written)

    def handle(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What the Runtime API answers its client."""
        match method, path.removeprefix("/2018-06-01/runtime/").split("/"):
            case "GET", ["invocation", "next"]:
                self._answers.put(("next", b""))
                return HTTPStatus.OK, self._describe(), self._events.get()
            case "POST", ["invocation", _, "response"]:
                self._answers.put(("response", body))
            case "POST", ["invocation", _, "error"] | ["init", "error"]:
                self._answers.put(("error", body))
            case _:
                return HTTPStatus.NOT_FOUND, {}, b""
        return HTTPStatus.ACCEPTED, {}, b""

    def end(self) -> None:
        """Let go of whoever waits for an event."""
        self._events.put(b"{}")

    def _await(self, wanted: str) -> bytes:
        while True:
            try:
                said, body = self._answers.get(timeout=_PATIENCE)
            except queue.Empty:
                raise BootError(f"{self._package.name} said nothing") from None
            if said == wanted:
                return body
            if said != "next":  # which comes after each answer
                raise BootError(f"{self._package.name}: {said} {body.decode()}")

    def _describe(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + _PATIENCE) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": (
                "arn:aws:lambda:us-east-1:000000000000:function:"
                + self._package.environ["AWS_LAMBDA_FUNCTION_NAME"]
            ),
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
        }


@contextmanager
def boot(package: Package, log: Path) -> Iterator[Function]:
    """The function while the block runs, initialised; what it writes goes to files of `log`."""
    function = Function(package)
    server = _serve(function)
    log.mkdir()
    errors = log / "stderr"
    with (log / "stdout").open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [python(), *_WORDS, package.handler],
            cwd=package.task,
            env=environ(package, log) | {"AWS_LAMBDA_RUNTIME_API": server.server_name_and_port},
            stdout=out,
            stderr=err,
        )
        try:
            threading.Thread(target=_watch, args=(process, function), daemon=True).start()
            function.await_ready(errors)
            yield function
        finally:
            process.kill()
            process.wait()
            function.end()
            server.shutdown()
            server.server_close()


def python() -> Path:
    """The interpreter that has what Lambda brings along, and nothing of this project."""
    environments.ensure_ready("lambda")
    return environments.ENVIRONMENTS["lambda"].folder() / "bin/python"


def environ(package: Package, scratch: Path) -> dict[str, str]:
    """All that the process sees: what Lambda sets, and what the template does."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(package.opt / "python"),
        "LAMBDA_TASK_ROOT": str(package.task),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(package.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "_HANDLER": package.handler,
        **package.environ,
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @property
    def server_name_and_port(self) -> str:
        return f"127.0.0.1:{self.server_port}"


def _serve(function: Function) -> _Server:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self._read())

        def _read(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, sent: bytes) -> None:
            status, headers, body = function.handle(self.command, self.path, sent)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            with suppress(ConnectionError):  # it was killed while it waited
                super().handle()

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _watch(process: subprocess.Popen[bytes], function: Function) -> None:
    """Whoever waits hears at once of a process that has ended."""
    code = process.wait()
    function._answers.put(("ended", str(code).encode()))
