"""Roles and logins: who owns what, and the time-outs of the functions' and the analysts' own.

A role's settings are those of the login that a session began with: what is set on a role that only
has members reaches nobody. They hold behind a pooler too, which passes none of a client's on.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from schema.engine.ledger import MigrationError

Connection = psycopg.Connection[tuple[Any, ...]]

# Whose client has gone need not go on (it is looked for every 10 s), nor who waits for an answer to
# be received. No keepalives: between two requests an environment is frozen and answers none, and
# its connection is to be there when it wakes.
_VANISHED = {"client_connection_check_interval": "10s", "tcp_user_timeout": "30s"}
# Requests ask for less, but a pooler passes that on to nobody. Whoever is idle within a transaction
# for longer than any request takes is frozen, and holds locks that others wait for.
APP = {
    "statement_timeout": "10min",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    **_VANISHED,
}
ANALYST = {
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    **_VANISHED,
}
_TRIES = 5


def create_roles(connection: Connection) -> None:
    """The role that owns everything, as which this login may act, and the one that reads rollups.

    Raises MigrationError.
    """
    for role in ("tiltyard_app", "tiltyard_analyst"):
        _create_role(connection, role)
    member = connection.execute("select pg_has_role('tiltyard_app', 'SET')").fetchone()
    if member == (False,):
        connection.execute("grant tiltyard_app to current_user")


def _create_role(connection: Connection, role: str) -> None:
    """Roles belong to the whole server: another database may have made it, or make it just now."""
    found = connection.execute("select from pg_roles where rolname = %s", (role,)).fetchone()
    if found is not None:
        return
    try:
        connection.execute(sql.SQL("create role {} nologin").format(_name(role)))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        pass
    except psycopg.errors.InsufficientPrivilege:
        raise MigrationError(f"This login may not create the role {role}.") from None


def limit_logins(connection: Connection) -> list[str]:
    """Gives every login its time-outs, and lets the functions end analysts' statements.

    What an operator set for a login of the functions stays; an analyst's own settings do not. Needs
    autocommit. Returns the names of logins that this login may not change.
    """
    left = []
    for name, is_app, has, is_ended in connection.execute(_LOGINS).fetchall():
        wanted = {k: v for k, v in APP.items() if k not in has} if is_app else ANALYST
        todo = [
            _SET.format(_name(name), sql.SQL(k), v) for k, v in wanted.items() if has.get(k) != v
        ]
        if not is_app and not is_ended:
            todo.append(_END.format(_name(name)))
        try:
            for statement in todo:
                _alter(connection, statement)
        except psycopg.errors.InsufficientPrivilege:
            left.append(name)
    return left


def _alter(connection: Connection, statement: sql.Composed) -> None:
    """Roles belong to the whole server: another database may be changing the same one just now."""
    for attempt in range(1, _TRIES + 1):
        try:
            connection.execute(statement)
            return
        except psycopg.errors.InternalError_:  # tuple concurrently updated
            if attempt == _TRIES:
                raise


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


_SET = sql.SQL("alter role {} set {} = {}")
# Who has a login's rights may see and end what it does. It has none that the functions lack.
_END = sql.SQL("grant {} to tiltyard_app with inherit true, set false")
# Superusers are left alone, and so is whoever only administers the roles.
_LOGINS = """
    select r.rolname, pg_has_role(r.oid, 'tiltyard_app', 'usage'),
      coalesce((
        select jsonb_object_agg(split_part(one, '=', 1), split_part(one, '=', 2))
        from unnest(r.rolconfig) as one
      ), '{}'),
      pg_has_role('tiltyard_app', r.oid, 'usage')
    from pg_roles r
    where r.rolcanlogin
      and not r.rolsuper
      and (
        pg_has_role(r.oid, 'tiltyard_app', 'usage')
        or pg_has_role(r.oid, 'tiltyard_analyst', 'usage')
      )
    order by r.rolname
"""
