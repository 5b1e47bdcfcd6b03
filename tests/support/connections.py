"""A connection for each thread, as each Lambda environment has its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from functions.shared import db


@contextmanager
def own_connections(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Statements of functions run on a connection of their thread, and are committed."""
    own, opened = threading.local(), list[psycopg.Connection[db.Row]]()

    def connection() -> psycopg.Connection[db.Row]:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
            own.connection.execute("set plan_cache_mode = force_generic_plan; set TimeZone = 'UTC'")
            opened.append(own.connection)
        return own.connection  # type: ignore[no-any-return]

    def query(statement: Any, values: Any = (), *, once: bool = False) -> list[db.Row]:
        cursor = connection().execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    with monkeypatch.context() as patch:
        patch.setattr(db, "query", query)
        patch.setattr(db, "transaction", lambda: connection().transaction())
        yield
    for connection in opened:
        connection.close()
