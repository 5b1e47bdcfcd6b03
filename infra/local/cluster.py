"""One database cluster in a folder: made, started and stopped with the programs it is given."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from infra.local import server_user
from infra.local.postgres import Postgres, PostgresError

_OURS = "tiltyard.conf"
# The orphans of a killed server let go of its memory when they notice: seconds on a busy machine.
_ORPHANS_SECONDS = 30.0
# Written at every start: this text is the configuration, ALTER SYSTEM may add to it.
# Statements, their values, rows in DETAIL and lines in CONTEXT are about persons, and not logged.
_SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
timescaledb.max_background_workers = 4
max_worker_processes = 16
shared_buffers = 256MB
max_wal_size = 4GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""
# For throw-away clusters: nothing is lost but what a crash of the machine would lose.
_FLEETING = """\
fsync = off
synchronous_commit = off
full_page_writes = off
"""


def create(home: Path, postgres: Postgres, password: str, durable: bool) -> None:
    """Make the data folder, in one step: an interrupted initdb leaves nothing that looks whole."""
    half, secret = home / "data.half", home / "password"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    for path in (half, secret):
        server_user.give_to_server(path)
    words = ["--encoding=UTF8", "--locale=C", "--data-checksums", "--auth=scram-sha-256"]
    if postgres.major >= 17:  # Unicode case and character classes, whatever locales the machine has
        words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    words += ["--username=postgres", f"--pwfile={secret}", "--no-instructions"]
    if not durable:
        words.append("--no-sync")
    made = _run(home, postgres.bin / "initdb", f"--pgdata={half}", *words)
    secret.unlink()
    if made.returncode:
        raise PostgresError(f"initdb failed in {home}: {_last_line(made.stderr)}")
    with (half / "postgresql.conf").open("a") as initdbs:  # it probed what shared memory works here
        initdbs.write(f"include '{_OURS}'\n")
    (half / _OURS).touch()
    server_user.give_to_server(half / _OURS)
    half.rename(home / "data")


def start(home: Path, postgres: Postgres, port: int, durable: bool) -> int:
    """Start the server, if it is not up, and return its port: another one when that is taken."""
    if is_running(home):
        return port
    deadline = time.monotonic() + _ORPHANS_SECONDS
    while True:
        _forget_stranger(home)
        port = port if _is_free(port) else _free_port()
        fleeting = "" if durable else _FLEETING
        (home / "data" / _OURS).write_text(_SETTINGS.format(port=port) + fleeting)
        output = _launch(home, postgres)
        if not output:
            return port
        if (
            "in use" not in output and "already exists" not in output
        ) or time.monotonic() > deadline:
            break
        time.sleep(0.3)
    fatal = next((line for line in output.splitlines() if "FATAL" in line), output.split("\n")[0])
    raise PostgresError(f"PostgreSQL does not start ({fatal}); its log is {home / 'server.log'}")


def stop(home: Path) -> None:
    """Stop the server, rolling back what is under way; back when its data is at rest."""
    pid = _pid(home)
    if not _is_at_work(pid, home):
        return
    os.kill(pid, signal.SIGINT)  # a fast shutdown
    deadline = time.monotonic() + 60
    while _is_at_work(pid, home):
        if time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL does not stop; its log is {home / 'server.log'}")
        time.sleep(0.02)


def is_running(home: Path) -> bool:
    """True when the process that postmaster.pid names is alive and at work in this very folder."""
    return _is_at_work(_pid(home), home)


def _is_at_work(pid: int, home: Path) -> bool:
    try:
        return pid > 0 and Path(f"/proc/{pid}/cwd").readlink() == (home / "data").resolve()
    except OSError:
        return False


def _launch(home: Path, postgres: Postgres) -> str:
    """Starts the server and waits for it; returns its output if it did not start, or nothing."""
    log = home / "server.log"
    log.touch(mode=0o600)
    server_user.give_to_server(log)
    begun = log.stat().st_size
    pg_ctl = (postgres.bin / "pg_ctl", f"--pgdata={home / 'data'}", "--wait", f"--log={log}")
    if _run(home, *pg_ctl, "start").returncode == 0:
        return ""
    return log.read_bytes()[begun:].decode(errors="replace").strip() or "it gave no reason"


def _pid(home: Path) -> int:
    try:
        return int((home / "data/postmaster.pid").read_text().split("\n")[0])
    except (OSError, ValueError):
        return 0


def _forget_stranger(home: Path) -> None:
    """Remove a pid file left by a crash whose number is a stranger's now.

    PostgreSQL would take the stranger for itself and refuse. The file stays when its process is
    gone, for it tells PostgreSQL which memory orphans may share, and while orphans are at work.
    """
    pid = _pid(home)
    everyone = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    if pid and Path(f"/proc/{pid}").exists() and not any(_is_at_work(it, home) for it in everyone):
        (home / "data/postmaster.pid").unlink()


def _run(home: Path, program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, where it can stand, free of PG* variables and locales."""
    log = home / "output"
    with log.open("w+") as output:  # a file, because a server keeps a pipe open for ever
        done = subprocess.run(
            [program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            cwd=home,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            check=False,
            start_new_session=True,  # Ctrl-C in a terminal is for make, which stops us in order
            **server_user.drop_privileges(),
        )
        output.seek(0)
        text = output.read()
    log.unlink()
    return subprocess.CompletedProcess(done.args, done.returncode, "", text)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return port > 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it gave no reason"])[-1]
