"""Statements that cannot run in a transaction, such as `create index concurrently`.

Whoever ends one leaves something half done, and whoever ends the migration right after it leaves
something done that no ledger knows. So each is noted before it begins, and one that was noted is
done again from the start: an index is dropped first, whether it is valid or not; any other
statement must be one that may be repeated.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]

_COMMENTS = re.compile(r"--[^\n]*\n?")
_INDEX = re.compile(
    r"\s*create\s+(?:unique\s+)?index\s+(?P<concurrently>concurrently\s+)?"
    r"(?P<if_missing>if\s+not\s+exists\s+)?"
    r"(?P<name>[a-z_0-9]+)\s+on\s+(?:only\s+)?(?P<schema>[a-z_0-9]+)\.[a-z_0-9]+\s",
    re.IGNORECASE,
)
_REPEATABLE = re.compile(
    r"\s*(?:drop\s+index\s+concurrently\s+if\s+exists|reindex|vacuum|analyze|call"
    r"|alter\s+type\s+\S+\s+add\s+value\s+if\s+not\s+exists)\s",
    re.IGNORECASE,
)


class StatementError(Exception):
    """Why a statement outside a transaction cannot be used, as a message."""


def run_statement(connection: Connection, name: str, text: str) -> None:
    """Executes the one statement of a file from its start, whatever an earlier try left.

    Raises StatementError for one that could not be repeated, and for an index that is not valid.
    """
    statement = _COMMENTS.sub("", text)
    index = _INDEX.match(statement)
    if index is None and not _REPEATABLE.match(statement):
        raise StatementError(
            "a statement outside a transaction must be `create index … on schema.table`, or one "
            "that may be repeated, such as `drop index concurrently if exists`."
        )
    if index:
        _make_room(connection, name, index)
    connection.execute(
        "insert into shared.migrations_started (name) values (%s) on conflict do nothing", (name,)
    )
    connection.execute(text)
    if index and not _is_valid(connection, index):
        raise StatementError(f"the index {index['name']} is not valid: migrate again.")


def delete_note(connection: Connection, name: str) -> None:
    """Takes the note away, together with the file's row in the ledger."""
    connection.execute("delete from shared.migrations_started where name = %s", (name,))


def _make_room(connection: Connection, name: str, index: re.Match[str]) -> None:
    """Drops an index that an earlier try made, or that is not valid; raises StatementError for one
    that somebody else made."""
    is_valid = _is_valid(connection, index)
    if is_valid is None:
        return
    started = connection.execute(
        "select from shared.migrations_started where name = %s", (name,)
    ).fetchone()
    if started is not None or not is_valid:
        _drop(connection, index)
    elif not index["if_missing"]:
        raise StatementError(f"there is another index {index['name']} already.")


def _is_valid(connection: Connection, index: re.Match[str]) -> bool | None:
    """None when there is none of that name."""
    row = connection.execute(
        """
        select i.indisvalid and i.indisready
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        where c.relname = lower(%s)
          and c.relnamespace = to_regnamespace(%s)
        """,
        (index["name"], index["schema"]),
    ).fetchone()
    return None if row is None else row[0]


def _drop(connection: Connection, index: re.Match[str]) -> None:
    statement = (
        "drop index concurrently if exists {}"
        if index["concurrently"]
        else (
            "drop index if exists {}"  # of a hypertable, whose indexes know no `concurrently`
        )
    )
    name = sql.Identifier(index["schema"].lower(), index["name"].lower())
    connection.execute(sql.SQL(statement).format(name))
