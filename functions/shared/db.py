"""The database connection of an execution environment to each store, and statements on it.

A Lambda environment serves one request at a time, so one connection is all it can use of a store.
Statements go to the store that stores.py names: its domain's, for whoever serves a domain.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, LiteralString, ParamSpec, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row, scalar_row
from psycopg.sql import SQL, Composable, Composed, Literal, Placeholder

from functions.shared import stores
from functions.shared.errors import DatabaseUnavailable as DatabaseUnavailable
from functions.shared.secrets import get_secrets, renew_after
from functions.shared.settings import settings

P = ParamSpec("P")
T = TypeVar("T")
Row = dict[str, Any]


_TRIES = 3
# A server that refuses costs nothing, one that does not answer a whole time-out: after a slow
# failure nobody asks again for a while.
_SLOW = 0.25  # seconds
_AWAY = ("57014", "55P03", "25006", "25P03")
_PAUSE = 5.0  # seconds
rows_seen = 0  # by this process so far: the request log takes the difference


class Connection(psycopg.Connection[Row]):
    """A connection that does not wait for ever.

    A server that hangs, unlike one that is gone, would take a request's whole time, and nothing
    would be left to queue it in.
    """

    wait_timeout: float | None = 26.0  # seconds; a statement's own time-out comes first

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """What psycopg does to wait for the server; raises DatabaseUnavailable on a time-out."""
        try:
            return super().wait(gen, interval, self.wait_timeout if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:
            _open_circuit()
            self.pgconn.finish()  # its answer, if there ever is one, belongs to nobody
            raise DatabaseUnavailable from None
        except ValueError:  # a COPY ends with one result, and a pooler's farewell is a second one
            if not self.closed:
                raise
            raise psycopg.OperationalError("the connection was lost within a COPY") from None


class _Link:
    """This process's connection to a store, and until when it is not asked again."""

    connection: Connection | None = None
    cursor: psycopg.Cursor[Row] | None = None
    circuit_open_until = 0.0  # monotonic seconds


_links: defaultdict[str, _Link] = defaultdict(_Link)


def _link() -> _Link:
    return _links[stores.get_current()]


def close_all() -> None:
    """Closes this process's connections; a store that was away is asked again at once."""
    for link in _links.values():
        if link.connection is not None:
            link.connection.close()
    _links.clear()


def _open_circuit() -> None:
    _link().circuit_open_until = time.monotonic() + _PAUSE


def query(
    statement: LiteralString | Composed,
    values: Sequence[Any] | Mapping[str, Any] | None = (),
    *,
    once: bool = False,
) -> list[Row]:
    """The rows of one statement, committed unless a transaction is open: one round trip.

    With None for `values` a % in the statement is nothing special. `once`: what must not be done
    twice is not tried again where the connection died, since it may have been committed.

    Raises DatabaseUnavailable; tries again when the connection was dead or PostgreSQL asks for it.
    """
    global rows_seen
    if once:
        _close_if_dead()
    cursor = _with_retries(
        lambda: _cursor_of(connection()).execute(statement, values), may_repeat=not once
    )
    # Not cursor.description: that makes an object of every column.
    has_rows = cursor.pgresult is not None and cursor.pgresult.nfields > 0
    rows = cursor.fetchall() if has_rows else []
    rows_seen += len(rows)
    return rows


def fetch_once(
    statement: LiteralString | Composed, values: Sequence[Any] | Mapping[str, Any] | None = ()
) -> Row | None:
    """The first row of a statement that must not be done twice; raises as `query`.

    One round trip.
    """
    rows = query(statement, values, once=True)
    return rows[0] if rows else None


def fetch_one(
    statement: LiteralString | Composed, values: Sequence[Any] | Mapping[str, Any] | None = ()
) -> Row | None:
    """The first row of one statement, or None; raises as `query`. One round trip."""
    rows = query(statement, values)
    return rows[0] if rows else None


def fetch_value(
    statement: LiteralString | Composed,
    values: Sequence[Any] | Mapping[str, Any] | None = (),
    *,
    on: psycopg.Connection[Row] | None = None,
) -> Any:
    """The first column of the first row, or None for no row. One round trip.

    Raises as `query`, or on a connection of the caller's as psycopg does.
    """
    if on is not None:
        return on.cursor(row_factory=scalar_row).execute(statement, values).fetchone()
    row = fetch_one(statement, values)
    return next(iter(row.values())) if row else None


def run_composed(statement: Composed) -> list[Row]:
    """The rows of a statement that was composed with its values, planned for these very values.

    The values are sent beside the statement all the same: a server writes a statement that fails
    or takes long into its log, and nothing that people say, or look for, belongs there. One round
    trip; raises as `run`.
    """
    global rows_seen
    values: list[Any] = []
    text = _without_values(statement, values)
    rows = _with_retries(lambda: _planned(text, values))
    rows_seen += len(rows)
    return rows


def _planned(statement: Composable, values: list[Any]) -> list[Row]:
    opened = connection()
    with opened.pipeline():
        # For the transaction, which ends with the pipeline: see open_connection.
        opened.execute("select set_config('plan_cache_mode', 'force_custom_plan', true)")
        cursor = opened.cursor(binary=True).execute(Composed([statement]), values)
    return cursor.fetchall()


def _without_values(composed: Composable, values: list[Any]) -> Composable:
    """A statement with a placeholder for each of its values, which are added to `values`."""
    if isinstance(composed, Composed):
        return Composed([_without_values(part, values) for part in composed])
    if isinstance(composed, Literal):
        values.append(composed._obj)
        return Placeholder()
    if isinstance(composed, SQL):
        return SQL(composed._obj.replace("%", "%%"))
    return composed


def _cursor_of(opened: Connection) -> psycopg.Cursor[Row]:
    """The connection's one cursor, which has cached how to send each type of value."""
    link = _link()
    if link.cursor is None or link.cursor.connection is not opened:
        link.cursor = opened.cursor(binary=True)
    return link.cursor


@contextmanager
def transaction() -> Iterator[None]:
    """Statements that are committed together; a verb that opens one is marked @retried."""
    with ExitStack() as block:
        # BEGIN is where a connection that died in its sleep shows.
        _with_retries(lambda: block.enter_context(connection().transaction()))
        yield


def retried(verb: Callable[P, T]) -> Callable[P, T]:
    """Runs a verb again when its transaction fell to a deadlock, or to a connection that died.

    The verb may have been committed by then: only what may be repeated may carry this mark.
    """

    @wraps(verb)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        return _with_retries(lambda: verb(*args, **kwargs))

    return again


def connection() -> Connection:
    """The connection to the store, opened at first use and again after it was found dead."""
    link = _link()
    if link.connection is None or link.connection.closed:
        link.connection = _connect()
    return link.connection


def _connect() -> Connection:
    if time.monotonic() < _link().circuit_open_until:
        raise DatabaseUnavailable
    started = time.monotonic()
    try:
        return open_connection()
    except psycopg.OperationalError as error:
        if time.monotonic() - started > _SLOW:
            _open_circuit()
        raise DatabaseUnavailable from error


def open_connection() -> Connection:
    """Another connection to the store, for the caller to close."""
    try:
        return _open()
    except psycopg.OperationalError as error:
        if not renew_after(error):
            raise
        return _open()


def _open() -> Connection:
    chosen = settings()
    options: dict[str, Any] = (
        {}
        if chosen.database_pooler
        else {
            # Below the gateway's 29 s, so that a slow statement ends as an answer and not as a 504.
            "options": "-c statement_timeout=25s -c lock_timeout=10s -c TimeZone=UTC"
            # A frozen environment must not hold locks; behind a pooler the login says the same.
            " -c idle_in_transaction_session_timeout=30s"
            # Every statement finds its rows by a key: its plan does not depend on the values, and
            # planning one over the chunks of a hypertable can cost more than running it.
            " -c plan_cache_mode=force_generic_plan",
        }
    )
    return Connection.connect(
        get_secrets().database_urls[stores.get_current()],
        autocommit=True,
        row_factory=dict_row,
        # A transaction pooler hands each transaction another server connection.
        prepare_threshold=None if chosen.database_pooler else 2,
        connect_timeout=2,
        application_name="tiltyard",
        keepalives_idle=30,
        tcp_user_timeout=10_000,  # ms: a frozen environment may wake to a vanished peer
        **options,
    )


def _close_if_dead() -> None:
    """Closes a connection whose end has arrived while it was idle; sends nothing."""
    opened = _link().connection
    if opened is not None and not opened.closed:
        try:
            opened.pgconn.consume_input()  # the server's last words, if there are any
            opened.pgconn.consume_input()  # the end of the stream behind them
        except psycopg.OperationalError:
            opened.close()


def _with_retries(work: Callable[[], T], *, may_repeat: bool = True) -> T:
    """Only the outermost call tries again: what began before it is lost with the connection."""
    if _in_transaction():
        return work()
    for attempt in range(1, _TRIES + 1):
        try:
            return work()
        except psycopg.Error as error:
            opened = _link().connection
            died = may_repeat and opened is not None and opened.closed
            asks_again = (error.sqlstate or "").startswith("40")
            if attempt == _TRIES or not (died or asks_again):
                if is_unavailable(error):
                    raise DatabaseUnavailable from error
                raise
            time.sleep(0.01 * attempt)
    raise AssertionError("unreachable")


def _in_transaction() -> bool:
    opened = _link().connection
    if opened is None or opened.closed:
        return False
    return opened.pgconn.transaction_status != TransactionStatus.IDLE


def is_unavailable(error: psycopg.Error) -> bool:
    """Whether a statement failed because the database cannot serve now, not because it is wrong."""
    # 08 connection, 53 resources (full disk, too many connections), 57P shutdown and start-up,
    # 57014 statement time-out, 55P03 lock time-out, 25006 read-only after a failover, 25P03 idle in
    # a transaction for too long; none at all when the connection broke, which psycopg calls an
    # internal error where a pooler's farewell comes as a second result of one command.
    state = error.sqlstate or ""
    lost = isinstance(error, (psycopg.OperationalError, psycopg.InternalError)) and not state
    return lost or state.startswith(("08", "53", "57P")) or state in _AWAY
