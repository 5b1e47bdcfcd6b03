"""A database that dies under the running stack comes back, and the log says so."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local import server_user, supervisor, timescale
from infra.local.supervisor import supervise
from infra.local.timescale import Server, TimescaleError
from tests.support.server import own_server


@pytest.fixture(scope="module")
def server_and_home() -> Iterator[tuple[Server, Path]]:
    with own_server(durable=False) as own:
        yield own


@pytest.fixture
def own(
    server_and_home: tuple[Server, Path], monkeypatch: pytest.MonkeyPatch
) -> tuple[Server, Path]:
    monkeypatch.setattr(supervisor, "_PAUSE", 0.1)
    monkeypatch.delenv("DATABASE_URL")
    return server_and_home


def kill(home: Path) -> None:
    pid = (server_user.make_reachable(home) / "data/postmaster.pid").read_text().split("\n")[0]
    os.kill(int(pid), signal.SIGKILL)


def until(said: list[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(said) < count:
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


def answers(server: Server) -> bool:
    try:
        psycopg.connect(server.app_url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def test_one_that_dies_is_started_again_with_a_line(own: tuple[Server, Path]) -> None:
    """Regression: it stayed down until somebody noticed, and nothing said so."""
    server, home = own
    said: list[str] = []
    with supervise(server, said.append, home):
        for round_ in (1, 2):
            kill(home)
            until(said, 2 * round_)
            assert said[-2].startswith("The database ended by itself: starting it again.")
            assert said[-1].startswith("The database is up again (")
            assert answers(server)


def test_one_that_was_stopped_on_purpose_stays_down(own: tuple[Server, Path]) -> None:
    server, home = own
    said: list[str] = []
    with supervise(server, said.append, home):
        timescale.stop(home)
        time.sleep(0.5)
        assert not answers(server)
        timescale.start(home)
        kill(home)
        until(said, 2)
    assert answers(server)


def test_one_that_cannot_be_started_is_tried_again(
    own: tuple[Server, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, home = own
    said: list[str] = []
    start = timescale.start

    def fail(where: Path) -> Server:
        monkeypatch.setattr(timescale, "start", start)
        raise TimescaleError("The disk is full.")

    monkeypatch.setattr(timescale, "start", fail)
    with supervise(server, said.append, home):
        kill(home)
        until(said, 4)
    assert said[1] == "The database does not start: The disk is full."
    assert said[3].startswith("The database is up again (")
