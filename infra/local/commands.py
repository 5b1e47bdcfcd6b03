"""What `make run`, `deploy-local`, `stop` and `reset` do."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

from infra.local import deployment, lock, state
from infra.local.environments import ensure_ready
from infra.local.state import HOME, QUEUES, StackError, State

# The rest is imported where it is used: deploy-local should not wait for what only run needs.
if TYPE_CHECKING:
    from infra.local.stack import Stack

_MANY = 1_000_000  # the highest limit that anybody may choose


def run() -> None:
    """Run the stack until a signal ends it."""
    from infra.local import stack

    begun = time.monotonic()
    chosen = _parameters()
    port = _port()
    ensure_ready("ministack", "sam")
    with stack.running(HOME, port, chosen=chosen, terminal=sys.stdout, queued=QUEUES) as local:
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
    ensure_ready("sam")
    if not state.get_owner(HOME) or not (HOME / "state.json").exists():
        raise StackError("No stack of this checkout is ready: start one with `make run`.")
    known = State.read(HOME)
    cloud = known.cloud()
    with lock.hold_lock(HOME / "deploying"):
        with deployment.build_beside(HOME) as build:
            build.finish()
        deployed = deployment.deploy(cloud, HOME, known.parameters)
        applied = deployment.migrate(cloud, deployed)
        dataclasses.replace(known, deployed=deployed).write(HOME)
    done = f"{', '.join(applied)} applied, " if applied else ""
    print(f"Deployed to {known.url} ({done}{time.monotonic() - begun:.1f} s)")


def stop() -> None:
    """End the checkout's stack and database, whoever started them."""
    from infra.local import timescale

    owner = state.get_owner(HOME)
    if owner:
        os.kill(owner, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while state.get_owner(HOME) and time.monotonic() < deadline:
            time.sleep(0.05)
        if state.get_owner(HOME):
            os.kill(owner, signal.SIGKILL)  # its cloud goes with it
    timescale.stop()
    print("Stopped.")


def reset() -> None:
    """End the checkout's stack and delete its data."""
    from infra.local import timescale

    stop()
    timescale.reset()
    shutil.rmtree(QUEUES, ignore_errors=True)
    print("The local data is deleted.")


def _parameters() -> dict[str, str]:
    """The template's parameters that the environment chooses; StackError names a wrong one."""
    _api_key()
    _own_stores()
    return {
        "LogLevel": _chosen("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        "TiltKeys": _chosen("TILT_KEYS", "optional", ("required", "optional")),
        "DatabasePooler": _pooler(),
        "Ingest": _chosen("INGEST", "direct", ("direct", "buffered")),
        "LogsIpDays": str(_number("LOGS_IP_DAYS", 30, 1, 90)),
        "StaminaRegenPercent": _share("STAMINA_REGEN_PERCENT", "0.1"),
        "StaminaRegenInterval": str(_number("STAMINA_REGEN_INTERVAL", 10, 1, 86_400)),
        "FanoutRate": str(_number("FANOUT_RATE", 2000, 1, _MANY)),
        "GameMinContribution": _percent("GAME_MIN_CONTRIBUTION", "0"),
        "LoginFailures": str(_number("LOGIN_FAILURES", 5, 1, _MANY)),
        "AccountFailures": str(_number("ACCOUNT_FAILURES", 10, 1, _MANY)),
        "Registrations": str(_number("REGISTRATIONS", 100, 1, _MANY)),
        "GeneralRequests": str(_number("GENERAL_REQUESTS", 1000, 1, _MANY)),
        "BattleUpdates": str(_number("BATTLE_UPDATES", 60, 1, _MANY)),
        "TrackerOpenOrganizer": _chosen("TRACKER_OPEN_ORGANIZER", "0", ("0", "1")),
        "PasswordRounds": str(_number("PASSWORD_ROUNDS", 12, 4, 16)),
        "CorsOrigins": _origins(),
        **_url("AVATAR_URL", "AvatarUrl", "{steamId}"),
        **_url("PASSWORD_RESET_URL", "PasswordResetUrl", "{token}"),
    }


def _pooler() -> str:
    chosen = _chosen("DATABASE_POOLER", "false", ("true", "false"))
    if chosen == "true" and os.environ.get("DATABASE_URL") and not os.environ.get("MIGRATE_URL"):
        raise StackError(
            "DATABASE_POOLER is 'true': set MIGRATE_URL, too, to the address of the same database "
            "past the pooler, which a migration cannot pass."
        )
    return chosen


def _own_stores() -> None:
    from infra.local import given

    for name in ("DATABASE_URL_TTT", "DATABASE_URL_TILT", "DATABASE_URL_LOGS"):
        if url := os.environ.get(name):
            try:
                given.inspect(name, url)
            except given.GivenError as error:
                raise StackError(str(error)) from error


def _api_key() -> None:
    if not re.fullmatch(r"[!-~]{0,512}", os.environ.get("API_KEY", "")):
        raise StackError("API_KEY must be up to 512 characters of ASCII without spaces.")


_ORIGIN = (
    r"[a-z][a-z0-9+.-]*://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"  # as settings.py has it
)


def _origins() -> str:
    given = os.environ.get("CORS_ORIGINS") or "*"
    if given != "*" and not re.fullmatch(f"{_ORIGIN}(,{_ORIGIN})*", given):
        raise StackError(
            f"CORS_ORIGINS is {given!r}: it must be * or origins such as https://panel.example, "
            "separated by commas."
        )
    return given


def _url(name: str, parameter: str, part: str) -> dict[str, str]:
    given = os.environ.get(name)
    if not given:
        return {}  # SAM takes no empty value
    if part not in given or not given.isprintable() or set(given) & set(" \"'\\"):
        raise StackError(f"{name} is {given!r}: it must be an address with {part} in it.")
    return {parameter: given}


def _chosen(name: str, default: str, choices: tuple[str, ...]) -> str:
    given = os.environ.get(name) or default
    if given not in choices:
        raise StackError(f"{name} is {given!r}: it must be {' or '.join(choices)}.")
    return given


def _port() -> int:
    return _number("PORT", 8000, 0, 65535, ", 0 for any")


def _number(name: str, default: int, least: int, most: int, hint: str = "") -> int:
    given = os.environ.get(name) or str(default)
    if not (given.isascii() and given.isdecimal() and least <= int(given) <= most):
        must = f"it must be a number from {least} to {most}{hint}."
        raise StackError(f"{name} is {given!r}: {must}")
    return int(given)


def _share(name: str, default: str) -> str:
    given = os.environ.get(name) or default
    if not (re.fullmatch(r"[01](\.[0-9]{1,3})?", given) and 0 < float(given) <= 1):
        raise StackError(f"{name} is {given!r}: it must be a share from 0.001 to 1.")
    return given


def _percent(name: str, default: str) -> str:
    given = os.environ.get(name) or default
    if not (re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", given) and float(given) <= 100):
        raise StackError(f"{name} is {given!r}: it must be a percentage from 0 to 100.")
    return given


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
