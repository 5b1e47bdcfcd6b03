"""Sockets of a real local cloud, where MiniStack alone would differ from API Gateway."""

from __future__ import annotations

import asyncio
import io
import json
import time
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import boto3
import pytest

from infra.local import cloud as clouds
from infra.local.cloud import Cloud
from infra.local.edge import Behind, Edge
from infra.local.emulated_sockets import POST_LIMIT, _Leased
from tests.support.edge import GATEWAY

Socket = aiohttp.ClientWebSocketResponse
# Refuses whose room is a status; of the messages `wait` and `go` the first ends after the other.
CODE = """
import json, pathlib, time
def handler(event, context):
    context_, folder = event["requestContext"], pathlib.Path({folder!r})
    if context_["eventType"] == "CONNECT":
        query = event["queryStringParameters"]
        if query["battle"] != "1":
            return {{"statusCode": int(query["battle"]), "body": "no"}}
        folder.joinpath("name").write_text(context_["connectionId"])
        chosen = {{"Sec-WebSocket-Protocol": query["choose"]}} if "choose" in query else {{}}
        return {{"statusCode": 200, "headers": chosen}}
    if event.get("body") == "wait":
        until = time.monotonic() + 20
        while not folder.joinpath("go").exists() and time.monotonic() < until:
            time.sleep(0.02)
        folder.joinpath("waited").write_text(str(folder.joinpath("go").exists()))
    if event.get("body") == "go":
        folder.joinpath("go").write_text("")
        print("somebody said go")
    return {{"statusCode": 200}}
"""


@dataclass
class Deployed:
    cloud: Cloud
    edge: Edge
    folder: Path
    api: str

    def manage(self, method: str, body: bytes = b"") -> int:
        """What the management API says of the last socket that was opened."""
        name = (self.folder / "name").read_text()
        path = f"/_aws/execute-api/{self.api}/live/@connections/{name}"
        connection = HTTPConnection("127.0.0.1", self.cloud.port, timeout=20)
        connection.request(method, path, body, {"X-Amz-Security-Token": self.cloud.token})
        status = connection.getresponse().status
        connection.close()
        return status


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    home = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("said")
    with clouds.running(home) as cloud:
        api = _deploy(cloud, folder)
        there = f"{cloud.endpoint}/_aws/execute-api/{api}/live"
        behind = Behind(there, there.replace("http", "ws", 1), cloud.token)
        edge = Edge(0, GATEWAY, lambda: behind, lambda _: None)
        yield Deployed(cloud, edge, folder, api)
        edge.close()


def _deploy(cloud: Cloud, folder: Path) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", CODE.format(folder=str(folder)))
    made = boto3.client("lambda", **cloud.access).create_function(
        FunctionName="sockets",
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="main.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )
    gateway: Any = boto3.client("apigatewayv2", **cloud.access)
    api = str(gateway.create_api(Name="a", ProtocolType="WEBSOCKET")["ApiId"])
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=made["FunctionArn"]
    )["IntegrationId"]
    for key in ("$connect", "$disconnect", "$default"):
        gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="live", AutoDeploy=True)
    return api


def talk(
    deployed: Deployed,
    work: Callable[[Socket], Awaitable[None]],
    query: str = "",
    protocols: tuple[str, ...] = (),
) -> None:
    async def go() -> None:
        url = f"{deployed.edge.url}/ws/battles/1{query}"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, protocols=protocols) as socket,
        ):
            await work(socket)

    asyncio.run(asyncio.wait_for(go(), 60))


def test_the_subprotocol_that_was_chosen_is_answered(deployed: Deployed) -> None:
    async def chosen(socket: Socket) -> None:
        assert socket.protocol == "v2"

    async def none(socket: Socket) -> None:
        assert socket.protocol is None

    talk(deployed, chosen, "?choose=v2", ("v1", "v2"))
    talk(deployed, none, "", ("v1", "v2"))


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_refused_handshake_keeps_its_status(deployed: Deployed, status: int) -> None:
    async def go() -> None:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{deployed.edge.url}/ws/battles/{status}")
            assert refused.value.status == status

    asyncio.run(asyncio.wait_for(go(), 60))


def test_messages_of_one_socket_are_handled_in_parallel(deployed: Deployed) -> None:
    async def work(socket: Socket) -> None:
        await socket.send_str("wait")
        await socket.send_str("go")
        while not (deployed.folder / "waited").exists():
            await asyncio.sleep(0.02)

    talk(deployed, work)
    assert (deployed.folder / "waited").read_text() == "True"
    # It logs as functions do that are called in any other way.
    logs = boto3.client("logs", **deployed.cloud.access)
    found: list[str] = []
    while "somebody said go" not in found:
        time.sleep(0.02)
        events = logs.filter_log_events(logGroupName="/aws/lambda/sockets")["events"]
        found = [event["message"].strip() for event in events]


def test_a_post_of_128_kb_arrives_and_a_larger_one_is_refused(deployed: Deployed) -> None:
    async def work(socket: Socket) -> None:
        post = asyncio.to_thread(deployed.manage, "POST", b"x" * POST_LIMIT)
        assert await post == 200
        assert await socket.receive_str() == "x" * POST_LIMIT
        assert await asyncio.to_thread(deployed.manage, "POST", b"x" * (POST_LIMIT + 1)) == 413
        assert await asyncio.to_thread(deployed.manage, "POST", b"still open") == 200
        assert await socket.receive_str() == "still open"

    talk(deployed, work)


def test_what_is_posted_before_a_socket_is_closed_arrives(deployed: Deployed) -> None:
    async def work(socket: Socket) -> None:
        def post_and_close() -> list[int]:
            bodies = [json.dumps({"n": n}).encode() for n in range(50)]
            posted = [deployed.manage("POST", body) for body in bodies]
            return [*posted, deployed.manage("DELETE"), deployed.manage("POST", b"late")]

        statuses = await asyncio.to_thread(post_and_close)
        assert statuses == [200] * 50 + [204, 410]
        found = [json.loads(message.data)["n"] async for message in socket]
        assert found == list(range(50))

    talk(deployed, work)


def test_a_function_that_dies_before_it_begins_is_an_error_of_the_gateway() -> None:
    """Regression: its handshake was refused with 403, after which no client tries again."""

    class Dying:
        config = None

        def invoke(self, event: Any, request_id: str) -> dict[str, Any]:
            raise RuntimeError("Worker process exited immediately")

    released: list[Dying] = []
    logged: list[Any] = []
    runtime = SimpleNamespace(
        acquire_worker=lambda: (Dying(), "spawn"), release_worker=released.append
    )
    functions = SimpleNamespace(_emit_lambda_logs=lambda *said: logged.append(said))
    answered = _Leased(runtime, functions, (), {}).invoke({}, "one")
    assert answered["status"] == "error"
    assert (len(released), len(logged)) == (1, 1)
