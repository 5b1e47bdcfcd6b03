"""The migration of the local stack: what `make run` prints when it cannot be done."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.local import deployment
from infra.local.cloud import Cloud, CloudError
from infra.local.deployment import Deployment
from schema.engine import migrate as runner

DEPLOYED = Deployment("api", "live", "sockets", "migrate", "/logs", "queue", "letters")


class Lambda:
    """Invokes the migration's handler, as the cloud does."""

    def invoke(self, **_: object) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = {"Payload": runner.handler({}, None)}
        except runner.MigrationError as error:
            answer = {"FunctionError": "Unhandled", "Payload": {"errorMessage": str(error)}}
        return answer | {"Payload": io.BytesIO(json.dumps(answer["Payload"]).encode())}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setattr(deployment.boto3, "client", lambda *_, **__: Lambda())
    return Cloud(1, "a token")


def test_a_database_of_before_the_baseline_must_be_reset(
    cloud: Cloud,
    new_database: Callable[[], tuple[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("migrations", "functions"):
        shutil.copytree(runner.HERE / name, tmp_path / name)
    (tmp_path / "migrations/0001_shared.sql").rename(tmp_path / "migrations/0001_shared_tables.sql")
    url = new_database()[0]
    runner.migrate(url, tmp_path)
    monkeypatch.setenv("MIGRATE_URL", url)
    with pytest.raises(CloudError, match=r"The migration failed: .*`make reset` deletes the local"):
        deployment.migrate(cloud, DEPLOYED)


def test_the_names_of_what_was_applied_are_returned(
    cloud: Cloud, new_database: Callable[[], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATE_URL", new_database()[0])
    assert deployment.migrate(cloud, DEPLOYED)[0] == "0001_shared.sql"
    assert deployment.migrate(cloud, DEPLOYED) == []
