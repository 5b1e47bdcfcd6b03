"""Analysts: which rollups they read, without a name in them, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql

from functions.rollups import analysts, handlers, refresh
from functions.shared import db, locks
from functions.shared.secrets import get_secrets
from infra.ops import analysts as command
from schema.engine import logins, reference
from schema.engine.migrate import Report
from tests.support.logs import evening, stored
from tests.support.logs.oracle import Event
from tests.support.rollups import ROLLUPS, connect

pytestmark = pytest.mark.commits
NAMELESS = {"logs.player_hours", "logs.player_days", "logs.player_months"}
ONLY_NAMES = {"logs.name_days"}
OVER_ROLLUPS = {"game.cohorts"}  # views


@pytest.fixture
def ada(
    migrated: tuple[Report, str, str],
    store: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[str]:
    """The URL of an analyst's login, made by the command and removed by it."""

    def run(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["analysts", *words])
        monkeypatch.setenv("DATABASE_URL", migrated[1])
        command.main()
        return capsys.readouterr().out

    url = run("add", "ada_of_the_tests").strip()
    monkeypatch.setenv("DATABASE_URL", store)
    yield url
    assert "ada_of_the_tests\n" in run("list")
    assert run("remove", "ada_of_the_tests") == "ada_of_the_tests is removed.\n"
    assert "ada_of_the_tests" not in run("list")


def readable(url: str) -> set[str]:
    with psycopg.connect(url) as analyst:
        rows = analyst.execute(
            """
            select format('%s.%s', n.nspname, c.relname)
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname !~ '^(pg_|information_schema|public|_?timescaledb)'
              and c.relkind in ('r', 'v', 'm', 'p', 'S')
              and has_schema_privilege(n.oid, 'usage')
              and has_any_column_privilege(c.oid, 'select')
            """
        ).fetchall()
    return {name for (name,) in rows}


def test_analysts_read_every_rollup_without_names(ada: str) -> None:
    """Regression: of logs they read nothing, for want of the schema, and would have read names."""
    names = {rollup.name for rollup in ROLLUPS}
    assert names >= NAMELESS | ONLY_NAMES
    expected = names - NAMELESS - ONLY_NAMES | {f"{name}_nameless" for name in NAMELESS}
    assert readable(ada) == expected | OVER_ROLLUPS


def test_the_list_has_what_analysts_read(ada: str, store: str) -> None:
    """The one that schema/ROLLUPS.md, infra/dbt/sources.yml and the API are made from."""
    with psycopg.connect(store) as connection:
        assert {view.name for view in reference.list_views(connection)} == readable(ada)


def test_no_name_of_a_player_is_read(ada: str) -> None:
    """Whatever is written down anywhere, dirty or refreshed, under whatever column."""
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    stored.servers(evening.MODES)
    for number, kind in enumerate(("CONNECT", "CHAT", "KILL", "ROUND_END", "DISCONNECT")):
        told = {"attackerSteamId": "STEAM_0:1:9", "roundId": "r1", "winner": "2", "role": "traitor"}
        event = Event(
            id=stored.event_id(at, number),
            at=at,
            server="terror",
            type=kind,
            steam_id="STEAM_0:1:7",
            name="Zaphod",
            mode="TTT",
            key="k",
            map="ttt_harbor",
            count=3,
            metadata={**told, "attackerName": "Zaphod"},
        )
        stored.store([event])
    db.query("select logs.fold(100000, true)")
    for _ in range(2):
        with psycopg.connect(ada, autocommit=True) as analyst:
            rows = 0
            for name in sorted(readable(ada)):
                read = sql.SQL("select * from {}").format(sql.Identifier(*name.split(".")))
                for row in analyst.execute(read):
                    rows += 1
                    assert "Zaphod" not in str(row), name
            assert rows > 10
        with connect(_url()) as connection:
            refresh.run(connection)


def _url() -> str:
    return get_secrets().database_url.get_secret_value()


@pytest.mark.parametrize(
    "statement",
    [
        "select * from logs.player_days",
        "select name from logs.name_days",
        "select * from logs.events",
        "select * from ttt.names",
        "select * from ttt.opponents('x', true, '-infinity', '-infinity', now(), now(), null)",
        "select * from rollups.recompute_bucket(1::smallint, now()) as l (a text)",
        "select rollups.promote(1::smallint)",
        "select * from rollups.list_published()",
        "select * from rollups.dirty_buckets",
        "select * from shared.api_keys",
        "copy ttt.names to '/tmp/names'",
        "delete from ttt.names",
        "create table tilt.mine (a int)",
    ],
)
def test_what_analysts_may_not_do(ada: str, statement: str) -> None:
    with psycopg.connect(ada, autocommit=True) as analyst:
        with pytest.raises(psycopg.Error) as refused:
            analyst.execute(statement)  # type: ignore[call-overload]
        assert refused.value.sqlstate == "42501"


def test_internals_and_raw_rows_are_refused(ada: str, store: str) -> None:
    """All in schemas that are not theirs; TimescaleDB's own lists of jobs and sizes aside."""
    stored.servers(evening.MODES)
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    told = {"id": stored.event_id(at, 1), "at": at, "server": "terror", "type": "CHAT"}
    stored.store([Event(**told, steam_id="STEAM_0:1:7", name="Zaphod", mode="TTT", metadata={})])
    with connect(store) as connection:
        refresh.run(connection)
        relations = connection.execute(
            """
            select n.nspname as schema, c.relname as name
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('_timescaledb_internal', 'shared', 'rollups', 'accounts')
              and c.relkind in ('r', 'v', 'm', 'p', 'f')
              and not exists (select from pg_depend where objid = c.oid and deptype = 'e')
            """
        ).fetchall()
    assert {row["schema"] for row in relations} == {
        *("_timescaledb_internal", "shared", "rollups", "accounts")
    }
    with psycopg.connect(ada, autocommit=True) as analyst:
        for row in relations:
            read = sql.SQL("select * from {}").format(sql.Identifier(row["schema"], row["name"]))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                analyst.execute(read)


def test_no_function_lends_its_rights_to_analysts(ada: str) -> None:
    """But for those that say what rollups there are. Others read what their caller may read."""
    with psycopg.connect(ada, autocommit=True) as analyst:
        lending = analyst.execute(
            """
            select p.oid::regprocedure::text
            from pg_proc p
            join pg_namespace n on n.oid = p.pronamespace
            where p.prosecdef
              and has_function_privilege(p.oid, 'execute')
              and has_schema_privilege(n.oid, 'usage')
              and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
            """
        ).fetchall()
        made = analyst.execute(
            """
            select nspname
            from pg_namespace
            where has_schema_privilege(oid, 'create')
              and nspname !~ '^pg_temp_'
            """
        ).fetchall()
    assert {name for (name,) in lending} == {
        "analysts.list_rollups()",
        "analysts.list_dirty_buckets(text)",
    }
    assert made == []


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute that is a second."""
    monkeypatch.setattr(analysts, "SECONDS", 1)


def start(url: str, *statements: str) -> psycopg.Connection[Any]:
    """A session of an analyst who took the time-outs off, with the last statement under way."""
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
    for statement in statements[:-1]:
        connection.execute(statement)  # type: ignore[call-overload]
    connection.pgconn.send_query(statements[-1].encode())
    connection.pgconn.flush()
    return connection


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_statements_of_analysts_end_whatever_they_set(ada: str, soon: None) -> None:
    assert logins.ANALYST["statement_timeout"] == "60s"
    stubborn = start(
        ada,
        """
        do $$ begin loop begin perform pg_sleep(600); exception when query_canceled then null;
        end; end loop; end $$
        """,
    )
    slow = start(ada, "select pg_sleep(600)")
    idle = start(ada, "begin", "select count(*) from tilt.user_days")
    fine = start(ada, "select 1")
    functions = psycopg.connect(_url(), autocommit=True)
    functions.execute("begin")
    total = analysts.Report()

    def all_ended() -> bool:
        report = analysts.run(db.connection())
        total.cancelled += report.cancelled
        total.ended += report.ended
        assert report.unseen == 0
        with psycopg.connect(_url()) as admin:
            left = admin.execute(
                """
                select count(*)
                from pg_stat_activity
                where usename = 'ada_of_the_tests'
                  and datname = current_database()
                  and state <> 'idle'
                """
            ).fetchone()
        return left == (0,)

    until(all_ended)
    assert total.cancelled >= 2  # the stubborn one heeded none of its own
    assert total.ended == 2
    result = slow.pgconn.get_result()
    assert result
    assert b"user request" in result.error_message
    fine.pgconn.get_result()
    fine.pgconn.get_result()
    assert fine.execute("select 2").fetchone() == (2,)  # it goes on
    assert functions.execute("select 3").fetchone() == (3,)  # nobody's but analysts'
    for connection in (stubborn, slow, idle, fine, functions):
        connection.close()


def test_who_holds_a_lock_that_the_service_takes_is_ended(ada: str) -> None:
    """One idle session of theirs would keep rollups from being refreshed, and say nothing."""
    with psycopg.connect(ada, autocommit=True) as analyst:
        analyst.execute("select pg_advisory_lock(%s)", (locks.ROLLUPS,))
        assert refresh.run(db.connection()).busy
        assert analysts.run(db.connection()).ended == 1
        assert not refresh.run(db.connection()).busy
        with pytest.raises(psycopg.OperationalError):
            analyst.execute("select 1")


def test_jobs_of_analysts_are_deleted(ada: str, migrated: tuple[Report, str, str]) -> None:
    """Community lets anybody add one, which runs for as long as it likes."""
    with psycopg.connect(ada, autocommit=True) as analyst:
        analyst.execute(
            """
            create function pg_temp.forever(job_id integer, config jsonb) returns void
            language sql
            as 'select pg_sleep(600)'
            """
        )
        add = "select add_job('pg_temp.forever', '1 hour')"
        if migrated[0].edition == "community":
            analyst.execute(add)
        else:
            with pytest.raises(psycopg.errors.FeatureNotSupported):
                analyst.execute(add)
    is_community = migrated[0].edition == "community"
    assert analysts.run(db.connection()).jobs == int(is_community)
    assert analysts.run(db.connection()).jobs == 0


def test_a_login_that_made_something_is_removed(
    migrated: tuple[Report, str, str], ada: str
) -> None:
    """Regression: what it owned kept the role from being dropped. `ada` removes it in the end."""
    with psycopg.connect(ada, autocommit=True) as analyst:
        analyst.execute("select lo_create(0)")
        if migrated[0].edition == "community":
            analyst.execute(
                "select add_job('_timescaledb_functions.policy_job_stat_history_retention', '1 h')"
            )


def test_the_schedule_looks_at_them(ada: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert handlers.analysts({}, None) == {"cancelled": 0, "ended": 0, "jobs": 0, "unseen": 0}
    assert '"event": "rollups.analysts"' in capsys.readouterr().out


def test_while_the_database_is_away_there_is_nothing_to_end(
    away: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    away()
    assert handlers.analysts({}, None) == {}
    assert '"away": true' in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Ada", "pg_ada", "1ada", "ada;drop", "a" * 41, ""])
def test_a_name_that_no_login_should_have_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["analysts", "add", name])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert "a name has small letters" in capsys.readouterr().err


def test_the_role_of_somebody_else_is_left_alone(
    migrated: tuple[Report, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated[1])
    for words, sentence in (
        (("add", "tiltyard_app"), "There is a role tiltyard_app already"),
        (("remove", "tiltyard_app"), "There is no analyst tiltyard_app"),
    ):
        monkeypatch.setattr("sys.argv", ["analysts", *words])
        with pytest.raises(SystemExit, match=sentence):
            command.main()
