"""The whole stack: template.yaml built and deployed by SAM on a local cloud, behind the edge."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local import stack as local_stack
from infra.local import timescale
from tests.conftest import GIVEN, own_server
from tests.support.client import Answered as Reply


@dataclass
class Database:
    """The stack's database: an own durable server, to be stopped and started, if none is given."""

    server: timescale.Server
    home: Path | None

    def stop(self) -> None:
        if self.home is None:
            pytest.skip("the server of DATABASE_URL is not ours to stop")
        timescale.stop(self.home)

    def start(self) -> None:
        assert self.home
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("DATABASE_URL")
            assert timescale.start(self.home) == self.server


@pytest.fixture(scope="session")
def database(new_database: Callable[[], tuple[str, str]]) -> Iterator[Database]:
    if GIVEN:
        admin_url, app_url = new_database()
        yield Database(timescale.Server(admin_url, app_url, "DATABASE_URL", is_ours=False), None)
        return
    with own_server(durable=True) as (server, home):
        yield Database(server, home)


@pytest.fixture(scope="session")
def stack(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("stack")
    with local_stack.running(
        home, port=0, database=database.server, refresh_rate="rate(1 minute)"
    ) as running:
        yield running


@dataclass
class Wire:
    """Sends real HTTP requests to the stack."""

    url: str

    def __call__(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Reply:
        text = body if isinstance(body, str | bytes) or not body else json.dumps(body)
        sent = text.encode() if isinstance(text, str) else text
        request = urllib.request.Request(
            self.url + path, data=sent or None, method=method, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Reply(answer.status, _lowered(answer), answer.read().decode())
        except urllib.error.HTTPError as answer:
            with answer:
                return Reply(answer.code, _lowered(answer), answer.read().decode())


def _lowered(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


@pytest.fixture
def http(stack: Any) -> Wire:
    return Wire(stack.url)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(300))
