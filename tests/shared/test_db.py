"""The one connection: found dead, it is reopened; deadlocks are run again; away is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from functions.shared import db
from schema.engine.migrate import Report


def kill(url: str) -> None:
    """Ends the functions' connection from the server's side."""
    pid = db.connection().info.backend_pid
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.commits
def test_a_connection_that_died_is_reopened(store: str) -> None:
    assert db.query("select 1 as one") == [{"one": 1}]
    kill(store)
    assert db.query("select 1 as one") == [{"one": 1}]


@pytest.mark.commits
def test_a_transaction_on_a_connection_that_died_begins_on_a_new_one(store: str) -> None:
    db.query("select 1")
    kill(store)
    with db.transaction():
        assert db.query("select 1 as one") == [{"one": 1}]


@pytest.mark.commits
def test_a_retried_verb_runs_again_when_its_connection_dies_inside(store: str) -> None:
    tries = []

    @db.retried
    def verb() -> int:
        with db.transaction():
            tries.append(1)
            db.query("insert into shared.rate_limits values ('x', 1, 1)")
            if len(tries) == 1:
                kill(store)
            return int(db.query("select count(*) from shared.rate_limits")[0]["count"])

    assert verb() == 1
    assert len(tries) == 2


@pytest.mark.commits
def test_what_must_not_be_done_twice_is_sent_on_a_living_connection(store: str) -> None:
    db.query("select 1")
    kill(store)
    assert db.fetch_once("select 1 as one") == {"one": 1}


@pytest.mark.commits
def test_what_must_not_be_done_twice_is_not_tried_again_where_its_connection_dies(
    store: str,
) -> None:
    """It may have been committed; what is only read is tried again, in vain here."""
    db.query("create sequence shared.tries")
    dying = """
        select case nextval('shared.tries') when 3 then 'lives'
            else pg_terminate_backend(pg_backend_pid())::text end as outcome
    """
    try:
        with pytest.raises(db.DatabaseUnavailable):
            db.fetch_once(dying)
        assert db.fetch_one(dying) == {"outcome": "lives"}
    finally:
        db.query("drop sequence shared.tries")


@pytest.mark.commits
def test_one_connection_serves_all_statements(store: str) -> None:
    pids = {db.query("select pg_backend_pid() as pid")[0]["pid"] for _ in range(3)}
    assert len(pids) == 1


@pytest.mark.commits
def test_the_loser_of_a_deadlock_is_run_again(
    store: str, migrated: tuple[Report, str, str]
) -> None:
    db.query("insert into shared.rate_limits values ('a', 1, 0), ('b', 1, 0)")
    bump = "update shared.rate_limits set count = count + 1 where key = %s"
    other_holds_b, we_hold_a = threading.Event(), threading.Event()

    def other() -> None:
        with psycopg.connect(migrated[1]) as connection:
            connection.execute("set deadlock_timeout = '10s'")  # so that we lose; admins may
            connection.execute(bump, ("b",))
            other_holds_b.set()
            we_hold_a.wait(5)
            connection.execute(bump, ("a",))

    @db.retried
    def verb() -> None:
        with db.transaction():
            db.query(bump, ("a",))
            we_hold_a.set()
            other_holds_b.wait(5)
            db.query(bump, ("b",))

    thread = threading.Thread(target=other)
    try:
        thread.start()
        verb()
    finally:
        thread.join()
    assert {row["count"] for row in db.query("select count from shared.rate_limits")} == {2}


@pytest.mark.commits
def test_a_transaction_that_fails_leaves_nothing(store: str) -> None:
    def verb() -> None:
        with db.transaction():
            db.query("insert into shared.rate_limits values ('x', 1, 1)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        verb()
    assert db.query("select * from shared.rate_limits") == []


@pytest.mark.commits
@pytest.mark.parametrize(
    "url", ["postgresql://u:p@127.0.0.1:1/none", "postgresql://u:p@nowhere.invalid/none"]
)
def test_a_database_that_cannot_be_reached_is_away(
    store: str, setting: Callable[..., None], url: str
) -> None:
    setting(DATABASE_URL=url)
    for _ in range(2):
        with pytest.raises(db.DatabaseUnavailable):
            db.query("select 1")


@pytest.mark.commits
@pytest.mark.parametrize(
    "statement",
    [
        "do $$ begin raise exception using errcode = '57014'; end $$",
        "do $$ begin raise exception using errcode = '53100'; end $$",
        "do $$ begin raise exception using errcode = '57P03'; end $$",
    ],
)
def test_a_server_that_cannot_serve_now_is_away(store: str, statement: str) -> None:
    with pytest.raises(db.DatabaseUnavailable):
        db.query(statement)
    assert db.query("select 1 as one") == [{"one": 1}]


@pytest.mark.commits
def test_a_fault_of_ours_is_not_away(store: str) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        db.query("select * from nowhere")


def test_statements_end_before_the_gateway_does(store: str) -> None:
    assert db.query("show statement_timeout")[0]["statement_timeout"] == "25s"


@pytest.mark.commits
def test_a_frozen_function_loses_its_locks_and_begins_again(store: str) -> None:
    """Regression: nothing ended a transaction that did nothing, and others waited for its locks."""
    shown = db.query("show idle_in_transaction_session_timeout")
    assert shown == [{"idle_in_transaction_session_timeout": "30s"}]
    tries = []

    @db.retried
    def freeze() -> None:
        with db.transaction():
            tries.append(1)
            db.query("insert into shared.rate_limits values ('frozen', 60, 1)")
            if len(tries) == 1:
                db.query("set local idle_in_transaction_session_timeout = '100ms'")
                time.sleep(0.5)
                with psycopg.connect(store) as other:  # who waits no longer than that
                    other.execute("insert into shared.rate_limits values ('frozen', 60, 2)")
                    other.rollback()
            db.query("select 1")

    freeze()
    assert db.query("select count from shared.rate_limits where key = 'frozen'") == [{"count": 1}]
    assert len(tries) == 2


def test_a_frozen_function_that_cannot_begin_again_finds_the_database_away() -> None:
    assert db.is_unavailable(psycopg.errors.IdleInTransactionSessionTimeout("of its own"))


@pytest.mark.commits
def test_behind_a_pooler_nothing_is_prepared(store: str, setting: Callable[..., None]) -> None:
    setting(DATABASE_POOLER="true")
    for _ in range(10):
        db.query("select 1")
    assert db.connection().prepare_threshold is None
    assert db.query("select count(*) from pg_prepared_statements")[0]["count"] == 0


_SAYING = sql.SQL(
    """
    select {} as said, {}::integer as number, '100%' as rest, a.query,
      current_setting('plan_cache_mode') as plans, {} like {} as matches
    from pg_stat_activity a
    where a.pid = pg_backend_pid()
    """
)


@pytest.mark.commits
@pytest.mark.parametrize("is_pooled", ["false", "true"])
def test_values_of_a_composed_statement_stand_beside_it(
    store: str, setting: Callable[..., None], is_pooled: str
) -> None:
    """Regression: a search that timed out stood in the server's log, with all that was sought."""
    setting(DATABASE_POOLER=is_pooled)
    db.connection().close()
    for word in ("a secret", "it's %s \\", "é☾"):
        [row] = db.run_composed(_SAYING.format(word, 7, word, f"%{word[:1]}%"))
        assert word not in row.pop("query")
        plans = {"plans": "force_custom_plan"}
        assert row == {"said": word, "number": 7, "rest": "100%", "matches": True, **plans}
    assert db.query("show plan_cache_mode") != [plans]


@pytest.mark.commits
def test_a_composed_statement_that_fails_is_told_as_any_other(store: str) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        db.run_composed(sql.SQL("select 1 / {}::integer as one").format(0))
    kill(store)
    assert db.run_composed(sql.SQL("select {}::integer as one").format(1)) == [{"one": 1}]
    with pytest.raises(db.DatabaseUnavailable):
        db.run_composed(
            sql.SQL("select {}::text, pg_terminate_backend(pg_backend_pid())").format("x")
        )


def test_one_row_and_one_value(store: str) -> None:
    assert db.fetch_one("select 1 as a, 2 as b union all select 3, 4 order by a") == {
        "a": 1,
        "b": 2,
    }
    assert db.fetch_one("select 1 as a where false") is None
    assert db.fetch_value("select %s::text as a, 2 as b", ("x",)) == "x"
    assert db.fetch_value("select 1 as a where false") is None
    with db.open_connection() as other:
        assert db.fetch_value("select %s::integer", (7,), on=other) == 7
        assert db.fetch_value("select 1 where false", on=other) is None
