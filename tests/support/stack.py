"""The stack as its end-to-end tests reach it: its database, and HTTP."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local import timescale
from tests.support.client import Answered


@dataclass
class Database:
    """The stack's database: an own durable server, to be stopped and started, if none is given."""

    server: timescale.Server
    home: Path | None

    def stop(self) -> None:
        if self.home is None:
            pytest.skip("the server of DATABASE_URL is not ours to stop")
        timescale.stop(self.home)

    def start(self) -> None:
        assert self.home
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("DATABASE_URL")
            assert timescale.start(self.home) == self.server


@dataclass
class Wire:
    """Sends real HTTP requests to the stack."""

    url: str

    def __call__(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answered:
        text = body if isinstance(body, str | bytes) or not body else json.dumps(body)
        sent = text.encode() if isinstance(text, str) else text
        request = urllib.request.Request(
            self.url + path, data=sent or None, method=method, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answered(answer.status, _lowered(answer), answer.read().decode())
        except urllib.error.HTTPError as answer:
            with answer:
                return Answered(answer.code, _lowered(answer), answer.read().decode())


def _lowered(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


NOW = int(time.time() * 1000)


def event(user: str, **changed: Any) -> dict[str, Any]:
    return {"userId": user, "timestamp": NOW, "signals": ["x"], "tiltScore": 2, **changed}


def until(seconds: float, holds: Callable[[], bool]) -> float:
    """How long it took until it held; AssertionError after some seconds."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() < begun + seconds, "it never came about"
        time.sleep(0.2)
    return time.monotonic() - begun
