"""Maintenance: what scheduled jobs let a domain do for its own tables."""

from __future__ import annotations

from datetime import datetime

from functions.shared import db


class Maintenance:
    """The hooks of a domain; each does nothing unless the domain overrides it.

    Connections are in autocommit mode, and without a request's time-outs. After a deadline, in
    monotonic seconds, a hook begins nothing more: what is left is due again next time.
    """

    # Sources of rollups whose raw rows must all be kept, since more than rollups is made of them.
    permanent: frozenset[str] = frozenset()

    def prepare_refresh(self, connection: db.Connection) -> None:
        """Called before rollups are refreshed: brings the tables that they read up to date."""

    def catch_up(self, connection: db.Connection, deadline: float) -> dict[str, int]:
        """Called after each refresh; returns what was done, to be logged."""
        return {}

    def audit(self, connection: db.Connection, sample: int) -> dict[str, int]:
        """Called every night: compares what is derived and is no rollup with its source, a sample
        of what is large, and repairs it; returns how many rows were wrong, by table."""
        return {}

    def check(self, connection: db.Connection) -> dict[str, int]:
        """Called every night, whatever else is at work: compares what nobody may repair, and logs
        what differs; returns how many rows were wrong, by table."""
        return {}

    def has_pending(self, connection: db.Connection, before: datetime) -> bool:
        """Whether anything of before a moment is stored, but missing in a table that rollups read:
        then retention drops nothing."""
        return False

    def delete_expired(self, connection: db.Connection, before: datetime, deadline: float) -> int:
        """Called after retention dropped the chunks of before a moment: deletes rows of before it
        that are in other chunks, and returns how many."""
        return 0

    def maintain(self, connection: db.Connection, deadline: float) -> dict[str, int]:
        """Called every night: compresses, indexes and erases; returns what was done, to be
        logged."""
        return {}
