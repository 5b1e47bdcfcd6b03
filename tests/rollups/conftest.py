"""Rollups under test: each view held against its own SELECT over all raw rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from functions.shared import db
from tests.support.rollups import connect


@pytest.fixture
def open_connection(store: str) -> Iterator[Callable[[], db.Connection]]:
    """Opens connections as the functions' login, and closes them in the end."""
    opened: list[db.Connection] = []

    def make() -> db.Connection:
        opened.append(connect(store))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def connection(open_connection: Callable[[], db.Connection]) -> db.Connection:
    return open_connection()
