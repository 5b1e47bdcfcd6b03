"""The ledger: which migrations a database has, held against the files of this checkout."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


class MigrationError(Exception):
    """Why a database cannot be migrated, in a sentence that names the file or the server."""


class SchemaIsNewerError(MigrationError):
    """The database has all of this checkout's migrations, and later ones of newer code."""


def find_pending(folder: Path, applied: dict[str, str]) -> list[Path]:
    """The files of migrations/ that are not applied yet, in order.

    `applied`: the checksum of each applied file, by name. Raises MigrationError where the two do
    not fit together: a file was edited, is gone, or has a number before an applied one; and
    SchemaIsNewerError where there is nothing to do, since this code is older.
    """
    files = sorted((folder / "migrations").glob("*.sql"))
    names = [path.name for path in files]
    gone = sorted(set(applied) - set(names))
    if gone and names[0] not in applied:
        raise MigrationError(
            "This database was made by a development version, none of which was released: it must "
            "be reset (`make reset` deletes the local one; elsewhere drop the database and create "
            "it again, empty) and then migrated."
        )
    if gone and (gone[0] < names[-1] or not applied.keys() >= set(names)):
        raise MigrationError(f"{gone[0]} was applied to this database but is not in this checkout.")
    for path in files:
        _check(path, {name: given for name, given in applied.items() if name not in gone})
    if gone:
        raise SchemaIsNewerError(f"The schema is newer than this code, by {', '.join(gone)}.")
    return [path for path in files if path.name not in applied]


def _check(path: Path, applied: dict[str, str]) -> None:
    newest = max(applied, default="")
    if not _NAME.fullmatch(path.name):
        raise MigrationError(f"{path.name}: a migration is named NNNN_<domain>_<what>.sql.")
    if path.name not in applied and path.name < newest:
        raise MigrationError(
            f"{path.name} comes before {newest}, already applied: give it a later number."
        )
    if path.name in applied and applied[path.name] != checksum(path):
        raise MigrationError(f"{path.name} was edited after it was applied: write a new file.")


def checksum(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
