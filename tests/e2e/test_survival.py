"""A stack that is killed loses nothing that it accepted: the next one stores it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local import stack as local_stack
from infra.local import timescale
from infra.local.cloud import free_port
from infra.local.sam import ROOT
from infra.local.state import State
from tests.support.stack import NOW, Database, Wire, event, until

EVENTS = 12
RUN = """
import sys
from pathlib import Path
from infra.local import commands
commands.HOME = Path(sys.argv[1])
commands.QUEUES = commands.HOME / "queues"
sys.argv = ["", "run"]
sys.exit(commands.main())
"""
SETTINGS = {
    "API_KEY": "a-key-of-ones-own",
    "TILT_KEYS": "required",
    "DATABASE_POOLER": "true",
    "LOGS_IP_DAYS": "7",
    "AVATAR_URL": "https://pictures.example/{steamId}.png?a=1&b=2",
    "LOG_LEVEL": "WARNING",
}


@contextmanager
def make_run(home: Path, settings: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`make run` in a folder of its own, when it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(home)],
        cwd=ROOT,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert "ready\n" in process.stdout
            yield process
        finally:
            process.kill()


def environments(state: State) -> dict[str, dict[str, str]]:
    """What each deployed function has in its environment, by the function's name."""
    functions = boto3.client("lambda", **state.cloud().access).list_functions()["Functions"]
    return {one["FunctionName"]: one["Environment"]["Variables"] for one in functions}


def letters(state: State) -> list[str]:
    sqs = boto3.client("sqs", **state.cloud().access)
    got = sqs.receive_message(
        QueueUrl=state.deployed.dead_letters, VisibilityTimeout=0, MaxNumberOfMessages=10
    )
    return [message["Body"] for message in got.get("Messages", [])]


def test_a_killed_stack_loses_no_event_and_no_dead_letter(
    database: Database, tmp_path: Path
) -> None:
    """Regression: 36 of 36 events that had been answered 202 were gone, and dead letters too."""
    if database.home is None:
        pytest.skip("the server of DATABASE_URL is not ours to stop")
    home, server, port = tmp_path / "stack", database.server, str(free_port())
    urls = {"DATABASE_URL": server.app_url, "MIGRATE_URL": server.admin_url, "PORT": port}
    with make_run(home, {**SETTINGS, **urls}) as process:
        state = State.read(home)
        assert state.url == f"http://127.0.0.1:{port}"
        _hold_settings(environments(state), state, server)
        poison = json.dumps(
            {"kind": "tilt.events", "at": NOW, "items": [event("killed", tiltScore=-1)]}
        )
        sqs = boto3.client("sqs", **state.cloud().access)
        sqs.send_message(QueueUrl=state.deployed.queue, MessageBody=poison)
        until(30, lambda: len(letters(state)) == 1)
        database.stop()
        try:
            sent = [event("killed", tiltScore=number) for number in range(EVENTS)]
            key = {"X-Api-Key": SETTINGS["API_KEY"]}
            post = partial(Wire(state.url), "POST", "/api/tilt/events", headers=key)
            assert Wire(state.url)("POST", "/api/tilt/events", sent[0]).status == 401
            replies = [post(one) for one in sent]
            process.kill()
            process.wait()
        finally:
            database.start()
    assert {reply.status for reply in replies} == {202}

    with local_stack.running(home, database=database.server) as running:
        http = Wire(running.url)

        def stored() -> set[str]:
            history = http("GET", "/api/tilt/history/killed").json["events"]
            return {one["id"] for one in history}

        until(60, lambda: len(stored()) == EVENTS)
        assert stored() == {reply.json["eventId"] for reply in replies}
        assert len(letters(State.read(home))) == 1
        assert "13 messages that an earlier stack left" in running.journal.file.read_text()
        time.sleep(1)
        assert http("GET", "/api/tilt/stats/killed").json["totalEvents"] == EVENTS


def _hold_settings(
    found: dict[str, dict[str, str]], state: State, server: timescale.Server
) -> None:
    """Every setting of README's table has arrived wherever the template wants it: what is secret
    in a secret, and nowhere else."""
    seen = set()
    for environ in found.values():
        here = SETTINGS.keys() & environ.keys()
        seen |= here
        assert {one: environ[one] for one in here} == {one: SETTINGS[one] for one in here}
    assert seen == SETTINGS.keys() - {"API_KEY"}
    store = read_secret(state, "DatabaseSecret")
    assert (store["url"], store["api_key"]) == (server.app_url, SETTINGS["API_KEY"])
    assert read_secret(state, "MigrateSecret") == {"migrate_url": server.admin_url}
    held = {*read_secret(state, "AccountsSecret").values(), *store["signing_keys"], server.app_url}
    text = json.dumps(found)
    assert not [secret for secret in held if secret and secret in text]


def read_secret(state: State, parameter: str) -> dict[str, Any]:
    """What a secret of the template's parameters holds."""
    vault = boto3.client("secretsmanager", **state.cloud().access)
    value = vault.get_secret_value(SecretId=state.parameters[parameter])["SecretString"]
    secret: dict[str, Any] = json.loads(value)
    return secret
