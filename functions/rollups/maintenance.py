"""Maintenance: each domain looks after its own tables, one domain after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from functions.domains import load_maintenance
from functions.shared import db


@dataclass
class Report:
    """What was done, by domain."""

    done: dict[str, dict[str, int]] = field(default_factory=dict)


def run(connection: db.Connection, seconds: float = 240.0) -> Report:
    """Compresses, indexes and erases what is due every night."""
    deadline = time.monotonic() + seconds
    return Report(
        {name: domain.maintain(connection, deadline) for name, domain in load_maintenance().items()}
    )


def catch_up(connection: db.Connection, seconds: float = 240.0) -> Report:
    """Does what cannot wait for the night, after each refresh."""
    deadline = time.monotonic() + seconds
    return Report(
        {name: domain.catch_up(connection, deadline) for name, domain in load_maintenance().items()}
    )
