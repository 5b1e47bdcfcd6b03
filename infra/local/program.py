"""What `make run`, `deploy-local`, `stop` and `reset` do."""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from infra.local import deployment, lock, state
from infra.local.environments import ensure
from infra.local.state import HOME, StackError, State

# The rest is imported where it is used: deploy-local should not wait for what only run needs.
if TYPE_CHECKING:
    from infra.local.stack import Stack


def run() -> None:
    """Run the stack until a signal ends it."""
    from infra.local import stack

    begun = time.monotonic()
    keys = _chosen("TILT_KEYS", "optional", ("required", "optional"))
    _chosen("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
    port = _port()
    ensure("ministack", "sam")
    with stack.running(HOME, port, tilt_keys=keys, terminal=sys.stdout) as local:
        local.journal.show(_table(local))
        local.journal.show(f"  {'Started in':<13} {time.monotonic() - begun:.1f} s")
        local.journal.show("ready")
        try:
            while local.cloud.is_up():
                # Not signal.pause(): a signal that comes just before it would be slept through.
                time.sleep(0.2)
            raise StackError(f"MiniStack ended by itself; {HOME}/cloud.log may say why.")
        finally:
            local.journal.show("Stopping.")


def deploy() -> None:
    """Put the code of this moment behind the URL of the running stack."""
    begun = time.monotonic()
    ensure("sam")
    if not state.owner(HOME) or not (HOME / "state.json").exists():
        raise StackError("No stack of this checkout is ready: start one with `make run`.")
    known = State.read(HOME)
    cloud = known.cloud()
    with lock.held(HOME / "deploying"):
        with deployment.building(HOME) as build:
            build.finish()
        deployed = deployment.deploy(cloud, HOME, known.parameters)
        applied = deployment.migrate(cloud, deployed)
        dataclasses.replace(known, deployed=deployed).write(HOME)
    done = f"{', '.join(applied)} applied, " if applied else ""
    print(f"Deployed to {known.url} ({done}{time.monotonic() - begun:.1f} s)")


def stop() -> None:
    """End the checkout's stack and database, whoever started them."""
    from infra.local import timescale

    owner = state.owner(HOME)
    if owner:
        os.kill(owner, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while state.owner(HOME) and time.monotonic() < deadline:
            time.sleep(0.05)
        if state.owner(HOME):
            os.kill(owner, signal.SIGKILL)  # its cloud goes with it
    timescale.stop()
    print("Stopped.")


def reset() -> None:
    """End the checkout's stack and delete its data."""
    from infra.local import timescale

    stop()
    timescale.reset()
    print("The local data is deleted.")


def _chosen(name: str, default: str, choices: tuple[str, ...]) -> str:
    given = os.environ.get(name) or default
    if given not in choices:
        raise StackError(f"{name} is {given!r}: it must be {' or '.join(choices)}.")
    return given


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdecimal() or int(given) > 65535:
        raise StackError(f"PORT is {given!r}: it must be a number from 0 to 65535, 0 for any.")
    return int(given)


def _table(local: Stack) -> str:
    rows = {
        "API": local.url,
        "Docs": f"{local.url}/docs",
        "API key": local.api_key,
        "Database": local.database.app_url,
        "": local.database.where,
        "AWS endpoint": local.cloud_endpoint,
        "Log file": str(local.journal.file),
    }
    return "\n".join(f"  {name:<13} {value}" for name, value in rows.items())


def main() -> int:
    """0 when the verb was done, 1 with a sentence when it could not be."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    verbs = {"run": run, "deploy": deploy, "stop": stop, "reset": reset}
    parser.add_argument("verb", choices=verbs)
    try:
        verbs[parser.parse_args().verb]()
    except _sentences() as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _sentences() -> tuple[type[Exception], ...]:
    """Every error whose text is for people. Asked for, and imported, only when there is one."""
    from infra.local.cloud import CloudError
    from infra.local.edge import EdgeError
    from infra.local.environments import EnvironmentsError
    from infra.local.timescale import TimescaleError

    return (StackError, CloudError, EdgeError, EnvironmentsError, TimescaleError)
