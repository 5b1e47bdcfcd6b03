"""What a database has of this checkout: `python -m schema.engine.migrate --status`. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from schema.engine.ledger import MigrationError, find_pending
from schema.engine.rollup import RollupError, read_rollups

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Status:
    """Names of files and rollups, in the order in which they are applied and built."""

    applied: list[str]
    pending: list[str]
    rollups: dict[str, str]  # name and version → ready, filling or pending

    @property
    def is_up_to_date(self) -> bool:
        """Whether a migration would have nothing to apply or build."""
        return not self.pending and "pending" not in self.rollups.values()

    def __str__(self) -> str:
        lines = [f"applied  {name}" for name in self.applied]
        lines += [f"pending  {name}" for name in self.pending]
        lines += [f"{state:<8} {name}" for name, state in self.rollups.items()]
        return "\n".join(lines)


def read_status(connection: Connection, here: Path) -> Status:
    """The status of a database; raises MigrationError where a migration would refuse its files."""
    try:
        _use_app_role(connection)
        applied = _read_pairs(
            connection, "shared.migrations", "select name, checksum from shared.migrations"
        )
        built = _read_pairs(
            connection,
            "rollups.catalog",
            """
            select name || ' version ' || version,
              case when is_current then 'ready' else 'filling' end
            from rollups.catalog
            """,
        )
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError("This login may not read what was migrated.") from error
    pending = find_pending(here, applied)
    try:
        rollups = read_rollups(here / "rollups")
    except RollupError as error:
        raise MigrationError(str(error)) from error
    names = [f"{rollup.name} version {rollup.version}" for rollup in rollups]
    return Status(
        sorted(applied),
        [path.name for path in pending],
        {name: built.get(name, "pending") for name in names},
    )


def _use_app_role(connection: Connection) -> None:
    """Reads as the owner of the tables, where a migration made one."""
    role = connection.execute("select from pg_roles where rolname = 'tiltyard_app'").fetchone()
    if role is not None:
        connection.execute("set role tiltyard_app")


def _read_pairs(connection: Connection, table: str, statement: Any) -> dict[str, str]:
    """Rows of a table as a dict; empty while the table is not there."""
    if connection.execute("select to_regclass(%s)", (table,)).fetchone() == (None,):
        return {}
    return dict(connection.execute(statement).fetchall())
