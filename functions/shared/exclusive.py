"""Exclusive work: of several processes one does it, and the others see that and go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from functions.shared import db


@contextmanager
def exclusive(lock: int) -> Iterator[bool]:
    """True for whoever has this lock (of `locks`) while the block runs, False for anybody else.

    It is a transaction's lock on a connection of its own, so that it also holds behind a pooler,
    which gives each transaction another session; the transaction writes nothing, so nobody waits.
    """
    with db.open_connection() as connection, connection.transaction():
        # It is idle for as long as the work takes.
        connection.execute("set local idle_in_transaction_session_timeout = 0")
        yield db.fetch_value("select pg_try_advisory_xact_lock(%s)", (lock,), on=connection)
