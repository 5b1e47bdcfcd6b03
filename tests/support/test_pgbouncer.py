"""The pooler of the contract tests is as strict as a transaction pooler may be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from functions.shared import db
from infra.local import timescale
from infra.local.postgres import PostgresError
from tests.support import pgbouncer


@pytest.fixture
def url(pooled: Callable[[str], str], server: timescale.Server) -> str:
    """Any database of the server, past the pooler."""
    return pooled(make_conninfo(server.app_url, dbname="postgres"))


def test_nothing_can_be_prepared(url: str) -> None:
    with (
        psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection,
        pytest.raises(psycopg.Error, match="prepared statement"),
    ):
        _use_many_sessions(connection, url)


def _use_many_sessions(connection: psycopg.Connection[Any], url: str) -> None:
    for _ in range(50):
        with psycopg.connect(url, autocommit=True) as other, other.transaction():
            other.execute("select 1")
            connection.execute("select pg_backend_pid()")


def test_a_session_lasts_for_a_transaction_only(url: str) -> None:
    with (
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as one,
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as two,
    ):
        with two.transaction():
            two.execute("select 1")
            [first] = one.execute("select pg_backend_pid()").fetchall()
        pids = {one.execute("select pg_backend_pid()").fetchone() for _ in range(6)}
    assert len(pids | {first}) > 1


def test_it_takes_no_options(url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(url, options="-c lock_timeout=1s")


def test_the_functions_connection_passes_it(
    url: str, setting: Callable[..., None], store: str
) -> None:
    setting(DATABASE_URL=url, DATABASE_POOLER="true")
    with db.open_connection() as connection:
        assert connection.execute("show timezone").fetchone() == {"TimeZone": "UTC"}
        assert connection.prepare_threshold is None


def test_one_that_does_not_start_says_why(
    tmp_path: Path, server: timescale.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgbouncer, "_program", lambda: Path("/bin/false"))
    with (
        pytest.raises(PostgresError, match="PgBouncer did not start"),
        pgbouncer.running(tmp_path, server.app_url),
    ):
        pass
