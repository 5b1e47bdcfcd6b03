"""Functions that are frozen, really: nobody waits for them, and when they wake nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from functions.rollups import frozen, handlers
from functions.shared import db, locks
from functions.shared.exclusive import exclusive
from schema.engine.migrate import Report
from tests.support.frozen import working
from tests.support.logs.ingest import chat, stored
from tests.support.logs.panel import ago, make_server
from tests.support.rollups import connect
from tests.support.stack import until

pytestmark = pytest.mark.commits
BOTH_WAYS = pytest.mark.parametrize("way", ["direct", "pooler"])
EVENTS = 200  # of a batch: many more than are copied
DEPLOYED = {
    "statement_timeout": "10min",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "client_connection_check_interval": "10s",
    "tcp_user_timeout": "30000",
}
_LOCK = locks.TTT_NAMES + 1  # nobody's


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for its client is ended at the second look."""
    monkeypatch.setattr(frozen, "AGE", 0.0)
    monkeypatch.setattr(frozen, "WATCHED", 0.1)


@pytest.fixture
def impatient(migrated: tuple[Report, str, str], store: str) -> Iterator[None]:
    """The functions' login carries a time-out of a second, as it else carries one of 30."""
    place = [sql.Identifier(str(conninfo_to_dict(store)[part])) for part in ("user", "dbname")]
    with psycopg.connect(migrated[1], autocommit=True) as admin:

        def begin_again() -> None:
            """A pooler keeps its connections."""
            admin.execute(
                """
                select pg_terminate_backend(pid)
                from pg_stat_activity
                where datname = current_database()
                  and pid <> pg_backend_pid()
                """
            )

        change = sql.SQL("alter role {} in database {} {} idle_in_transaction_session_timeout")
        admin.execute(change.format(*place, sql.SQL("set")) + sql.SQL(" = '1s'"))
        begin_again()
        yield
        admin.execute(change.format(*place, sql.SQL("reset")))
        begin_again()


@BOTH_WAYS
def test_nobody_waits_for_who_is_frozen_within_a_transaction(
    store: str, impatient: None, way: str
) -> None:
    """A second instead of the 30 that `logins.py` and the connection ask for."""
    db.query("insert into shared.rate_limits (key, window_start, count) values ('frozen', 0, 0)")
    with working("count", "1s" if way == "direct" else "") as function:
        function.freeze()
        with psycopg.connect(store) as other:
            other.execute("set lock_timeout = 0")
            other.execute("update shared.rate_limits set count = count + 10 where key = 'frozen'")
        assert function.process.poll() is None
        assert function.thaw() == "counted"
    assert db.fetch_value("select count from shared.rate_limits where key = 'frozen'") == 11


@BOTH_WAYS
def test_who_is_frozen_within_a_copy_is_ended_and_stores_it_when_it_wakes(
    store: str, connection: db.Connection, soon: None, way: str, tmp_path: Path
) -> None:
    """Regression: no time-out counts there, and who sent the same again waited until it woke."""
    game = make_server()
    sent = [chat(f"number {number}", ago(minutes=1)) for number in range(EVENTS)]
    file = tmp_path / "events.json"
    file.write_text(json.dumps(sent))
    with working("copy", game.headers["X-Server-Key"], str(file)) as function:
        function.freeze()
        until(60, lambda: frozen.run(connection).ended == 1)
        again = game.post("/api/ingest/logs", sent)
        assert (again.status, again.json["stored"]) == (200, EVENTS)
        status, _, text = function.thaw().partition(" ")
    assert status == "200"
    assert {name: json.loads(text)[name] for name in ("stored", "duplicates")} == {
        "stored": 0,
        "duplicates": EVENTS,
    }
    assert stored() == EVENTS


def begin_copy(opened: psycopg.Connection[Any]) -> None:
    """A COPY whose rows do not come."""
    opened.pgconn.send_query(b"copy shared.rate_limits (key, window_start, count) from stdin")
    assert opened.pgconn.get_result().status == psycopg.pq.ExecStatus.COPY_IN


def is_alive(opened: psycopg.Connection[Any], admin: psycopg.Connection[Any]) -> bool:
    """Whether the server still has its session."""
    found = admin.execute(
        "select 1 from pg_stat_activity where pid = %s", (opened.info.backend_pid,)
    )
    return found.fetchone() is not None


def named(url: str, name: str) -> str:
    return make_conninfo(url, application_name=name)


def test_who_does_not_read_its_answer_is_ended(
    store: str, connection: db.Connection, soon: None
) -> None:
    with closing(psycopg.connect(named(store, "tiltyard"))) as reader:
        reader.pgconn.send_query(b"select repeat('x', 1000) from generate_series(1, 100000)")
        until(60, lambda: frozen.run(connection).ended == 1)
        until(60, lambda: not is_alive(reader, connection))


def test_who_goes_on_is_left_alone(
    store: str, connection: db.Connection, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long its statement takes, and though it waits for its client at both looks."""
    with closing(psycopg.connect(named(store, "tiltyard"))) as writer:
        begin_copy(writer)

        def send_more(_: float) -> None:
            before = received()
            rows = (f"{number}\t0\t0\n" for number in range(10_000))
            writer.pgconn.put_copy_data("".join(rows).encode())
            writer.pgconn.flush()
            until(60, lambda: received() > before)

        def received() -> Any:
            [row] = connection.execute("select bytes_processed from pg_stat_progress_copy")
            return row["bytes_processed"]

        monkeypatch.setattr(frozen.time, "sleep", send_more)
        assert frozen.run(connection) == frozen.Report(ended=0)
        assert is_alive(writer, connection)


def test_others_who_wait_for_their_client_are_left_alone(
    migrated: tuple[Report, str, str], store: str, connection: db.Connection, soon: None
) -> None:
    """Backups, psql, other applications with the same login, and whoever may do more than we."""
    admin = conninfo_to_dict(migrated[1])["user"]
    names = [(store, "psql"), (store, "pg_dump"), (store, ""), (store, "another")]
    if admin != conninfo_to_dict(store)["user"]:
        names.append((migrated[1], "tiltyard"))
    opened = [psycopg.connect(named(url, name)) for url, name in names]
    for one in opened:
        begin_copy(one)
    assert frozen.run(connection) == frozen.Report(ended=0)
    with connect(migrated[1]) as watcher:
        assert all(is_alive(one, watcher) for one in opened)
    for one in opened:
        one.close()


def test_a_turn_is_left_alone(
    open_connection: Callable[[], db.Connection], soon: None, impatient: None
) -> None:
    """It is idle within a transaction on purpose: it lifts the login's time-out for itself."""
    ended = threading.Event()
    with exclusive(_LOCK) as mine:
        assert mine
        assert frozen.run(open_connection()) == frozen.Report(ended=0)
        ended.wait(2)  # twice its login's time-out
        with exclusive(_LOCK) as another:
            assert not another


def test_the_schedule_sees_to_it_within_90_seconds(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 60 + frozen.AGE + frozen.WATCHED < 90
    handlers.analysts({}, None)
    assert '"event": "rollups.frozen"' in capsys.readouterr().out


def test_behind_a_pooler_every_time_out_is_the_login_s(
    store: str, pooled: Callable[[str], str]
) -> None:
    """None is passed on that a connection asks for. The deployed values; a superuser has none."""
    is_superuser = conninfo_to_dict(store)["user"] != "tiltyard_app"
    with psycopg.connect(pooled(store)) as through:
        for name, value in DEPLOYED.items():
            shown = through.execute(sql.SQL("show {}").format(sql.Identifier(name))).fetchone()
            assert shown == ("0" if is_superuser else value,), name
