"""`make deploy` on a local cloud of its own: it asks once and migrates first, or stops there."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import yaml

from infra import build, deploy
from infra.local import cloud as clouds
from infra.local.cloud import Cloud
from infra.local.sam import ROOT
from infra.local.stack import secret_keys
from infra.stages import Stage, read_stage
from schema.engine.migrate import get_status

STAGE = "local-trial"
STACK = f"tiltyard-{STAGE}"
MACHINE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
TARGET = f"python{sys.version_info.major}.{sys.version_info.minor}-{MACHINE}"
POLICY = ["SecretsKeyPolicy"]  # of that role
Urls = tuple[str, str]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with clouds.running(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def urls(new_database: Callable[[], Urls]) -> Urls:
    return new_database()


@pytest.fixture(scope="module")
def secret(cloud: Cloud, urls: Urls) -> str:
    held = {"url": urls[1], "migrate_url": urls[0], **secret_keys()}
    return clouds.furnish(cloud, {"DatabaseSecret": held})["DatabaseSecret"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("deployed")
    shutil.copy(ROOT / "samconfig.toml", home)
    return home


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, secret: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The first deployment, by somebody who answers what is asked, once wrongly."""
    answers = ["", "nowhere", clouds.REGION, secret, "", "", "", "", "true"]
    words = ["--config", str(home / "samconfig.toml"), "--build-dir", str(home / "build")]
    return subprocess.run(
        [sys.executable, "-m", "infra.deploy", STAGE, *words],
        cwd=ROOT,
        env=os.environ | cloud.environ | {"TILTYARD_TARGET": TARGET},
        input="".join(f"{answer}\n" for answer in answers),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_a_new_stage_is_asked_for_once_and_deployed(
    deployed: subprocess.CompletedProcess[str],
    cloud: Cloud,
    urls: Urls,
    secret: str,
    home: Path,
) -> None:
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert "'nowhere' is none." in deployed.stdout
    steps = [deployed.stdout.index(step) for step in ("1. Build", "2. Migrate", "3. Deploy")]
    assert steps == sorted(steps)
    assert get_status(urls[0]).is_up_to_date
    functions = boto3.client("lambda", **cloud.access)
    named = [one["FunctionName"] for one in functions.list_functions()["Functions"]]
    [tilt] = [name for name in named if "TiltFunction" in name]
    environ = functions.get_function_configuration(FunctionName=tilt)["Environment"]["Variables"]
    assert environ["DATABASE_POOLER"] == "true"
    assert len([name for name in named if "MigrateFunction" in name]) == 2
    config = (home / "samconfig.toml").read_text()
    assert read_stage(home / "samconfig.toml", STAGE) == Stage(STAGE, STACK, clouds.REGION)
    assert secret in config
    values = (*urls, *map(str, secret_keys().values()))
    assert not [value for value in values if value and value in config]


@pytest.fixture
def session(
    deployed: subprocess.CompletedProcess[str], cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> boto3.Session:
    """An operator's shell, to whom nothing is to be built."""
    for name, value in cloud.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(build, "build", lambda *_: 0)
    return boto3.Session(region_name=clouds.REGION)


def change(urls: Urls, statement: str) -> None:
    with psycopg.connect(urls[0]) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def test_where_the_migration_fails_no_function_is_changed(
    session: boto3.Session, urls: Urls, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: list[Any] = []
    monkeypatch.setattr(deploy, "_run_sam", lambda *words: changed.append(words[3]))
    change(urls, "update shared.migrations set checksum = 'x' || checksum")
    try:
        with pytest.raises(deploy.DeployError, match=r"0001_shared\.sql was .* No function"):
            deploy.deploy(
                Stage(STAGE, STACK, clouds.REGION),
                home / "samconfig.toml",
                home / "build",
                TARGET,
            )
    finally:
        change(urls, "update shared.migrations set checksum = substr(checksum, 2)")
    assert changed == [f"{STACK}-migrations"]


def test_older_code_is_deployed_on_a_newer_schema(session: boto3.Session, urls: Urls) -> None:
    change(urls, "insert into shared.migrations values ('0999_shared_later.sql', 'x')")
    try:
        said = deploy._migrate(session, f"{STACK}-migrations")
    finally:
        change(urls, "delete from shared.migrations where name like '0999%'")
    assert said == "   The schema is newer than this code, by 0999_shared_later.sql."
    assert deploy._migrate(session, f"{STACK}-migrations") == "   nothing new"


def test_the_stack_of_migrations_holds_nothing_else(
    deployed: subprocess.CompletedProcess[str], home: Path
) -> None:
    cut = yaml.safe_load((home / "build" / "migrations.yaml").read_text())
    assert sorted(cut["Resources"]) == [
        "Dependencies",
        "Logs",
        "MigrateFunction",
        "MigrateRole",
        *POLICY,
    ]
