"""What is put under fire: a database, a network before it, and a whole stack, all of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from functions.shared.settings import settings
from infra.local import server_user, timescale
from infra.local import stack as local_stack
from infra.local.stack import Stack, secret_keys
from infra.local.timescale import Server
from tests.fire import disk, faked_time, proxy
from tests.fire.faked_time import FakedTime, FakedTimeError
from tests.fire.proxy import Proxy

# Limits that would only slow the load down, and passwords that cost little to check.
_CHOSEN = {
    "TiltKeys": "optional",
    "PasswordRounds": "4",
    **dict.fromkeys(("GeneralRequests", "BattleUpdates", "Registrations"), "1000000"),
}
_VISIBLE = "20"  # seconds a queue waits for who took a message; deployed it is six minutes


@dataclass
class Ground:
    """All that burns. `untried`: what the machine does not let us do, and why."""

    home: Path
    database_home: Path
    server: Server  # past the network
    proxy: Proxy
    stack: Stack
    clocks: FakedTime | None = None
    disk: Path | None = None
    untried: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """PostgreSQL's folder."""
        return server_user.make_reachable(self.database_home) / "data"

    def list_database_pids(self) -> list[int]:
        """The processes at work in PostgreSQL's folder, its parent first."""
        found = [pid for pid, cwd in _list_folders() if cwd == self.data.resolve()]
        with suppress(OSError, ValueError):
            parent = int((self.data / "postmaster.pid").read_text().split("\n")[0])
            found.sort(key=lambda pid: pid != parent)
        return found

    def list_lambda_pids(self) -> list[int]:
        """The functions' environments that are alive now."""
        scratch = str(self.home / "stack" / "cloud")
        return [pid for pid, words in _list_words() if scratch in words and "_worker.py" in words]

    def start_database(self) -> None:
        """Brings the database up again, behind the same network."""
        again = _start(self.database_home)
        self.proxy.target = _port(again.admin_url)
        self.server = again

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's cloud."""
        return boto3.client(service, **self.stack.cloud.access)  # type: ignore[call-overload]

    def find_function(self, name: str) -> str:
        """The full name of a function that the template calls `<name>Function`."""
        for function in self.client("lambda").list_functions()["Functions"]:
            if f"-{name}Function-" in function["FunctionName"]:
                return str(function["FunctionName"])
        raise LookupError(f"the template has no {name}Function")

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of the admin, past the network."""
        return psycopg.connect(self.server.admin_url, autocommit=True)


def signal_all(pids: list[int], number: signal.Signals) -> int:
    """Sends a signal to each that is still there; how many were."""
    hit = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            hit += 1
    return hit


def _list_folders() -> Iterator[tuple[int, Path]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield int(entry.name), (entry / "cwd").readlink()


def _list_words() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield int(entry.name), (entry / "cmdline").read_text(errors="replace")


def _start(home: Path) -> Server:
    given = os.environ.pop("DATABASE_URL", None)
    try:
        return timescale.start(home)
    finally:
        if given is not None:
            os.environ["DATABASE_URL"] = given


def _port(url: str) -> int:
    return int(str(conninfo_to_dict(url)["port"]))


@contextmanager
def burning() -> Iterator[Ground]:
    """A stack to be set on fire, while the block runs; nothing of it is left afterwards.

    Call it before there are threads.
    """
    untried: dict[str, str] = {}
    with ExitStack() as ending:
        root = Path(tempfile.mkdtemp(prefix="tiltyard-fire-"))
        ending.callback(shutil.rmtree, root, ignore_errors=True)
        ending.callback(faked_time.remove_leftovers, time.time())
        root.chmod(0o755)  # as root the database runs as somebody else
        own_disk = _make_disk(root / "disk", untried)
        if own_disk:
            ending.callback(disk.unmount, own_disk)
        database_home = (own_disk or root) / "timescale"
        server = _start(database_home)
        ending.callback(timescale.reset, database_home)
        if own_disk:
            _save_space(server)
        network = ending.enter_context(proxy.before(_port(server.admin_url)))
        behind = Server(
            server.admin_url,
            make_conninfo(server.app_url, port=str(network.port)),
            server.where,
            is_ours=True,
        )
        home = root / "stack"
        stack = ending.enter_context(
            local_stack.running(
                home, port=0, database=behind, chosen=_CHOSEN, refresh_rate="rate(1 minute)"
            )
        )
        ground = Ground(root, database_home, server, network, stack, None, own_disk, untried)
        ending.callback(_wake_lambdas, ground)
        try:
            ground.clocks = FakedTime(stack, root)
        except FakedTimeError as error:
            untried["clocks that step"] = str(error)
        ground.client("sqs").set_queue_attributes(
            QueueUrl=stack.deployed.queue, Attributes={"VisibilityTimeout": _VISIBLE}
        )
        _stand_beside(server)
        yield ground


def _wake_lambdas(ground: Ground) -> None:
    signal_all(ground.list_lambda_pids(), signal.SIGCONT)


def _make_disk(folder: Path, untried: dict[str, str]) -> Path | None:
    folder.mkdir()
    try:
        disk.mount_own_disk(folder)
    except (disk.DiskError, OSError) as error:
        untried["full disk"] = str(error)
        return None
    return folder


def _save_space(server: Server) -> None:
    """Keeps the write-ahead log well below the size of the disk."""
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute("alter system set max_wal_size = '256MB'")
        admin.execute("select pg_reload_conf()")


def _stand_beside(server: Server) -> None:
    """Statements of this process go to the stack's database, and its tokens count there."""
    for name, value in secret_keys().items():
        os.environ[name.upper()] = value if isinstance(value, str) else json.dumps(value)
    os.environ |= {"DATABASE_URL": server.app_url, "PASSWORD_ROUNDS": "4", "LOG_LEVEL": "ERROR"}
    os.environ |= dict.fromkeys(("REGISTRATIONS", "GENERAL_REQUESTS", "BATTLE_UPDATES"), "1000000")
    settings.cache_clear()
