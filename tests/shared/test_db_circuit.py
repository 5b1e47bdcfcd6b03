"""The circuit breaker: who waited for a silent database spares the next ones the wait."""

from __future__ import annotations

import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

from functions.shared import db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]) -> list[str]:
    """Every connection that was tried; the pause between tries is short."""
    tries: list[str] = []
    connect = db.Connection.connect

    def note(url: str, **options: object) -> object:
        tries.append(url)
        return connect(url, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(db.Connection, "connect", note)
    monkeypatch.setattr(db, "_PAUSE", 0.3)
    monkeypatch.setattr(db, "_links", defaultdict(db._Link))
    return tries


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def seconds() -> float:
    begun = time.monotonic()
    with pytest.raises(db.DatabaseUnavailable):
        db.query("select 1")
    return time.monotonic() - begun


def test_a_silent_database_costs_one_request_its_time_out(
    asked: list[str], silent: int, setting: Callable[..., None]
) -> None:
    setting(DATABASE_URL=f"postgresql://127.0.0.1:{silent}/none")
    assert 1 < seconds() < 4
    assert max(seconds() for _ in range(5)) < 0.05
    assert len(asked) == 1
    time.sleep(0.3)
    setting(DATABASE_URL="postgresql://127.0.0.1:1/none")
    seconds()
    assert len(asked) == 2


@pytest.mark.commits
def test_after_the_pause_a_database_that_is_back_is_found(
    store: str, asked: list[str], silent: int, setting: Callable[..., None]
) -> None:
    setting(DATABASE_URL=f"postgresql://127.0.0.1:{silent}/none")
    seconds()
    setting(DATABASE_URL=store)
    seconds()
    time.sleep(0.3)
    assert db.query("select 1 as one") == [{"one": 1}]
    db.connection().close()  # the fixture puts back what was here before


def test_a_database_that_refuses_is_asked_every_time(
    asked: list[str], setting: Callable[..., None]
) -> None:
    setting(DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert max(seconds() for _ in range(5)) < 0.2
    assert len(asked) == 5


@pytest.mark.commits
def test_a_database_that_hangs_is_away_before_the_request_is_over(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a stopped server took the gateway's 29 s, and what was sent was not queued."""
    monkeypatch.setattr(db, "_PAUSE", 0.3)
    db.connection().wait_timeout = 0.2
    begun = time.monotonic()
    with pytest.raises(db.DatabaseUnavailable):
        db.query("select pg_sleep(20)")
    assert time.monotonic() - begun < 3
    assert seconds() < 0.05
    time.sleep(0.4)
    assert db.query("select 1 as one") == [{"one": 1}]
