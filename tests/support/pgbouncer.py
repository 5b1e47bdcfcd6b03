"""PgBouncer before a server, in transaction mode: what tests run the handlers behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.local import debian, lock, server_user
from infra.local.cloud import free_port
from infra.local.postgres import LOCAL, PostgresError, patch_libraries

# As strict as a pooler may be: no statement outlives its transaction, and each transaction may get
# another session.
_SETTINGS = """\
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = {auth_type}
auth_file = {home}/users.txt
pool_mode = transaction
max_prepared_statements = 0
server_round_robin = 1
min_pool_size = 3
default_pool_size = 20
max_client_conn = 200
logfile = {home}/pgbouncer.log
"""
_PATIENCE = 10.0


@contextmanager
def running(home: Path, url: str) -> Iterator[Callable[[str], str]]:
    """A pooler before the server and for the login of `url` while the block runs.

    Yields what turns the URL of a database of that server into one that passes the pooler.
    """
    server = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    port = free_port()
    program = _program()
    _configure(home, server, port)
    process = subprocess.Popen(
        [program, "-q", home / "pgbouncer.ini"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        **server_user.drop_privileges(),
    )
    try:
        _await(process, port, home)
        yield lambda one: make_conninfo(one, host="127.0.0.1", port=port)
    finally:
        process.terminate()
        process.wait()


def _configure(home: Path, server: dict[str, str], port: int) -> None:
    password = server.get("password", "")
    settings = _SETTINGS.format(
        home=home,
        host=server.get("host", "127.0.0.1"),
        port=server.get("port", "5432"),
        listen_port=port,
        auth_type="plain" if password else "trust",  # scram costs more than most tests
    )
    for name, text in (
        ("users.txt", f'"{server["user"]}" "{password}"\n'),
        ("pgbouncer.ini", settings),
        ("pgbouncer.log", ""),
    ):
        file = home / name
        file.touch(mode=0o600)
        file.write_text(text)
        server_user.give_to_server(file)


def _await(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    words = (home / "pgbouncer.log").read_text(errors="replace").strip().splitlines()[-1:]
    raise PostgresError(f"PgBouncer did not start ({''.join(words) or 'it said nothing'}).")


def _program() -> Path:
    """The machine's own, or Debian's in a folder of this checkout, fetched when missing."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found:
        return Path(found)
    root = server_user.make_reachable(LOCAL / "pgbouncer")
    program = root / "usr/sbin/pgbouncer"
    with lock.hold_lock(LOCAL / "locks/pgbouncer"):
        debian.install(["pgbouncer"], root, LOCAL / "debian")
        root.chmod(0o755)
        patch_libraries(root, [program])
    return program
