"""Brings a database to the schema of this checkout; `python -m schema.engine.migrate`, or a Lambda.

schema/migrations/NNNN_*.sql run once, in order, a transaction each; a file that begins with
`-- no-transaction` holds exactly one statement and runs outside one (`schema/engine/outside.py`).
schema/functions/*.sql are run again every time. The login may create schemas and, the first time,
the extension and roles. It may be ended at any moment and started again: it goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from functions.domains import SCHEMAS
from functions.shared import locks
from functions.shared.secret_store import read_values
from schema.engine import build, logins, outside
from schema.engine.ledger import MigrationError, SchemaIsNewerError, checksum, find_pending
from schema.engine.rollup import RollupError
from schema.engine.status import Status, read_status

HERE = Path(__file__).parents[1]
OLDEST_POSTGRES = 16
OLDEST_TIMESCALE = (2, 19)

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass
class Report:
    """What a migration found and did."""

    edition: str  # 'community' or 'apache'
    timescale: str
    postgres: int
    applied: list[str] = field(default_factory=list)
    rollups: list[str] = field(default_factory=list)
    unlimited: list[str] = field(default_factory=list)  # logins whose time-outs it may not set


def migrate(url: str, here: Path = HERE) -> Report:
    """Applies what the database lacks; raises MigrationError. Two at once wait for each other."""
    with _connect(url) as connection, _lost():
        # Its login may have the functions' time-outs, and another migration is waited for.
        connection.execute("set statement_timeout = 0; set lock_timeout = 0")
        connection.execute("set client_min_messages = warning; set TimeZone = 'UTC'")
        connection.execute("select pg_advisory_lock(%s)", (locks.MIGRATION,))
        report = _inspect(connection)
        _prepare(connection)
        _apply(connection, here, report)
        engine = here / "functions" / "rollups_engine.sql"
        _replace(connection, engine)
        _build_rollups(connection, here, report)
        for path in sorted((here / "functions").glob("*.sql")):
            if path != engine:
                _replace(connection, path)
        connection.execute("reset role")
        report.unlimited = logins.limit_logins(connection)
        return report


def get_status(url: str, here: Path = HERE) -> Status:
    """What the database has and lacks of this checkout; raises MigrationError. Reads only."""
    with _connect(url) as connection, _lost():
        return read_status(connection, here)


def _connect(url: str) -> Connection:
    if not url:
        raise MigrationError("DATABASE_URL is missing: which database is to be migrated?")
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise MigrationError("The database cannot be reached; is DATABASE_URL right?") from error


@contextmanager
def _lost() -> Iterator[None]:
    """Turns a broken connection into a message: what is done stays done."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        reason = error.diag.message_primary or "the connection is lost"
        raise MigrationError(
            f"The database ended the migration ({reason}): migrate again."
        ) from error


def _is_lost(error: psycopg.Error) -> bool:
    """Whether the connection broke, or its server is going: nothing in a file is wrong."""
    state = error.sqlstate or "08"
    return isinstance(error, psycopg.OperationalError) and state.startswith(("08", "57P"))


def _inspect(connection: Connection) -> Report:
    """The server's versions and edition; creates the extensions that are only installed."""
    postgres = connection.info.server_version // 10_000
    if postgres < OLDEST_POSTGRES:
        raise MigrationError(
            f"PostgreSQL {postgres} is too old: {OLDEST_POSTGRES} or newer is needed."
        )
    found = connection.execute(
        """
        select coalesce(installed_version, default_version), installed_version is null
        from pg_available_extensions
        where name = 'timescaledb'
        """
    ).fetchone()
    if found is None:
        raise MigrationError("This is plain PostgreSQL: it lacks the TimescaleDB extension.")
    version, is_missing = found
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_TIMESCALE:
        raise MigrationError(f"TimescaleDB {version} is too old: 2.19 or newer is needed.")
    if is_missing:
        _extend(connection, "timescaledb")
    _extend(connection, "pg_trgm")
    license_ = connection.execute("select current_setting('timescaledb.license')").fetchone()
    edition = "community" if license_ == ("timescale",) else "apache"
    return Report(edition, version, postgres)


def _extend(connection: Connection, extension: str) -> None:
    try:
        connection.execute(
            sql.SQL("create extension if not exists {} schema public").format(
                sql.Identifier(extension)
            )
        )
    except psycopg.Error as error:
        if _is_lost(error):
            raise
        reason = error.diag.message_primary or type(error).__name__
        raise MigrationError(f"The extension {extension} cannot be created: {reason}") from error


def _prepare(connection: Connection) -> None:
    """The roles, a schema a domain, and the ledger of applied files."""
    logins.create_roles(connection)
    for domain in SCHEMAS:
        connection.execute(
            sql.SQL("create schema if not exists {} authorization tiltyard_app").format(
                sql.Identifier(domain)
            )
        )
    connection.execute("set role tiltyard_app")
    connection.execute(
        """
        create table if not exists shared.migrations (
          name text primary key,
          checksum text not null,
          applied_at timestamptz not null default now()
        );
        comment on table shared.migrations is 'A migration that is applied.';
        comment on column shared.migrations.name is 'Its file in schema/migrations';
        comment on column shared.migrations.checksum is 'SHA-256 of it, as hexadecimal digits';
        comment on column shared.migrations.applied_at is 'When it was applied';
        """
    )
    connection.execute(
        """
        create table if not exists shared.migrations_started (
          name text primary key
        );
        comment on table shared.migrations_started is
          'A migration that runs outside a transaction, until it is applied.';
        comment on column shared.migrations_started.name is 'Its file in schema/migrations';
        """
    )


def _apply(connection: Connection, here: Path, report: Report) -> None:
    applied: dict[str, str] = dict(
        connection.execute("select name, checksum from shared.migrations").fetchall()
    )
    for path in find_pending(here, applied):
        _run_once(connection, path)
        report.applied.append(path.name)


def _replace(connection: Connection, path: Path) -> None:
    """Runs a file of functions, which come after what they read: the running code calls them."""
    with _named(path), connection.transaction():
        connection.execute("set local lock_timeout = '5s'")
        connection.execute("set local check_function_bodies = off")  # one may call a later file's
        connection.execute(_text(path))


def _build_rollups(connection: Connection, here: Path, report: Report) -> None:
    try:
        report.rollups = build.build_rollups(
            connection, here / "rollups", report.edition == "community"
        )
    except RollupError as error:
        raise MigrationError(str(error)) from error


def _run_once(connection: Connection, path: Path) -> None:
    """One file and its ledger row: together in a transaction, unless the file says otherwise."""
    text = _text(path)
    note = "insert into shared.migrations (name, checksum) values (%s, %s)"
    with _named(path):
        if text.startswith("-- no-transaction"):
            outside.run_statement(connection, path.name, text)
            with connection.transaction():
                connection.execute(note, (path.name, checksum(path)))
                outside.delete_note(connection, path.name)
            return
        with connection.transaction():
            connection.execute("set local lock_timeout = '5s'")
            connection.execute(text)
            connection.execute(note, (path.name, checksum(path)))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turns what the database says of a file into a message that names the file."""
    try:
        yield
    except outside.StatementError as error:
        raise MigrationError(f"{path.name}: {error}") from error
    except psycopg.Error as error:
        if _is_lost(error):
            raise
        reason = error.diag.message_primary or type(error).__name__
        raise MigrationError(f"{path.name} failed: {reason}") from error


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda: migrates every store and returns the main one's report as JSON, with those of
    the others as `stores`: the databases of MIGRATE_URL and so on, else those that its secret
    names as `migrate_url`, `migrate_url_ttt` and so on.

    Older code, which is put back after a fault, finds nothing to do: `newer` is why.
    """
    try:
        reports = {store: vars(migrate(url)) for store, url in _list_own_urls().items()}
    except SchemaIsNewerError as error:
        return {"applied": [], "rollups": [], "newer": str(error)}
    main_report = reports.pop("main")
    return main_report | ({"stores": reports} if reports else {})


def _list_own_urls() -> dict[str, str]:
    given = "MIGRATE_URL" in os.environ
    values = os.environ if given else read_values([os.environ["SECRET_ARN"]])
    return _choose_urls(values["MIGRATE_URL"], values)


def list_urls() -> dict[str, str]:
    """The URLs of all stores, each once, by the store's name: DATABASE_URL, DATABASE_URL_TTT, ….

    Where MIGRATE_URL_TTT and so on are given, they win: a migration cannot pass a pooler.
    """
    return _choose_urls(os.environ.get("DATABASE_URL", ""), os.environ)


def _choose_urls(main_url: str, values: Mapping[str, str]) -> dict[str, str]:
    urls = {"main": main_url}
    for domain in ("TTT", "TILT", "LOGS"):
        url = values.get(f"MIGRATE_URL_{domain}") or values.get(f"DATABASE_URL_{domain}")
        if url and url not in urls.values():
            urls[domain.lower()] = url
    return urls


def main(*words: str) -> int:
    """`python -m schema.engine.migrate`: migrates every store and prints what it did.

    With `--status` it only lists what is applied and pending; the exit code is 0 when all is up to
    date, 1 when something is pending, 2 when the database cannot be reached or migrated, and 3
    when its schema is newer than this code, which works on it.
    """
    parser = argparse.ArgumentParser(prog="python -m schema.engine.migrate")
    parser.add_argument("--status", action="store_true", help="only list; 1: something is pending")
    is_status = parser.parse_args(words).status
    urls, pending = list_urls(), False
    try:
        for store, url in urls.items():
            if len(urls) > 1:
                print(f"{store}:")
            if is_status:
                status = get_status(url)
                print(status)
                pending |= not status.is_up_to_date
            else:
                _print_report(migrate(url))
    except MigrationError as error:
        print(error, file=sys.stderr)
        if not is_status:
            return 1
        return 3 if isinstance(error, SchemaIsNewerError) else 2
    return int(pending)


def _print_report(report: Report) -> None:
    done = ", ".join(report.applied + report.rollups) or "nothing new"
    if report.unlimited:
        print(f"This login may not set the time-outs of: {', '.join(report.unlimited)}.")
    print(
        f"TimescaleDB {report.timescale} ({report.edition}), PostgreSQL {report.postgres}: {done}"
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
