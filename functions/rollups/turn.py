"""The turn: one refresh, audit or retention at a time, on one whole server."""

from __future__ import annotations

from functions.shared import db

_LOCK = 7_417_202  # an advisory lock of the session: it ends with its connection


class Turn:
    """`with Turn(connection) as mine`: False for whoever comes while another has it."""

    def __init__(self, connection: db.Connection) -> None:
        self._connection = connection
        self._mine = False

    def __enter__(self) -> bool:
        row = self._connection.execute(
            "select pg_try_advisory_lock(%s) as mine", (_LOCK,)
        ).fetchone()
        self._mine = bool(row and row["mine"])
        return self._mine

    def __exit__(self, *_: object) -> None:
        if self._mine and not self._connection.closed:
            self._connection.execute("select pg_advisory_unlock(%s)", (_LOCK,))
