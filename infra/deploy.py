"""Deploys to AWS: `make deploy STAGE=prod`, in the AWS account of the shell.

Builds, migrates the database through a stack of its own, and only then changes the functions that
serve. Asks once what a new stage needs. Whatever fails ends it; what serves goes on serving, for
each migration works with the code before it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra import build, migrations_stack
from infra.local import sam
from infra.local.cloud import CloudError
from infra.package import LAMBDA, PackageError
from infra.stages import Stage, StageError, ask_stage, read_stage

_PATIENCE = Config(read_timeout=910, retries={"total_max_attempts": 1})  # a migration's 15 minutes


class DeployError(Exception):
    """Why nothing more is deployed, in a sentence."""


def deploy(stage: Stage, config: Path, into: Path, target: str) -> None:
    """All steps, each after the one before succeeded; raises DeployError."""
    session = boto3.Session(region_name=stage.region)
    account = _check_account(session)
    print(f"Stage {stage.name}: stack {stage.stack} in {stage.region}, account {account}")
    print(f"1. Build for {target}", flush=True)
    if build.build(target, into):
        raise DeployError("The build failed: nothing was deployed.")
    built = into / "template.yaml"
    migrations = into / "migrations.yaml"
    cut = migrations_stack.cut_out(yaml.safe_load(built.read_text(encoding="utf-8")))
    migrations.write_text(yaml.safe_dump(cut, sort_keys=False), encoding="utf-8")
    stack = f"{stage.stack}-migrations"
    print(f"2. Migrate the database, by the stack {stack}", flush=True)
    _run_sam(stage, config, migrations, stack)
    print(_migrate(session, stack), flush=True)
    print(f"3. Deploy the stack {stage.stack}", flush=True)
    _run_sam(stage, config, built, stage.stack)
    for name, value in sorted(_read_outputs(session, stage.stack).items()):
        print(f"{name:<22} {value}")


def _check_account(session: boto3.Session) -> str:
    try:
        return str(session.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"AWS does not know this shell: {error}") from error


def _run_sam(stage: Stage, config: Path, template: Path, stack: str) -> None:
    words = ["deploy", "--config-file", str(config.resolve()), "--config-env", stage.name]
    words += ["--template-file", str(template), "--stack-name", stack, "--no-confirm-changeset"]
    words += ["--s3-prefix", stack]
    process = sam.start(words, _environ(stage, os.environ))
    try:
        failed = process.wait()
    finally:
        sam.stop(process)
    if failed:
        raise DeployError(f"The stack {stack} could not be deployed: its last words are above.")


def _environ(stage: Stage, shell: Mapping[str, str]) -> dict[str, str]:
    """The shell's account, which `sam.start` keeps from SAM as it is for the local cloud."""
    home = Path(shell.get("HOME", "~")).expanduser() / ".aws"
    return {
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "SAM_CLI_POLL_DELAY": "2",
        **{name: value for name, value in shell.items() if name.startswith("AWS_")},
        **{name: shell[name] for name in ("NO_PROXY", "no_proxy") if name in shell},
        "AWS_DEFAULT_REGION": stage.region,
    }


def _migrate(session: boto3.Session, stack: str) -> str:
    """What the migration did; DeployError with its sentence where it failed."""
    function = _read_outputs(session, stack)[migrations_stack.ENTRY]
    answer = session.client("lambda", config=_PATIENCE).invoke(FunctionName=function, Payload=b"{}")
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        reason = said.get("errorMessage", said)
        raise DeployError(f"The migration failed: {reason} No function was changed.")
    done = ", ".join(said["applied"] + said["rollups"])
    return f"   {done or said.get('newer', 'nothing new')}"


def _read_outputs(session: boto3.Session, stack: str) -> dict[str, str]:
    [found] = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}


def main() -> int:
    """0 when all is deployed, 1 with a sentence when it is not."""
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("stage", help="such as prod")
    more = "more of the template's parameters, for a new stage"
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=more)
    parser.add_argument("--config", type=Path, default=sam.ROOT / "samconfig.toml")
    parser.add_argument("--build-dir", type=Path, default=sam.ROOT / ".aws-sam" / "build")
    given = parser.parse_args()
    target = os.environ.get("TILTYARD_TARGET") or LAMBDA
    try:
        stage = read_stage(given.config, given.stage)
        stage = stage or ask_stage(given.config, given.stage, given.set)
        deploy(stage, given.config, given.build_dir, target)
    except (DeployError, StageError, CloudError, PackageError) as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"AWS refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
