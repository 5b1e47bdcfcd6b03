"""The running stack's secrets, rotated under its requests without a deployment."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.stack import Database, Wire, event, until

# Each is of another function.
PATHS = ("/api/tilt/stats/rotated", "/api/ttt/players", "/v1/health", "/api/highscores")


@pytest.fixture
def change(stack: Any) -> Callable[[str], None]:
    """Writes another URL of the database into the secret that functions read."""
    vault = boto3.client("secretsmanager", **stack.cloud.access)

    def write(url: str) -> None:
        held = json.loads(vault.get_secret_value(SecretId="DatabaseSecret")["SecretString"])
        text = json.dumps(held | {"url": url})
        vault.put_secret_value(SecretId="DatabaseSecret", SecretString=text)

    return write


@contextmanager
def another_password(database: Database, change: Callable[[str], None]) -> Iterator[str]:
    """The functions' URL with the password of their login that counts within the block."""
    given, new = conninfo_to_dict(database.server.app_url), secrets.token_hex(16)
    renewed = make_conninfo(**{**given, "password": new})
    with psycopg.connect(database.server.admin_url, autocommit=True) as admin:

        def set_password(password: str, url: str) -> None:
            admin.execute(
                sql.SQL("alter role {} password {}").format(
                    sql.Identifier(str(given["user"])), sql.Literal(password)
                )
            )
            change(url)
            # What is open would go on for ever: whoever is served next connects.
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s",
                (given["user"],),
            )

        set_password(new, renewed)
        try:
            yield renewed
        finally:
            set_password(str(given["password"]), database.server.app_url)


def test_a_rotated_password_of_the_database_disturbs_nobody(
    http: Wire, database: Database, change: Callable[[str], None]
) -> None:
    def post() -> int:
        return http("POST", "/api/tilt/events", event("rotated")).status

    def is_served() -> bool:
        return {http("GET", path).status for path in PATHS} == {200}

    assert post() == 200
    assert is_served()
    with another_password(database, change) as url:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(database.server.app_url).close()
        psycopg.connect(url).close()
        assert [post() for _ in range(3)] == [200] * 3
        assert is_served()
    # The functions may ask once in five seconds: events are queued until they know.
    assert post() in (200, 202)
    until(30, is_served)
