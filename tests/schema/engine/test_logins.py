"""Logins: every one carries its time-outs, whatever connects it and whenever it was made."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.local.timescale import Server
from schema.engine import logins
from schema.engine.migrate import Report

Make = Callable[..., str]


@pytest.fixture
def login(migrated: tuple[Report, str, str], server: Server) -> Iterator[Make]:
    """Makes a login that is a member of a role; returns its URL."""
    made: list[str] = []
    with psycopg.connect(migrated[1], autocommit=True) as admin:

        def make(*roles: str) -> str:
            made.append(f"test_{secrets.token_hex(4)}")
            admin.execute(
                sql.SQL("create role {} login password 'secret' in role {}").format(
                    sql.Identifier(made[-1]), sql.SQL(", ").join(map(sql.Identifier, roles))
                )
            )
            place = {**conninfo_to_dict(migrated[1]), "user": made[-1], "password": "secret"}
            return make_conninfo(**place)

        yield make
        for name in reversed(made):
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def limit(migrated: tuple[Report, str, str]) -> list[str]:
    with psycopg.connect(migrated[1], autocommit=True) as connection:
        return logins.limit_logins(connection)


def shown(url: str) -> tuple[str, str]:
    with psycopg.connect(url) as connection:
        statement = connection.execute("show statement_timeout").fetchone()
        idle = connection.execute("show idle_in_transaction_session_timeout").fetchone()
    assert statement
    assert idle
    return statement[0], idle[0]


def test_an_analyst_carries_its_time_outs(migrated: tuple[Report, str, str], login: Make) -> None:
    """Regression: they were set on the role that analysts are members of, which reaches nobody."""
    direct = login("tiltyard_analyst")
    group = login("tiltyard_analyst")
    nested = login(str(conninfo_to_dict(group)["user"]))
    assert limit(migrated) == []
    for url in (direct, group, nested):
        assert shown(url) == ("1min", "1min")


def test_an_analyst_who_took_them_off_gets_them_again(
    migrated: tuple[Report, str, str], login: Make
) -> None:
    url = login("tiltyard_analyst")
    limit(migrated)
    with psycopg.connect(url, autocommit=True) as analyst:
        analyst.execute("alter role current_user set statement_timeout = 0")
    assert shown(url)[0] == "0"
    limit(migrated)
    assert shown(url)[0] == "1min"


def test_a_login_of_the_functions_never_holds_locks_while_it_is_frozen(
    migrated: tuple[Report, str, str], login: Make
) -> None:
    """Regression: only the connection had time-outs, of which a pooler passes none on, and none
    for a transaction that does nothing."""
    url = login("tiltyard_app")
    limit(migrated)
    assert shown(url) == ("10min", "30s")


def test_what_an_operator_set_for_the_functions_stays(
    migrated: tuple[Report, str, str], login: Make
) -> None:
    url = login("tiltyard_app")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter role current_user set idle_in_transaction_session_timeout = '5s'")
    limit(migrated)
    assert shown(url)[1] == "5s"


@pytest.mark.parametrize("role", ["tiltyard_app", "tiltyard_analyst"])
def test_who_has_vanished_is_noticed(
    migrated: tuple[Report, str, str], login: Make, role: str
) -> None:
    url = login(role)
    limit(migrated)
    with psycopg.connect(url) as connection:
        for name, value in (
            ("client_connection_check_interval", "10s"),
            ("tcp_user_timeout", "30000"),
        ):
            shown = connection.execute(sql.SQL("show {}").format(sql.Identifier(name))).fetchone()
            assert shown == (value,)


def test_a_login_that_may_be_both_is_one_of_the_functions(
    migrated: tuple[Report, str, str], login: Make
) -> None:
    url = login("tiltyard_app", "tiltyard_analyst")
    limit(migrated)
    assert shown(url) == ("10min", "30s")


def test_who_may_not_change_a_login_says_which(
    migrated: tuple[Report, str, str], login: Make
) -> None:
    analyst = login("tiltyard_analyst")
    with psycopg.connect(login("tiltyard_app"), autocommit=True) as weak:
        assert conninfo_to_dict(analyst)["user"] in logins.limit_logins(weak)
