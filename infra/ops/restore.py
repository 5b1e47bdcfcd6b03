"""A database made of a backup again: `python -m infra.ops.restore FOLDER [--database NAME]`.

Works on the database of DATABASE_URL, which must be empty, or makes another one on its server,
which must have the backup's very version of TimescaleDB. Then it is migrated to this checkout.
Logins are made apart.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from infra.ops.backup import MANIFEST, BackupError, Connection, Manifest, connect, run_program
from schema.engine import logins
from schema.engine.ledger import MigrationError
from schema.engine.migrate import HERE, Report, migrate


def main() -> None:
    """Fills an empty database; one that was cut off is dropped, made again and filled again."""
    parser = argparse.ArgumentParser(prog="make restore", description=__doc__)
    parser.add_argument("folder", type=Path, help="what `make backup` wrote")
    parser.add_argument("--database", metavar="NAME", help="of a new one on the same server")
    given = parser.parse_args()
    folder, url = given.folder, os.environ.get("DATABASE_URL", "")
    try:
        if given.database:
            url = make_database(url, given.database)
        report, rooms = restore(url, folder)
    except (BackupError, MigrationError) as error:
        sys.exit(str(error))
    done = ", ".join(report.applied + report.rollups) or "nothing"
    print(f"{folder} is restored; migrated: {done}; {rooms} rooms have another epoch.")


def make_database(url: str, name: str) -> str:
    """The URL of a new database on the same server; raises BackupError."""
    with connect(url) as connection:
        try:
            connection.execute(
                sql.SQL("create database {} template template0").format(sql.Identifier(name))
            )
        except psycopg.Error as error:
            raise BackupError(f"No database was made: {error.diag.message_primary}.") from error
    return make_conninfo(url, dbname=name)


def restore(url: str, folder: Path) -> tuple[Report, int]:
    """Restores and migrates; the migration's report, and how many rooms have another epoch."""
    manifest = _read_manifest(folder)
    with connect(url) as connection:
        _prepare(connection, manifest)
    words = ["--format=directory", "--exit-on-error"]
    run_program("pg_restore", manifest.postgres, url, [*words, str(folder)])
    # On new connections: the extension restores only in those that begin while it does.
    with connect(url) as connection:
        connection.execute("select timescaledb_post_restore()")
    with connect(url) as connection:
        connection.execute("analyze")
    report = migrate(url)
    with connect(url) as connection:
        connection.execute("set role tiltyard_app")
        # Clients have seen events that the backup does not hold: see infra/ops/restored.py.
        [row] = connection.execute("select live.renew_epochs()").fetchall()
    return report, row[0]


def _read_manifest(folder: Path) -> Manifest:
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{folder} is no backup: `make backup` writes one.") from error
    newest = max(path.name for path in (HERE / "migrations").glob("*.sql"))
    if manifest.migration > newest:
        raise BackupError(f"The backup has {manifest.migration}, which this checkout lacks.")
    return manifest


def _prepare(connection: Connection, manifest: Manifest) -> None:
    """The extension of the backup's version, the roles that own what is in it, and its mode."""
    found = connection.execute(
        """
        select to_regnamespace('shared') is null,
          exists (
            select
            from pg_available_extension_versions
            where name = 'timescaledb'
              and version = %s
          )
        """,
        (manifest.timescale,),
    ).fetchone()
    is_empty, has_version = found or (False, False)
    if not is_empty:
        raise BackupError("This database is not empty: restore into a new one.")
    if not has_version:
        raise BackupError(
            f"This server has no TimescaleDB {manifest.timescale}, which the backup is of."
        )
    logins.create_roles(connection)
    connection.execute(
        sql.SQL("create extension if not exists timescaledb schema public version {}").format(
            manifest.timescale
        )
    )
    [(version, license_)] = connection.execute(
        """
        select extversion, current_setting('timescaledb.license')
        from pg_extension
        where extname = 'timescaledb'
        """
    ).fetchall()
    if version != manifest.timescale:
        raise BackupError(
            f"This database has TimescaleDB {version}: make one without, in template0."
        )
    if manifest.edition == "community" and license_ != "timescale":
        raise BackupError("The backup is of the Community edition, and this server's is Apache.")
    try:
        connection.execute("select timescaledb_pre_restore()")
    except psycopg.errors.InsufficientPrivilege as error:
        reason = error.diag.message_primary
        raise BackupError(f"This login may not restore: {reason}.") from error


if __name__ == "__main__":
    main()
