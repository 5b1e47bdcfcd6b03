"""The stack's own bookkeeping; tests/e2e drives a whole one."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import commands, deployment, sam, stack, state
from infra.local.cloud import Cloud, CloudError
from infra.local.deployment import Deployment
from infra.local.edge import Behind
from infra.local.state import StackError, State

DEPLOYED = Deployment(
    "api1", "live", "sockets", "migrate", "/tiltyard/functions", "queue", "letters"
)
STATE = State(1, "http://127.0.0.1:8000", 4566, {"TiltKeys": "optional"}, DEPLOYED)


def test_the_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    STATE.write(tmp_path)
    assert State.read(tmp_path) == STATE
    assert STATE.address() == "http://127.0.0.1:4566/_aws/execute-api/api1/live"


def test_the_edge_follows_a_new_deployment(tmp_path: Path) -> None:
    behind = stack._behind(tmp_path)
    assert behind() is None
    STATE.write(tmp_path)
    sockets = "ws://127.0.0.1:4566/_aws/execute-api/sockets/live"
    assert behind() == Behind("http://127.0.0.1:4566/_aws/execute-api/api1/live", sockets)
    later = replace(DEPLOYED, api="api2")
    State(**vars(STATE) | {"deployed": later}).write(tmp_path)
    os.utime(tmp_path / "state.json", ns=(1, 1))  # a clock too coarse to tell them apart
    assert behind() == Behind("http://127.0.0.1:4566/_aws/execute-api/api2/live", sockets)


def test_a_second_stack_of_a_folder_is_refused(tmp_path: Path) -> None:
    assert state.get_owner(tmp_path) is None
    with ExitStack() as first:
        first.enter_context(state.own_folder(tmp_path))
        assert state.get_owner(tmp_path) == os.getpid()
        with (
            pytest.raises(StackError, match=r"runs already: .*make stop"),
            state.own_folder(tmp_path),
        ):
            pass
    assert state.get_owner(tmp_path) is None


def test_keys_are_made_once_and_are_their_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "LOCAL", tmp_path / "new")
    monkeypatch.delenv("API_KEY", raising=False)
    keys = stack.secret_keys()
    assert stack.secret_keys() == keys
    assert len(keys["signing_key"]) >= 32
    assert stat.S_IMODE((tmp_path / "new/keys.json").stat().st_mode) == 0o600
    monkeypatch.setenv("API_KEY", "mine")
    assert stack.secret_keys() == keys | {"api_key": "mine"}


def test_deploying_without_a_stack_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "HOME", tmp_path)
    with pytest.raises(StackError, match="start one with `make run`"):
        commands.deploy()


def test_the_command_line_says_it_and_nothing_else() -> None:
    command = [sys.executable, "-m", "infra.local", "run"]
    environ = os.environ | {"PORT": "http"}
    done = subprocess.run(command, cwd=sam.ROOT, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "PORT is 'http': it must be a number from 0 to 65535, 0 for any.\n"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_without_a_word(ending: signal.Signals) -> None:
    waiting = """
import sys, time, types
main = lambda: print("up", flush=True) or time.sleep(60)
sys.modules["infra.local.commands"] = types.SimpleNamespace(main=main)
from infra.local import __main__ as door
door.main()
"""
    with subprocess.Popen(
        [sys.executable, "-c", waiting],
        cwd=sam.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        process.send_signal(ending)
        process.send_signal(ending)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""


def test_a_failed_build_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_sam(
        tmp_path, monkeypatch, "echo 'Building'; echo 'Error: PackageError: no network'; exit 1"
    )
    sentence = r"sam build failed: Error: PackageError: no network \(all of it: .*build.log\)"
    with pytest.raises(CloudError, match=sentence), deployment.build_beside(tmp_path) as build:
        build.finish()


def test_a_failed_deployment_says_which_resource(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_sam(tmp_path, monkeypatch, "echo 'CREATE_FAILED Layer too large'; echo 'bye'; exit 1")
    with pytest.raises(CloudError, match="sam deploy failed: CREATE_FAILED Layer too large"):
        deployment.deploy(Cloud(1), tmp_path, {"TiltKeys": "optional"})


def test_an_abandoned_build_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_sam(tmp_path, monkeypatch, f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    with deployment.build_beside(tmp_path):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            pass
    child = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    deadline = time.monotonic() + 5
    while _runs(child):
        assert time.monotonic() < deadline


def test_sam_sees_the_way_to_pypi_but_no_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sam, "LOCAL", tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("MAKEFLAGS", "--jobserver-auth=3,4")
    environ = sam._quiet({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert environ["PIP_INDEX_URL"] == "https://mirror"
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environ["SAM_CLI_TELEMETRY"] == "0"
    assert not {"AWS_PROFILE", "MAKEFLAGS"} & environ.keys()
    settings = json.loads((tmp_path / "sam-settings/metadata.json").read_text())
    assert settings["telemetryEnabled"] is False


def _runs(stat: Path) -> bool:
    """True while the process of this /proc/…/stat exists and is no zombie."""
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _fake_sam(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "sam-program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sam, "_PROGRAM", program)
