"""The whole stack: template.yaml built and deployed by SAM on a local cloud, behind the edge."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.local import stack as local_stack
from infra.local import timescale
from tests.support.clients import devtools
from tests.support.clients.devtools import Chromium
from tests.support.online import Online, beside, go_online
from tests.support.server import GIVEN, own_server
from tests.support.stack import Database, Wire


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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with devtools.running() as browser:
        yield browser


@pytest.fixture
def http(stack: Any) -> Wire:
    return Wire(stack.url)


@pytest.fixture
def new_player(
    http: Wire, database: Database, setting: Callable[..., None]
) -> Iterator[Callable[..., Online]]:
    """Makes players of the stack, whose names begin with a word; beside them this process reads
    and writes the stack's database."""
    with beside(database.server.app_url, setting):
        yield lambda word: go_online(http, f"{word} {secrets.token_hex(3)}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(300))
