"""The AWS of the local stack: a MiniStack of our own on loopback, with a bucket and a secret."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

LOCAL = Path(__file__).resolve().parents[2] / ".local"
REGION = "us-east-1"
BUCKET = "tiltyard-artifacts"
_SECRET = "tiltyard"  # noqa: S105 — its name
_SERVICES = (
    "apigateway,cloudformation,events,iam,kms,lambda,logs,monitoring,"
    "s3,scheduler,secretsmanager,sqs,ssm,sts"
)
_PATIENCE = 30.0


class CloudError(RuntimeError):
    """One sentence that says what the local cloud lacks and what to do."""


@dataclass(frozen=True)
class Cloud:
    """Where a local cloud listens; whoever knows the port can use it."""

    port: int

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
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def session(self) -> boto3.Session:
        """A boto3 session; give its clients `endpoint_url=cloud.endpoint`."""
        return boto3.Session("local", "local", region_name=REGION)


# A migration may take its time; repeating the call would only start a second one.
PATIENT = Config(read_timeout=900, retries={"total_max_attempts": 1})


@contextmanager
def running(home: Path) -> Iterator[Cloud]:
    """A cloud that starts now and ends with the block, or with this process if that comes first."""
    python = LOCAL / "ministack" / "bin" / "python"
    if not python.exists():
        raise CloudError(
            "MiniStack is missing: `python3 infra/local/environments.py ministack` gets it."
        )
    scratch = home / "cloud"
    shutil.rmtree(scratch, ignore_errors=True)  # unpacked functions of a killed run
    scratch.mkdir(parents=True)
    cloud = Cloud(free_port())
    with (home / "cloud.log").open("wb") as log:
        process = subprocess.Popen(
            [python, Path(__file__).with_name("leash.py"), "ministack"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environ(cloud, scratch),
            cwd=scratch,
        )
        assert process.stdin
        try:
            _await_ready(cloud, process, home)
            yield cloud
        finally:
            process.stdin.close()  # lets go of the leash
            process.wait()
            shutil.rmtree(scratch, ignore_errors=True)


def _environ(cloud: Cloud, scratch: Path) -> dict[str, str]:
    """All that MiniStack sees; its Lambdas inherit it, so nothing of the user's shell is in it."""
    return cloud.environ | {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
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
        try:
            with urllib.request.urlopen(f"{cloud.endpoint}/_ministack/ready", timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    words = (home / "cloud.log").read_text(errors="replace").strip().splitlines()[-1:]
    raise CloudError(f"MiniStack did not start ({''.join(words) or 'it said nothing'}).")


def furnish(cloud: Cloud, secret: dict[str, str]) -> str:
    """Make the bucket that SAM uploads to and the secret that the template reads; its ARN."""
    session = cloud.session()
    session.client("s3", endpoint_url=cloud.endpoint).create_bucket(Bucket=BUCKET)
    vault = session.client("secretsmanager", endpoint_url=cloud.endpoint)
    return vault.create_secret(Name=_SECRET, SecretString=json.dumps(secret))["ARN"]


def free_port() -> int:
    """A port of the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
