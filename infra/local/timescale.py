"""The TimescaleDB of this machine: found or installed, started, stopped and reset.

Four ways lead to one, tried in this order: DATABASE_URL, a PostgreSQL of the machine that has the
extension, a private copy of Debian's packages, a container.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from infra.local import cluster, container, given, lock, postgres, server_user
from infra.local.container import ContainerError
from infra.local.debian import DebianError
from infra.local.given import GivenError
from infra.local.postgres import LOCAL, Postgres, PostgresError

HOME = LOCAL / "timescale"
DATABASE = "tiltyard"
APP = "tiltyard_app"
_CONTAINER = "container"
_AT_REST = "at-rest"  # a file that is there while the server was stopped on purpose
_PATIENCE = 60.0  # seconds for a server that replays its log after a crash


class TimescaleError(RuntimeError):
    """One sentence that says why there is no TimescaleDB and what to do."""


@dataclass(frozen=True)
class Server:
    """A TimescaleDB that answers: its two logins, where it came from, whether we started it."""

    admin_url: str
    app_url: str
    where: str
    is_ours: bool


@dataclass
class Record:
    """What a cluster's folder remembers: who runs it, on which port, with which passwords."""

    bin: str  # the programs' folder, or _CONTAINER
    port: int
    admin_password: str
    app_password: str

    def url(self, login: str) -> str:
        """The address of our database for one of the two logins."""
        password = self.app_password if login == APP else self.admin_password
        return f"postgresql://{login}:{password}@127.0.0.1:{self.port}/{DATABASE}"


def start(home: Path = HOME, durable: bool = True) -> Server:
    """A TimescaleDB that answers now; what runs already is taken as it is.

    Not durable is a throw-away cluster: always our own, as DATABASE_URL's is not ours to waste.
    """
    url = os.environ.get("DATABASE_URL")
    if url and durable:
        with _sentences():
            return _given(url)
    if os.environ.get("MIGRATE_URL") and durable:
        raise TimescaleError("MIGRATE_URL is set, but DATABASE_URL is not: set both or neither.")
    with _sentences(), _alone(home) as home:
        record = _read(home) or _decide()
        _write(home, record)  # before there is data: passwords that are lost cannot be had again
        where = _launch(home, record, durable)
        _write(home, record)
        _furnish(record)
        (home / _AT_REST).unlink(missing_ok=True)
    return Server(record.url("postgres"), record.url(APP), where, is_ours=True)


def stop(home: Path = HOME) -> None:
    """Stop the server of this folder, if one is up; its data stays."""
    with _sentences(), _alone(home) as home:
        (home / _AT_REST).touch()
        _halt(home)


def reset(home: Path = HOME) -> None:
    """Remove the server's data; the programs stay, so that the next start is quick."""
    with _sentences(), _alone(home) as home:
        _halt(home)
        record = _read(home)
        if record and record.bin == _CONTAINER:
            container.remove(home)
        shutil.rmtree(home)


def read_record(home: Path = HOME) -> Record | None:
    """What the folder remembers, when its server is up."""
    home = server_user.make_reachable(home)
    record = _read(home)
    if not record:
        return None
    up = container.is_running(home) if record.bin == _CONTAINER else cluster.is_running(home)
    return record if up else None


def has_died(home: Path = HOME) -> bool:
    """True when the server of this folder is down, though nobody stopped it."""
    home = server_user.make_reachable(home)
    return _read(home) is not None and not (home / _AT_REST).exists() and read_record(home) is None


def _given(url: str) -> Server:
    """The server of DATABASE_URL; migrations go past its pooler, to MIGRATE_URL, if that is set."""
    past = os.environ.get("MIGRATE_URL") or url
    if past != url:
        given.inspect("DATABASE_URL", url)
    version, timescale = given.inspect("DATABASE_URL" if past == url else "MIGRATE_URL", past)
    where = f"PostgreSQL {version} with TimescaleDB {timescale}, of DATABASE_URL"
    return Server(past, url, where, is_ours=False)


def _decide() -> Record:
    """Choose who runs a new cluster, and make up its passwords."""
    found, reason = _programs()
    if not found and not container.is_engine_up():
        raise TimescaleError(
            "There is no TimescaleDB here: set DATABASE_URL, or install PostgreSQL 16 or later "
            "with TimescaleDB 2.19 or later, or let apt-get reach a Debian mirror for a private "
            f"copy ({reason}), or start a container engine for {container.IMAGE}."
        )
    runner = str(found.bin) if found else _CONTAINER
    return Record(runner, 0, secrets.token_urlsafe(24), secrets.token_urlsafe(24))


def _programs() -> tuple[Postgres | None, str]:
    """The machine's programs or a private copy; else the reason why there is none."""
    found = postgres.find_installed()
    if found:
        return found, ""
    try:
        return postgres.fetch_private(), ""
    except (DebianError, PostgresError) as error:
        return None, str(error).rstrip(".")


def _launch(home: Path, record: Record, durable: bool) -> str:
    """Bring the recorded server up, note its port in the record and say in words what it is."""
    if record.bin == _CONTAINER:
        record.port = container.start(home, record.admin_password, durable)
        return f"a container of {container.IMAGE}"
    programs = postgres.inspect(Path(record.bin)) or _replacement(home, record)
    if not (home / "data").exists():
        cluster.create(home, programs, record.admin_password, durable)
    record.port = cluster.start(home, programs, record.port, durable)
    is_private = programs.bin.is_relative_to(postgres.get_private_root())
    kind = "a private copy of Debian's packages" if is_private else "installed on this machine"
    what = f"PostgreSQL {programs.version} with TimescaleDB {programs.timescale}, {kind}"
    return f"{what}, data in {home}"


def _replacement(home: Path, record: Record) -> Postgres:
    """Programs for a cluster whose own were removed or moved."""
    found, reason = _programs()
    if not found:
        raise TimescaleError(f"The programs of {home} are gone ({reason}).")
    made_by = home / "data/PG_VERSION"
    if made_by.exists() and int(made_by.read_text()) != found.major:
        raise TimescaleError(
            f"The data in {home} is of PostgreSQL {made_by.read_text().strip()}, but here is "
            f"{found.version}: install the former, or `make reset` to start with no data."
        )
    record.bin = str(found.bin)
    return found


def _halt(home: Path) -> None:
    record = _read(home)
    if record and record.bin == _CONTAINER:
        container.stop(home)
    elif record:
        cluster.stop(home)


def _furnish(record: Record) -> None:
    """Give a new server its database, extension and application login; an old one has them."""
    deadline = time.monotonic() + _PATIENCE
    with _patiently(record.url("postgres").replace(f"/{DATABASE}", "/postgres"), deadline) as admin:
        if not admin.execute("select 1 from pg_roles where rolname = %s", [APP]).fetchone():
            login = sql.SQL("create role {} login password {}")
            admin.execute(login.format(sql.Identifier(APP), sql.Literal(record.app_password)))
        if not admin.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            admin.execute("create database tiltyard")
    with psycopg.connect(record.url("postgres")) as admin:
        admin.execute("set client_min_messages = warning")
        admin.execute("create extension if not exists timescaledb")
        # The Apache edition brings a job that it may not run, and logs an error at every try.
        admin.execute(
            "update _timescaledb_config.bgw_job set scheduled = false"
            " where scheduled and current_setting('timescaledb.license') = 'apache'"
        )
        admin.execute("grant create, temporary on database tiltyard to tiltyard_app")
        # An error may quote what somebody searched for. The functions log its SQLSTATE themselves.
        admin.execute("alter role tiltyard_app set log_min_messages = 'log'")


def _patiently(url: str, deadline: float) -> psycopg.Connection[tuple[object, ...]]:
    while True:
        try:
            return psycopg.connect(url, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise TimescaleError(f"PostgreSQL started, but refuses us: {error}") from None
            time.sleep(0.1)


def _read(home: Path) -> Record | None:
    file = home / "cluster.json"
    return Record(**json.loads(file.read_text())) if file.exists() else None


def _write(home: Path, record: Record) -> None:
    new = home / "cluster.json.new"
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(record)))
    new.rename(home / "cluster.json")


@contextmanager
def _alone(home: Path) -> Iterator[Path]:
    """Hold the lock of a cluster's folder, wherever the server's user can reach it."""
    home = server_user.make_reachable(home)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)  # the server's user passes through; nobody looks around
    with lock.hold_lock(home / "lock"):
        yield home


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except (ContainerError, DebianError, GivenError, PostgresError) as error:
        raise TimescaleError(str(error)) from None
    except OSError as error:  # a full disk, a folder that an earlier `sudo make` left to root
        raise TimescaleError(f"{error.filename or HOME}: {error.strerror}.") from error


def _status() -> None:
    record = read_record()
    print(f"running on 127.0.0.1:{record.port}, by {record.bin}" if record else "not running")


def _print_url() -> None:
    record = read_record()
    if not record:
        raise TimescaleError("The database is not running: `make run` starts it.")
    print(record.url(APP))


_VERBS: dict[str, Callable[[], None]] = {
    "start": lambda: print(start().where),
    "stop": stop,
    "status": _status,
    "reset": reset,
    "url": _print_url,
}


def main(words: list[str]) -> int:
    """The command line: 0, or 1 with one sentence, or 2 with the usage."""
    if len(words) != 1 or words[0] not in _VERBS:
        print(f"usage: python -m infra.local.timescale {'|'.join(_VERBS)}", file=sys.stderr)
        return 2
    try:
        _VERBS[words[0]]()
    except TimescaleError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
