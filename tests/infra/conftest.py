"""The template's resources; a small server that stands for the local cloud, and an edge."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from aiohttp import web

from infra.local.edge import Behind, Edge
from infra.local.gateway import Template
from infra.local.sam import ROOT
from tests.support.edge import GATEWAY, Client, Cloud


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """What template.yaml declares, by logical id."""
    template: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Template)
    resources: dict[str, Any] = template["Resources"]
    return resources


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    cloud, loop = Cloud(), asyncio.new_event_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    cloud.url = f"http://127.0.0.1:{listener.getsockname()[1]}/_aws/execute-api/a1/live"

    async def opened() -> web.ServerRunner:
        runner = web.ServerRunner(
            web.Server(cloud.serve, auto_decompress=False), shutdown_timeout=0.1
        )
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return runner

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(opened(), loop).result()
    yield cloud
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def edge(cloud: Cloud, said: list[str]) -> Iterator[Edge]:
    behind = Behind(cloud.url, cloud.url.replace("http", "ws") + "/sockets")
    edge = Edge(0, GATEWAY, lambda: behind, said.append)
    yield edge
    edge.close()


@pytest.fixture
def ask(edge: Edge) -> Client:
    return Client(edge)
