"""The local cloud: bound to its starter, on loopback only, and what its functions log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.shared import secret_store, signatures
from infra.local import cloud as clouds
from infra.local import logs, parent_watch
from infra.local.cloud import Cloud, CloudError
from infra.local.emulator import READY
from infra.local.logs import Journal, format_line


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def cloud(home: Path) -> Iterator[Cloud]:
    with clouds.running(home) as cloud:
        yield cloud


def alive(pid: int) -> bool:
    """True while the process exists; one that nobody has collected yet is dead."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def within_seconds(seconds: float, gone: list[int]) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(alive, gone)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(alive, gone))


def test_a_leash_ends_everything_with_its_holder(tmp_path: Path) -> None:
    (tmp_path / "cloudlet.py").write_text(
        "import os, subprocess, sys, time\n"
        "worker = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(os.getpid(), worker.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    holder = f"""
import os, subprocess, sys, time
os.environ["PYTHONPATH"] = {str(tmp_path)!r}
pipes = {{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}}
child = subprocess.Popen([sys.executable, {parent_watch.__file__!r}, "cloudlet"], **pipes)
print(child.stdout.readline().decode(), flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(alive, pids))
        process.kill()
    assert within_seconds(5, pids)


def test_it_listens_on_loopback_alone(cloud: Cloud) -> None:
    assert f"0100007F:{cloud.port:04X}" in listening()
    assert f"00000000:{cloud.port:04X}" not in listening()


def listening() -> set[str]:
    """Every place where this machine listens, as the kernel writes it."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {line[1] for line in lines if line[3] == "0A"}


def test_the_secrets_are_as_they_were_given(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """As boto3 reads them, and as functions do."""
    given = {"One": {"url": "postgresql://u:{}$'\"é@h/db", "signing_keys": ["k"]}, "Two": {"a": ""}}
    arns = clouds.furnish(cloud, given)
    vault = boto3.client("secretsmanager", **cloud.access)
    for name, value in cloud.environ.items():
        monkeypatch.setenv(name, value)
    signatures.load_credentials.cache_clear()
    for name, secret in given.items():
        read = vault.get_secret_value(SecretId=arns[name])
        assert json.loads(read["SecretString"]) == secret
        assert secret_store.fetch_secret(arns[name]) == (secret, read["CreatedDate"].timestamp())
    signatures.load_credentials.cache_clear()
    assert boto3.client("s3", **cloud.access).list_buckets()["Buckets"][0]["Name"] == clouds.BUCKET


def test_nothing_of_the_users_shell_is_in_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://the-users-own")
    monkeypatch.setenv("AWS_PROFILE", "production")
    environ = clouds._environ(Cloud(1), tmp_path, tmp_path)
    assert not {"DATABASE_URL", "AWS_PROFILE"} & environ.keys()
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_a_proxy_of_the_shell_is_not_asked(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert boto3.client("s3", **cloud.access).list_buckets()["ResponseMetadata"]


@pytest.mark.parametrize("token", ["", "wrong", "local"])
def test_it_is_closed_to_whoever_does_not_show_its_token(cloud: Cloud, token: str) -> None:
    """Regression: every process of the machine, and every page in a browser, read the secret."""
    stranger = boto3.client("secretsmanager", **Cloud(cloud.port, token).access)
    with pytest.raises(ClientError) as refused:
        stranger.list_secrets()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("POST", "/", {"X-Amz-Target": "secretsmanager.GetSecretValue"}),
        ("POST", "/_ministack/ready/", {"X-Amz-Target": "secretsmanager.GetSecretValue"}),
        ("POST", "/_aws/execute-api/a/b", {"X-Amz-Target": "secretsmanager.GetSecretValue"}),
        ("POST", "/_ministack/reset", {}),
        ("OPTIONS", "/", {"Origin": "http://evil.example"}),
        ("GET", "/_ministack/health", {}),
    ],
)
def test_no_side_door_is_open(
    cloud: Cloud, method: str, path: str, headers: dict[str, str]
) -> None:
    with closing(HTTPConnection("127.0.0.1", cloud.port, timeout=5)) as asked:
        asked.request(method, path, b"{}", headers)
        answer = asked.getresponse()
        assert answer.status == 403
        assert answer.getheader("Access-Control-Allow-Origin") is None


def test_whether_it_is_up_is_no_secret_and_nothing_else_is_said(cloud: Cloud) -> None:
    """A request for a secret at that path is one for that path."""
    with closing(HTTPConnection("127.0.0.1", cloud.port, timeout=5)) as asked:
        asked.request("POST", READY, b"{}", {"X-Amz-Target": "secretsmanager.ListSecrets"})
        assert b"SecretList" not in asked.getresponse().read()


def test_it_ends_with_the_block(tmp_path: Path) -> None:
    with clouds.running(tmp_path) as cloud:
        port = cloud.port
    assert f"0100007F:{port:04X}" not in listening()
    assert not (tmp_path / "cloud").exists()


def test_without_ministack_it_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clouds, "LOCAL", tmp_path)
    with pytest.raises(CloudError, match="MiniStack is missing: "), clouds.running(tmp_path):
        pass


def test_its_last_words_are_told_when_it_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "ministack/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho no such luck\nexit 3\n")
    python.chmod(0o755)
    monkeypatch.setattr(clouds, "LOCAL", tmp_path)
    sentence = r"MiniStack did not start \(no such luck\)"
    with pytest.raises(CloudError, match=sentence), clouds.running(tmp_path):
        pass


# --- what functions log ---


class Function:
    """Logs as an invocation does: a stream of its own, with the platform's lines."""

    def __init__(self, cloud: Cloud, group: str) -> None:
        self._client, self._group, self._count = boto3.client("logs", **cloud.access), group, 0
        self._client.create_log_group(logGroupName=group)

    def says(self, *lines: str) -> None:
        self._count += 1
        stream = f"2026/01/01/[$LATEST]{self._count}"
        self._client.create_log_stream(logGroupName=self._group, logStreamName=stream)
        self._client.put_log_events(
            logGroupName=self._group,
            logStreamName=stream,
            logEvents=[
                {"timestamp": int(time.time() * 1000), "message": line}
                for line in ("START RequestId: r", *lines, "END RequestId: r")
            ],
        )

    def streams(self) -> int:
        pages = self._client.get_paginator("describe_log_streams").paginate(
            logGroupName=self._group
        )
        return sum(len(page["logStreams"]) for page in pages)


def test_the_journal_follows_the_functions(cloud: Cloud, tmp_path: Path) -> None:
    function, journal = Function(cloud, "/test/follow"), Journal(tmp_path / "log", None)
    function.says("before")
    with logs.follow_logs(cloud, "/test/follow", journal):
        function.says("one", "  two")
        time.sleep(0.6)
        function.says("three")
    told = [line.split("  ", 1)[1] for line in journal.file.read_text().splitlines()]
    assert told == ["before", "one", "  two", "three"]


def test_old_streams_are_forgotten(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_KEPT", 3)
    function, journal = Function(cloud, "/test/forget"), Journal(tmp_path / "log", None)
    follower = logs.Follower(cloud, "/test/forget", journal)
    for number in range(8):
        function.says(f"line {number}")
        follower.look()
    follower.look()
    assert function.streams() == 3
    assert len(journal.file.read_text().splitlines()) == 8


REQUEST = {
    "event": "request",
    "method": "POST",
    "route": "/api/tilt/events",
    "status": 200,
    "ms": 3.14159,
    "rows": 1,
    "request_id": "r-1",
    "cold": True,
}


def test_a_request_is_read_at_a_glance() -> None:
    line = format_line(json.dumps(REQUEST) + "\n", 0)
    assert line
    assert line[8:] == "  POST    200       3.1 ms  /api/tilt/events  cold  r-1"


@pytest.mark.parametrize("message", ["plain", '{"event": "failure"}', "[1]", "3", '{"cold": true'])
def test_other_lines_stay_as_they_are(message: str) -> None:
    line = format_line(message, 0)
    assert line
    assert line[8:] == f"  {message}"


@pytest.mark.parametrize(
    "message",
    ["", "\n", "START RequestId: r Version: 1", "REPORT RequestId: r", '{"event": "metric"}'],
)
def test_metrics_and_the_platforms_lines_are_left_out(message: str) -> None:
    assert format_line(message, 0) is None


def test_a_traceback_names_files_of_the_checkout() -> None:
    unpacked = "/tmp/x/cloud/ministack-lambda-tiltyard-TiltFunction-1-ab/code/"
    line = format_line(f'  File "{unpacked}functions/tilt/events.py", line 3, in record', 0)
    assert line
    assert line[8:] == '    File "functions/tilt/events.py", line 3, in record'


def test_a_closed_terminal_stops_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    broken = open(writing, "w")  # noqa: SIM115 — it cannot even be closed without an error
    was = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    journal = Journal(tmp_path / "log", broken)
    journal.say("still here")
    signal.signal(signal.SIGPIPE, was)
    with suppress(BrokenPipeError):
        broken.close()
    assert journal.file.read_text() == "still here\n"
