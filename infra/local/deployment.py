"""The template on the local cloud: `sam build`, `sam deploy`, the migration."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from infra.local import sam
from infra.local.cloud import BUCKET, Cloud, CloudError
from infra.package import PINS

STACK = "tiltyard"
_SETTINGS = ["--config-file", str(sam.ROOT / "samconfig.toml"), "--config-env", "local"]


@dataclass(frozen=True)
class Deployment:
    """What the deployed template says of itself."""

    api: str
    stage: str
    live_api: str
    migrate: str
    logs: str
    queue: str
    dead_letters: str
    lake: str = ""  # of a stack that was deployed before there was one

    def address(self, cloud: Cloud) -> str:
        """Where the cloud serves the REST API."""
        return f"{cloud.endpoint}/_aws/execute-api/{self.api}/{self.stage}"

    def sockets(self, cloud: Cloud) -> str:
        """Where the cloud takes sockets."""
        return f"{cloud.endpoint}/_aws/execute-api/{self.live_api}/live".replace("http", "ws", 1)


class Build:
    """A `sam build` at work."""

    def __init__(self, home: Path) -> None:
        words = ["build", *_SETTINGS, "--build-dir", str(home / "build"), *_parameters({})]
        self._log = home / "build.log"
        with self._log.open("w") as log:
            self._process = sam.start(words, {"TILTYARD_TARGET": "local", PINS: "1"}, log.fileno())

    def finish(self) -> None:
        """Wait until it is done; CloudError with its reason when it failed."""
        if self._process.wait():
            raise CloudError(f"sam build failed: {sam.get_reason(self._log)}")

    def close(self) -> None:
        """End it if it is still at work."""
        sam.stop(self._process)


@contextmanager
def build_beside(home: Path) -> Iterator[Build]:
    """A build that goes on beside whatever the block does."""
    build = Build(home)
    try:
        yield build
    finally:
        build.close()


def deploy(cloud: Cloud, home: Path, parameters: dict[str, str]) -> Deployment:
    """Put the last build on the cloud; CloudError with CloudFormation's reason when it refuses."""
    words = ["deploy", *_SETTINGS, "--template-file", str(home / "build" / "template.yaml")]
    words += ["--stack-name", STACK, "--s3-bucket", BUCKET]
    words += _parameters(parameters)
    file = home / "deploy.log"
    with file.open("w") as log:
        process = sam.start(words, cloud.environ, log.fileno())
        try:
            failed = process.wait()
        finally:
            sam.stop(process)
    if failed:
        raise CloudError(f"sam deploy failed: {sam.get_reason(file)}")
    return _outputs(cloud)


def _outputs(cloud: Cloud) -> Deployment:
    formation = boto3.client("cloudformation", **cloud.access)
    [stack] = formation.describe_stacks(StackName=STACK)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return Deployment(
        api=outputs["ApiId"],
        stage=outputs["ApiStage"],
        live_api=outputs["LiveApiId"],
        migrate=outputs["MigrateFunction"],
        logs=outputs["LogGroup"],
        queue=outputs["SpoolQueue"],
        dead_letters=outputs["SpoolDeadLetters"],
        lake=outputs["LakeBucket"],
    )


def migrate(cloud: Cloud, deployment: Deployment) -> list[str]:
    """Run the deployed migration; the names it applied, or CloudError with its sentence."""
    functions = boto3.client("lambda", **cloud.access)
    answer = functions.invoke(FunctionName=deployment.migrate, Payload=b"{}")
    report = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise CloudError(f"The migration failed: {report.get('errorMessage', report)}")
    applied: list[str] = report["applied"]
    return applied


def _parameters(more: dict[str, str]) -> list[str]:
    """The template's parameters as this machine needs them."""
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    here = {
        "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": machine,
        "FunctionAlarms": "off",  # the local cloud computes with no metrics
    }
    # Quoted, for SAM parts a value at its spaces.
    return ["--parameter-overrides", *(f'{key}="{value}"' for key, value in (here | more).items())]
