"""Analysts' logins: `python -m infra.ops.analysts add NAME|list|remove NAME`.

Works on every store (DATABASE_URL, DATABASE_URL_TTT, …), whose login may create roles, as a
migration's may; a new login has a URL for each server.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from schema.engine import logins
from schema.engine.migrate import list_urls

Connection = psycopg.Connection[tuple[Any, ...]]
_CONNECTIONS = 5  # of one analyst at once


def main() -> None:
    """Adds, lists or removes logins that read rollups; prints a new one's URL, once."""
    parser = argparse.ArgumentParser(prog="make analyst", description="Logins of analysts")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("add", help="make a login and print its URL").add_argument("name", type=_name)
    verbs.add_parser("list", help="show the logins")
    verbs.add_parser("remove", help="end a login and its sessions").add_argument("name", type=_name)
    arguments = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        sys.exit("No database: set DATABASE_URL to a login that may create roles.")
    # A login is one of a server, whichever of its databases it is made in.
    urls = {_name_server(url): url for url in reversed(list_urls().values())}
    try:
        for server, url in reversed(urls.items()):
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
                if len(urls) > 1:
                    print(f"{server}:")
                _do(connection, arguments, url)
    except psycopg.errors.InsufficientPrivilege as error:
        sys.exit(f"This login may not do that: {error.diag.message_primary}.")
    except psycopg.OperationalError:
        sys.exit("The database cannot be reached; is DATABASE_URL right?")


def _name_server(url: str) -> str:
    place = conninfo_to_dict(url)
    return f"{place.get('host', '127.0.0.1')}:{place.get('port', 5432)}"


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", text) or text.startswith("pg_"):
        raise argparse.ArgumentTypeError("a name has small letters, digits and _, 40 at most")
    return text


def _do(connection: Connection, arguments: argparse.Namespace, url: str) -> None:
    if arguments.verb == "add":
        print(add_login(connection, arguments.name, url))
    elif arguments.verb == "remove":
        remove_login(connection, arguments.name)
        print(f"{arguments.name} is removed.")
    else:
        for name in _known(connection):
            print(name)


def add_login(connection: Connection, name: str, url: str) -> str:
    """The URL of a new login. Its password is sent hashed, so that no server log can hold it."""
    password = secrets.token_urlsafe(24)
    hashed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    try:
        connection.execute(
            sql.SQL(
                "create role {} login password {} connection limit {} in role tiltyard_analyst"
            ).format(sql.Identifier(name), hashed.decode(), _CONNECTIONS)
        )
    except psycopg.errors.DuplicateObject:
        sys.exit(f"There is a role {name} already.")
    except psycopg.errors.UndefinedObject:
        sys.exit("There is no role tiltyard_analyst: migrate first.")
    if name in logins.limit_logins(connection):
        sys.exit(f"{name} is made, but this login may not set its time-outs: see schema/README.md.")
    place = conninfo_to_dict(url)
    host = place.get("host", "127.0.0.1")
    return f"postgresql://{name}:{password}@{host}:{place.get('port', 5432)}/{place.get('dbname')}"


def remove_login(connection: Connection, name: str) -> None:
    if name not in _known(connection):
        sys.exit(f"There is no analyst {name}.")
    connection.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(name)))
    connection.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s", (name,)
    )
    # What it made keeps a role from being dropped: jobs, large objects.
    with connection.transaction():
        connection.execute("set local role tiltyard_app")
        connection.execute(
            "select delete_job(job_id) from timescaledb_information.jobs where owner::text = %s",
            (name,),
        )
        connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(name)))
    connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def _known(connection: Connection) -> list[str]:
    rows = connection.execute(
        """
        select r.rolname
        from pg_roles r
        where r.rolcanlogin
          and not r.rolsuper
          and pg_has_role(r.oid, 'tiltyard_analyst', 'usage')
          and not pg_has_role(r.oid, 'tiltyard_app', 'usage')
        order by r.rolname
        """
    ).fetchall()
    return [name for (name,) in rows]


if __name__ == "__main__":
    main()
