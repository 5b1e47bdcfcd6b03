"""The database to measure on: fresh, migrated, with fsync on, and gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from functions.shared import db
from functions.shared.secrets import clear_cache as forget_secrets
from infra.local import timescale
from schema.engine.migrate import migrate
from tests.benchmarks.requests import ENVIRON
from tests.support.rollups import connect


@dataclass(frozen=True)
class Store:
    """A database: the URLs of its admin and of the functions, and what it runs on."""

    admin_url: str
    app_url: str
    edition: str

    def connect(self) -> db.Connection:
        """An autocommit connection of the admin."""
        return connect(self.admin_url)


@contextmanager
def server() -> Iterator[timescale.Server]:
    """The server of DATABASE_URL, or a private durable one in a folder of its own."""
    home = Path(tempfile.mkdtemp(prefix="tiltyard-bench-"))
    home.chmod(0o755)  # as root the server runs as somebody else
    try:
        given = timescale.start(home, durable=True)
        with psycopg.connect(given.admin_url) as admin:
            assert admin.execute("show fsync").fetchone() == ("on",), "fsync must be on"
            assert admin.execute("show synchronous_commit").fetchone() != ("off",)
        yield given
    finally:
        if (home / "cluster.json").exists():
            timescale.reset(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def store(server: timescale.Server) -> Iterator[Store]:
    """A migrated database of its own on a server."""
    name = f"tiltyard_bench_{secrets.token_hex(4)}"
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            report = migrate(_named(server.admin_url, name))
            what = f"PostgreSQL {report.postgres}, TimescaleDB {report.timescale} {report.edition}"
            yield Store(_named(server.admin_url, name), _named(server.app_url, name), what)
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def environ(store: Store) -> Iterator[None]:
    """What runs in this process, a refresh say, asks the environment for its database."""
    with patch.dict(os.environ, ENVIRON | {"DATABASE_URL": store.app_url}):
        forget_secrets()
        yield
    forget_secrets()


def _named(url: str, name: str) -> str:
    return make_conninfo(**{**conninfo_to_dict(url), "dbname": name})
