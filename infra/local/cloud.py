"""The AWS of the local stack: a MiniStack of our own on loopback, with a bucket and secrets."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, TypedDict

import boto3
from botocore.config import Config

from infra.local import emulator

LOCAL = Path(__file__).resolve().parents[2] / ".local"
REGION = "us-east-1"
BUCKET = "tiltyard-artifacts"
_SERVICES = (
    "apigateway,cloudformation,events,iam,kms,lambda,logs,monitoring,"
    "s3,scheduler,secretsmanager,sqs,ssm,sts"
)
_PATIENCE = 30.0


class CloudError(RuntimeError):
    """One sentence that says what the local cloud lacks and what to do."""


@dataclass(frozen=True)
class Cloud:
    """Where a local cloud listens, and what it asks of whoever uses it."""

    port: int
    token: str = ""
    process: subprocess.Popen[bytes] | None = None  # ours, if we started it

    def is_up(self) -> bool:
        """False once a cloud of ours has ended by itself."""
        return self.process is None or self.process.poll() is None

    @property
    def endpoint(self) -> str:
        """What AWS tools take as AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """What makes AWS tools talk to this cloud and to no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": self.token,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def access(self) -> Access:
        """What boto3.client takes beside the service's name."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": REGION,
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
            "aws_session_token": self.token,
            "config": _DIRECT,
        }


class Access(TypedDict):
    """Arguments of boto3.client."""

    endpoint_url: str
    region_name: str
    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str
    config: Config


# No proxy is between us and our own loopback. A migration may take its time, and repeating the call
# would only start a second one.
_DIRECT = Config(proxies={}, read_timeout=900, retries={"total_max_attempts": 1})


@contextmanager
def running(home: Path, queues: Path | None = None) -> Iterator[Cloud]:
    """A cloud that starts now and ends with the block, or with this process if that comes first.

    What its queues hold stays in the folder `queues`, by default one of `home`.
    """
    python = LOCAL / "ministack" / "bin" / "python"
    if not python.exists():
        raise CloudError(
            "MiniStack is missing: `python3 infra/local/environments.py ministack` gets it."
        )
    scratch = home / "cloud"
    shutil.rmtree(scratch, ignore_errors=True)  # unpacked functions of a killed run
    scratch.mkdir(parents=True)
    cloud = Cloud(free_port(), secrets.token_urlsafe(32))
    with (home / "cloud.log").open("wb") as log:
        process = subprocess.Popen(
            [python, Path(__file__).with_name("parent_watch.py"), emulator.__file__],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environ(cloud, scratch, queues or home / "queues"),
            cwd=scratch,
        )
        assert process.stdin
        try:
            _await_ready(cloud, process, home)
            yield replace(cloud, process=process)
        finally:
            process.stdin.close()  # ends what watches it
            process.wait()
            shutil.rmtree(scratch, ignore_errors=True)


def _environ(cloud: Cloud, scratch: Path, queues: Path) -> dict[str, str]:
    """All that MiniStack sees; its Lambdas inherit it, so nothing of the user's shell is in it."""
    return cloud.environ | {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        emulator.QUEUES: str(queues),
        "STATE_DIR": str(scratch / "state"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(cloud.port),
        "SERVICES": _SERVICES,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _await_ready(cloud: Cloud, process: subprocess.Popen[bytes], home: Path) -> None:
    """Return when the cloud answers; CloudError with its last words when it does not."""
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        asked = HTTPConnection("127.0.0.1", cloud.port, timeout=5)
        with suppress(OSError, HTTPException), closing(asked):
            asked.request("GET", emulator.READY)
            if asked.getresponse().status == HTTPStatus.OK:
                return
        time.sleep(0.05)
    words = (home / "cloud.log").read_text(errors="replace").strip().splitlines()[-1:]
    raise CloudError(f"MiniStack did not start ({''.join(words) or 'it said nothing'}).")


def furnish(cloud: Cloud, secrets_: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Make the bucket that SAM uploads to and the secrets that functions read; their ARNs."""
    boto3.client("s3", **cloud.access).create_bucket(Bucket=BUCKET)
    vault = boto3.client("secretsmanager", **cloud.access)
    return {
        name: vault.create_secret(Name=name, SecretString=json.dumps(secret))["ARN"]
        for name, secret in secrets_.items()
    }


def free_port() -> int:
    """A port of the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
