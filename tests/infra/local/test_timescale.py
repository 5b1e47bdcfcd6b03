"""The local TimescaleDB, with a real throw-away cluster."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from infra.local import cluster, container, postgres, server_user, timescale
from infra.local.timescale import Server, TimescaleError


@pytest.fixture(autouse=True)
def no_given_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("timescale") / "home"
    timescale.start(folder, durable=False)
    yield folder
    timescale.reset(folder)


@pytest.fixture
def server(home: Path) -> Server:
    return timescale.start(home, durable=False)


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def remember(server: Server, what: str) -> None:
    with psycopg.connect(server.app_url) as connection:
        connection.execute("set synchronous_commit = on")
        connection.execute("create schema if not exists memory")
        connection.execute("create table if not exists memory.notes (what text not null)")
        connection.execute("insert into memory.notes values (%s)", [what])


def remembers(server: Server, what: str) -> bool:
    return (
        ask(server.app_url, f"select exists (select from memory.notes where what = '{what}')")
        is True
    )


def port_of(server: Server) -> int:
    return int(server.admin_url.rpartition(":")[2].partition("/")[0])


def test_both_logins_see_a_timescaledb(server: Server) -> None:
    version = "select extversion from pg_extension where extname = 'timescaledb'"
    assert ask(server.app_url, version) == ask(server.admin_url, version)
    assert server.is_ours
    assert str(ask(server.app_url, version)) in server.where


def test_the_application_is_no_superuser(server: Server) -> None:
    superuser = "select rolsuper or rolcreaterole from pg_roles where rolname = current_user"
    assert ask(server.app_url, superuser) is False
    assert ask(server.admin_url, superuser) is True


def test_text_is_unicode_and_time_is_utc(server: Server) -> None:
    assert ask(server.app_url, "select lower('ÄÉЖ')") == "äéж"
    assert ask(server.app_url, "show timezone") == "UTC"
    assert ask(server.app_url, "show data_checksums") == "on"


def test_a_wrong_password_is_refused(server: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        ask(f"postgresql://postgres:guess@127.0.0.1:{port_of(server)}/tiltyard", "select 1")


def test_it_listens_on_one_address_only(server: Server) -> None:
    # The whole of 127/8 is this machine: a server on all interfaces would answer on the next one.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port_of(server)), timeout=1)


def test_passwords_are_the_owners_alone(home: Path) -> None:
    folder = server_user.make_reachable(home)
    assert (folder / "cluster.json").stat().st_mode & 0o077 == 0
    assert (folder / "data").stat().st_mode & 0o077 == 0
    assert (folder / "server.log").stat().st_mode & 0o077 == 0
    assert not (folder / "password").exists()


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("select 'hunter2-a'::int", None),
        ("select %s::text::int", ["hunter2-b"]),
        ("select 1 from pg_sleep(9) where %s <> ''", ["hunter2-c"]),
        ("insert into once values (%s), (%s)", ["hunter2-d", "hunter2-d"]),
        ("select no_such('hunter2-e')", None),
        ("do $$ begin raise warning 'hunter2-f'; end $$", None),
    ],
)
def test_no_text_of_a_person_is_in_the_servers_log(
    home: Path, server: Server, statement: LiteralString, values: list[str] | None
) -> None:
    """Regression: a search that ran into its time-out was logged with what was searched for."""
    with psycopg.connect(server.app_url, autocommit=True) as connection:
        connection.execute("set statement_timeout = '100ms'")
        connection.execute("create temporary table once (what text unique)")
        with suppress(psycopg.Error):
            connection.execute(statement, values)
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute("create temporary table once (what int unique)")
        with suppress(psycopg.Error), connection.cursor().copy("copy once from stdin") as copy:
            copy.write("hunter2-g\thunter2-h\n")
    assert "hunter2" not in (server_user.make_reachable(home) / "server.log").read_text()


def test_starting_twice_is_starting_once(home: Path, server: Server) -> None:
    begun = ask(server.admin_url, "select pg_postmaster_start_time()")
    assert timescale.start(home, durable=False) == server
    assert ask(server.admin_url, "select pg_postmaster_start_time()") == begun


def test_two_starters_at_once_get_the_same_server(home: Path) -> None:
    timescale.stop(home)
    got: list[Server] = []
    starters = [
        threading.Thread(target=lambda: got.append(timescale.start(home, durable=False)))
        for _ in range(2)
    ]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert len(got) == 2
    assert got[0] == got[1]


def test_data_and_address_survive_a_stop(home: Path, server: Server) -> None:
    remember(server, "stop")
    timescale.stop(home)
    assert timescale.read_record(home) is None
    again = timescale.start(home, durable=False)
    assert again == server
    assert remembers(again, "stop")


def test_a_killed_server_comes_back(home: Path, server: Server) -> None:
    remember(server, "kill")
    pid = int((server_user.make_reachable(home) / "data/postmaster.pid").read_text().split("\n")[0])
    os.kill(pid, signal.SIGKILL)
    again = timescale.start(home, durable=False)
    assert remembers(again, "kill")


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(home: Path, server: Server) -> None:
    remember(server, "stranger")
    timescale.stop(home)
    stale = server_user.make_reachable(home) / "data/postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n")
    assert remembers(timescale.start(home, durable=False), "stranger")


def test_a_taken_port_is_left_to_its_taker(home: Path, server: Server) -> None:
    remember(server, "port")
    timescale.stop(home)
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", port_of(server)))
        taker.listen()
        again = timescale.start(home, durable=False)
    assert port_of(again) != port_of(server)
    assert remembers(again, "port")
    assert timescale.start(home, durable=False) == again


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
def test_only_a_throw_away_cluster_forgoes_fsync(home: Path, durable: bool, fsync: str) -> None:
    timescale.stop(home)
    server = timescale.start(home, durable)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert ask(server.admin_url, f"show {setting}") == fsync
    timescale.stop(home)


def test_half_an_initdb_is_made_anew_and_reset_removes_it_all(tmp_path: Path) -> None:
    home = tmp_path / "home"
    half = server_user.make_reachable(home) / "data.half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("17\n")
    server = timescale.start(home, durable=False)
    assert ask(server.app_url, "select 1") == 1
    programs = postgres.inspect(Path(timescale.read_record(home).bin))  # type: ignore[union-attr]
    timescale.reset(home)
    assert timescale.read_record(home) is None
    assert not half.parent.exists()
    assert programs
    assert programs.bin.exists()


def test_a_server_that_cannot_start_says_why(tmp_path: Path, server: Server) -> None:
    home = tmp_path / "home"
    folder = server_user.make_reachable(home)
    timescale.start(home, durable=False)
    timescale.stop(home)
    (folder / "data/global/pg_control").unlink()
    with pytest.raises(TimescaleError, match="could not find the database system") as refused:
        timescale.start(home, durable=False)
    assert str(folder / "server.log") in str(refused.value)
    timescale.reset(home)


def test_data_of_another_version_is_not_touched(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timescale.stop(home)
    monkeypatch.setattr(postgres, "inspect", lambda folder: None)
    newer = postgres.Postgres(Path("/nowhere"), "99.1", "9.9.9")
    monkeypatch.setattr(postgres, "find_installed", lambda: newer)
    with pytest.raises(TimescaleError, match=r"is of PostgreSQL \d+, but here is 99\.1"):
        timescale.start(home, durable=False)


# The order of choice


def test_a_given_database_comes_first(
    home: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", server.admin_url)
    given = timescale.start(tmp_path / "home")
    assert (given.admin_url, given.app_url) == (server.admin_url, server.admin_url)
    assert not given.is_ours
    assert timescale.start(home, durable=False).is_ours  # what is thrown away is always our own
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://me:hush@127.0.0.1:1/db", "does not answer"),
        ("postgres//me:hush@db", "is not a PostgreSQL address"),
    ],
)
def test_a_wrong_database_url_is_one_sentence(
    url: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(TimescaleError, match=says) as refused:
        timescale.start()
    assert "hush" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_machine_comes_before_a_private_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    own = postgres.Postgres(Path("/own"), "17.1", "2.20.0")
    copy = postgres.Postgres(Path("/copy"), "17.1", "2.20.0")
    monkeypatch.setattr(postgres, "fetch_private", lambda: copy)
    monkeypatch.setattr(postgres, "find_installed", lambda: own)
    assert timescale._decide().bin == "/own"
    monkeypatch.setattr(postgres, "find_installed", lambda: None)
    assert timescale._decide().bin == "/copy"


def test_a_container_comes_last_and_its_absence_names_all_four(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> postgres.Postgres:
        raise postgres.PostgresError("no network.")

    monkeypatch.setattr(postgres, "find_installed", lambda: None)
    monkeypatch.setattr(postgres, "fetch_private", refuse)
    monkeypatch.setattr(container, "is_engine_up", lambda: True)
    assert timescale._decide().bin == "container"
    monkeypatch.setattr(container, "is_engine_up", lambda: False)
    with pytest.raises(TimescaleError) as refused:
        timescale._decide()
    for way in ("DATABASE_URL", "PostgreSQL 16", "apt-get", "(no network)", container.IMAGE):
        assert way in str(refused.value)


@pytest.mark.parametrize(
    ("version", "extension", "suits"),
    [
        ("17.2", "2.19.3", True),
        ("16.4", "2.20.0", True),
        ("15.8", "2.19.3", False),
        ("17.2", "2.18.0", False),
        ("17.2", "", False),
    ],
)
def test_only_a_new_enough_postgresql_suits(
    tmp_path: Path, version: str, extension: str, suits: bool
) -> None:
    (tmp_path / "extension").mkdir()
    if extension:
        control = tmp_path / "extension/timescaledb.control"
        control.write_text(f"default_version = '{extension}'\n")
    for name, says in {
        "postgres": f"postgres {version}",
        "pg_config": tmp_path,
        "initdb": "",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (tmp_path / name).chmod(0o755)
    assert bool(postgres.inspect(tmp_path)) is suits


def test_a_container_is_run_on_loopback_and_keeps_its_password_out_of_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = tmp_path / "docker"
    engine.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/said\n'
        "case $1 in start) exit 1;; port) echo 127.0.0.1:49153;; inspect) echo true;; esac\n"
    )
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert container.is_engine_up()
    assert container.start(tmp_path / "home", "hush", durable=True) == 49153
    assert container.is_running(tmp_path / "home")
    said = (tmp_path / "said").read_text()
    assert "--publish 127.0.0.1::5432" in said
    assert "hush" not in said


def test_the_command_line_answers_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert timescale.main([]) == 2
    assert "start|stop|status|reset|url" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/db")
    assert timescale.main(["start"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_closed_folder_has_a_stand_in(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    reached = server_user.make_reachable(closed / "home")
    if server_user.find_server_user():
        assert reached.is_relative_to("/var/lib/tiltyard")
    else:
        assert reached == closed / "home"
    assert not cluster.is_running(closed)
