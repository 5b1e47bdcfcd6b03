"""A backup of a database in a folder: `python -m infra.ops.backup FOLDER`.

Works on the database of DATABASE_URL, which is at work meanwhile: what it writes is of one moment.
Roles belong to the server and are not in it. `make restore` makes a database of it again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.local import postgres
from infra.local.debian import DebianError
from infra.local.postgres import PostgresError

MANIFEST = "tiltyard.json"
Connection = psycopg.Connection[tuple[Any, ...]]


class BackupError(Exception):
    """Why nothing can be backed up or restored, in a sentence."""


@dataclass(frozen=True)
class Manifest:
    """What a server needs to take the backup, and the newest migration that it has."""

    postgres: int
    timescale: str
    edition: str  # 'community' or 'apache'
    migration: str


def main() -> None:
    """Writes a folder, which is there once it is whole; anybody who reads it reads everything."""
    parser = argparse.ArgumentParser(prog="make backup", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new one")
    folder = parser.parse_args().folder
    try:
        manifest = write_backup(os.environ.get("DATABASE_URL", ""), folder)
    except BackupError as error:
        sys.exit(str(error))
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    print(f"{folder}: {size:.1f} MB, of TimescaleDB {manifest.timescale} ({manifest.edition})")


def write_backup(url: str, folder: Path) -> Manifest:
    """Dumps a database into a new folder, in one step: what was cut off leaves no such folder."""
    if folder.exists():
        raise BackupError(f"{folder} is there already: name a new one.")
    with connect(url) as connection:
        manifest = _inspect(connection)
    half = folder.with_name(f"{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.parent.mkdir(parents=True, exist_ok=True)
    half.mkdir(mode=0o700)
    dump = half / "dump"
    words = ["--format=directory", "--compress=zstd:3", f"--file={dump}"]
    run_program("pg_dump", manifest.postgres, url, words)
    for file in dump.iterdir():
        file.rename(half / file.name)
    dump.rmdir()
    (half / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    half.rename(folder)
    return manifest


def connect(url: str) -> Connection:
    """A connection to the database; BackupError where there is none."""
    if not url:
        raise BackupError("DATABASE_URL is missing: which database is meant?")
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise BackupError("The database cannot be reached; is DATABASE_URL right?") from error


def _inspect(connection: Connection) -> Manifest:
    try:
        found = connection.execute(
            """
            select e.extversion, current_setting('timescaledb.license', true),
              to_regclass('shared.migrations') is not null
            from pg_extension e
            where e.extname = 'timescaledb'
            """
        ).fetchone()
        if found is None or not found[2]:
            raise BackupError("This database holds no Tiltyard: it was never migrated.")
        [newest] = connection.execute("select max(name) from shared.migrations").fetchall()
    except psycopg.errors.InsufficientPrivilege:
        raise BackupError("This login may not read everything: take the migrating one.") from None
    edition = "community" if found[1] == "timescale" else "apache"
    return Manifest(connection.info.server_version // 10_000, found[0], edition, newest[0])


def run_program(name: str, server: int, url: str, words: list[str]) -> None:
    """Runs pg_dump or pg_restore on a database; BackupError with the last thing that it wrote."""
    place = conninfo_to_dict(url)
    password = str(place.pop("password", ""))  # everybody sees a command's words
    environ = {**os.environ, "LC_ALL": "C"} | ({"PGPASSWORD": password} if password else {})
    command = [str(_find_program(name, server)), "--no-password", *words]
    command.append(f"--dbname={make_conninfo('', **place)}")
    done = subprocess.run(
        command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error:" in line] or ["no reason"]
        raise BackupError(f"{name} failed: {lines[0]}")


def _find_program(name: str, server: int) -> Path:
    """This machine's, of the server's version or the next above it; else Debian's."""
    folders = {*Path("/").glob("usr/lib/postgresql/*/bin"), *Path("/").glob("usr/pgsql-*/bin")}
    first = shutil.which(name)
    found = {folder / name for folder in folders if (folder / name).exists()}
    found |= {Path(first)} if first else set()
    suitable = {version: one for one in found if (version := _version(one)) >= server}
    if suitable:
        return suitable[min(suitable)]
    try:
        private = postgres.fetch_private().bin / name
    except (DebianError, PostgresError) as error:
        raise BackupError(f"There is no {name} {server}: {error}") from error
    if _version(private) < server:
        raise BackupError(f"There is no {name} {server} or newer: install PostgreSQL's client.")
    return private


def _version(program: Path) -> int:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    number = re.search(r"(\d+)", done.stdout)
    return int(number[1]) if number and done.returncode == 0 else 0


if __name__ == "__main__":
    main()
