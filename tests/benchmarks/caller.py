"""The outer half of a measured process: each side has its own, on bench's interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.benchmarks.requests import ENVIRON

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".local/bench/bin/python"
# What its function carries beside: its cold start pays for it.
_TRACKER_PYTHON = ROOT / ".local/bench-tracker/bin/python"


class Callee:
    """A warm process that answers events."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def answer(self, events: list[dict[str, Any]]) -> list[float]:
        """The seconds that each event took."""
        self.hand(events)
        return self.begin()

    def hand(self, events: list[dict[str, Any]]) -> None:
        """Hands it the events to answer next; back when it is ready to begin."""
        assert self._tell(json.dumps(events)) == "ready\n", f"{self._process.args} died"

    def begin(self) -> list[float]:
        """Lets it answer what it was handed; the seconds that each event took."""
        seconds: list[float] = json.loads(self._tell("") or "null")
        assert seconds, f"{self._process.args} died"
        return seconds

    def _tell(self, line: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextmanager
def callee(
    module: str,
    database_url: str,
    domains: str = "tilt",
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Callee]:
    """A process of a module that calls callee.serve, with these doors; it ends with the block."""
    process = subprocess.Popen(
        [_find_python(domains), "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=make_environ(database_url, domains) | environ,
        text=True,
    )
    with process:
        try:
            yield Callee(process)
        finally:
            assert process.stdin
            process.stdin.close()


def cold(program: str, given: Any, database_url: str, domains: str = "tilt") -> float:
    """Seconds from starting an interpreter until the program says, on stderr, that it answered.

    It finds `given` as JSON in its first argument, and has these doors.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        [_find_python(domains), "-c", program, json.dumps(given)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=make_environ(database_url, domains),
        text=True,
    ) as process:
        assert process.stderr
        said = process.stderr.readline()
        seconds = time.perf_counter() - began
        rest = process.stderr.read()
    assert said == "answered\n", said + rest
    return seconds


def _find_python(domains: str) -> Path:
    return _TRACKER_PYTHON if domains == "tracker" else PYTHON


def make_environ(database_url: str, domains: str) -> dict[str, str]:
    """What a measured process is told."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return kept | ENVIRON | {"DATABASE_URL": database_url, "DOMAINS": domains}
