"""TimescaleDB in a container, for machines that have an engine and no Debian."""

import hashlib
import os
import subprocess
from pathlib import Path

IMAGE = "timescale/timescaledb:latest-pg17"


class ContainerError(RuntimeError):
    """One sentence that says what the engine refused."""


def is_engine_up() -> bool:
    """True when a container engine is installed here and its daemon is up."""
    try:
        return _docker("info", timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def start(home: Path, password: str, durable: bool) -> int:
    """Start the container of this folder, made when missing; returns its port on loopback."""
    name = _name(home)
    if _docker("start", name).returncode:
        keep = [] if durable else ["-c", "fsync=off", "-c", "synchronous_commit=off"]
        made = _docker(
            *("run", "--detach", "--name", name, "--publish", "127.0.0.1::5432"),
            *("--volume", f"{name}:/var/lib/postgresql/data", "--env", "POSTGRES_PASSWORD"),
            *("--env", "TIMESCALEDB_TELEMETRY=off", IMAGE),
            *("-c", "max_connections=200", "-c", "timezone=UTC", "-c", "jit=off", *keep),
            *("-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"),
            password=password,
        )
        if made.returncode:
            raise ContainerError(f"The container engine cannot run {IMAGE}: {made.stderr.strip()}")
    return int(_docker("port", name, "5432/tcp").stdout.split("\n")[0].rpartition(":")[2])


def is_running(home: Path) -> bool:
    """True when the container of this folder is up."""
    state = _docker("inspect", "--format", "{{.State.Running}}", _name(home))
    return state.stdout.strip() == "true"


def stop(home: Path) -> None:
    """Stop the container, keeping its volume."""
    _docker("stop", _name(home))


def remove(home: Path) -> None:
    """Remove the container and its volume: the data is gone."""
    _docker("rm", "--force", _name(home))
    _docker("volume", "rm", "--force", _name(home))


def _name(home: Path) -> str:
    return f"tiltyard-{hashlib.sha256(bytes(home)).hexdigest()[:12]}"


def _docker(
    *words: str, password: str = "", timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the engine's command line; a password goes by environment, unseen by `ps`."""
    environ = {**os.environ, "POSTGRES_PASSWORD": password}
    return subprocess.run(
        ["docker", *words],
        capture_output=True,
        text=True,
        env=environ,
        timeout=timeout,
        check=False,
    )
