"""Fixtures: a gateway that records, and work for other invocations, done at once or only noted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.live import fanout, handlers, later, management
from tests.support.live import gateway
from tests.support.live.gateway import Gateway


@pytest.fixture
def cloud(setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """The gateway whose sockets the functions post to; they wait for it as long as a slow machine
    may take.
    """
    monkeypatch.setattr(management, "_SECONDS", 20.0)
    monkeypatch.setattr(fanout, "_ROUND", 20.0)
    monkeypatch.setattr(fanout, "_LEASE", "25 seconds")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    with gateway.running() as (recorder, address):
        setting(LIVE_ENDPOINT=address)
        yield recorder


@pytest.fixture
def impatient(cloud: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions give a post up as early as they really do."""
    monkeypatch.setattr(management, "_SECONDS", 1.0)
    monkeypatch.setattr(fanout, "_ROUND", 1.4)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The work that was left for other invocations, which nobody does."""
    found: list[dict[str, Any]] = []

    def invoke(work: str, **fields: Any) -> bool:
        found.append({"work": work, **fields})
        return True

    def delay(seconds: int, work: str, **fields: Any) -> None:
        found.append({"work": work, "in": seconds, **fields})

    monkeypatch.setattr(later, "invoke", invoke)
    monkeypatch.setattr(later, "delay", delay)
    return found


@pytest.fixture
def invoked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[threading.Thread]]:
    """Work for other invocations, done by threads; what is to wait, ten times as soon."""
    threads: list[threading.Thread] = []

    def start(event: dict[str, Any], seconds: float) -> bool:
        thread = threading.Timer(seconds, handlers.sockets, (event, None))
        thread.start()
        threads.append(thread)
        return True

    monkeypatch.setattr(later, "invoke", lambda work, **f: start({"work": work, **f}, 0))
    monkeypatch.setattr(
        later, "delay", lambda seconds, work, **f: start({"work": work, **f}, seconds / 10)
    )
    yield threads
    for thread in threads:
        thread.join()
