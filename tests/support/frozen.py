"""A function in a process of its own, which can be frozen: `python -m tests.support.frozen VERB`.

Beside a real one it stops at a point of its work, says so, and goes on at a line of input.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STOPPED = "stopped at its point\n"


@dataclass
class Function:
    """One that is at work; what it prints at its end is its answer."""

    process: subprocess.Popen[str]

    def await_point(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == STOPPED, self.process.communicate()[1]

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> str:
        """Lets it go on; the line that it answers."""
        os.kill(self.process.pid, signal.SIGCONT)
        answer, fault = self.process.communicate("go on\n", timeout=120)
        assert self.process.returncode == 0, fault
        return answer.splitlines()[-1]  # below what it logs


@contextmanager
def working(*words: str) -> Iterator[Function]:
    """A function that reaches the database as this process does, at its point."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.frozen", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        function = Function(process)
        try:
            function.await_point()
            yield function
        finally:
            process.kill()


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def stop_here() -> None:
    """Only the first time."""
    if not stop_here.__dict__.setdefault("passed", False):
        stop_here.__dict__["passed"] = True
        say(STOPPED)
        sys.stdin.readline()


def count(timeout: str) -> None:
    """Counts one more in a transaction, whose row it has locked; `timeout` is '' for a login's."""
    from functions.shared import db

    @db.retried
    def add() -> None:
        with db.transaction():
            if timeout:
                db.query(
                    "select set_config('idle_in_transaction_session_timeout', %s, true)", (timeout,)
                )
            db.query("update shared.rate_limits set count = count + 1 where key = 'frozen'")
            stop_here()
            db.query("select 1")

    add()
    say("counted\n")


def copy(key: str, events: str) -> None:
    """Sends events as a game server does, and stops within their COPY."""
    from functions.logs.ingest import event_writer
    from tests.support.client import Client

    write = event_writer._Copy.write

    def write_and_stop(self: event_writer._Copy, rows: list[event_writer.Row]) -> None:
        write(self, rows)
        stop_here()

    event_writer._Copy.write = write_and_stop  # type: ignore[method-assign]
    sent = Path(events).read_text(encoding="utf-8")
    answered = Client().post("/api/ingest/logs", sent, headers={"X-Server-Key": key})
    say(f"{answered.status} {answered.text}")


if __name__ == "__main__":
    {"count": count, "copy": copy}[sys.argv[1]](*sys.argv[2:])
