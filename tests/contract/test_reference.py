"""What the reference declares is what is answered: here what may happen on any route.

The other direction, that nothing is answered but what is declared, every test holds: see
tests/support/reference.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.shared import auth
from tests.support import reference
from tests.support.client import Client
from tests.support.queues import Queues
from tests.support.server import API_KEY

DEAD = {"key": f"ty_00000000_{'0' * 64}", "server": f"sk_live_00000000_{'0' * 40}"}
PARTS = {
    "steam_id": "STEAM_0:1:101",
    "server_id": "srv_01",
    "note_id": "00000000-0000-4000-8000-000000000001",
    "allowance_id": "00000000-0000-4000-8000-000000000001",
    "log_id": "00000000-0000-8000-8000-000000000001",
    "event_id": "00000000-0000-8000-8000-000000000001",
    "name": "swagger-ui.css",
}
# Of each route that reads a body one that it takes; what it requires is missed one by one.
SERVER = {"name": "Harbour", "ip": "198.51.100.1", "port": 27015, "mode": "TTT", "maxPlayers": 8}
SIGNAL = {"type": "rage-keywords", "severity": 4, "confidence": 0.7}
BODIES: dict[str, dict[str, Any]] = {
    "Batch": {"events": [{"type": "CHAT", "metadata": {"message": "hello"}}]},
    "NewEvent": {
        "userId": "ana",
        "timestamp": 1_702_000_000_000,
        "signals": [SIGNAL],
        "tiltScore": 3.5,
    },
    "RoundReport": {
        "round_id": "r1",
        "start_roles": [{"player_steamid": "STEAM_0:1:101"}],
        "kills": [{"victim_steamid": "STEAM_0:1:101"}],
        "buys": [{"steam_id": "STEAM_0:1:101", "item": "Radar"}],
    },
    "NewName": {"steam_id": "STEAM_0:1:101", "display_name": "Ana"},
    "NewServer": SERVER,
    "ServerChange": {"name": "Harbor"},
    "NewNote": {"content": "hello"},
    "NewPunishment": {"type": "BAN", "reason": "rdm"},
    "NewAllowance": {"steamIds": ["STEAM_0:1:101", "STEAM_0:1:102"], "reason": "brothers"},
    "NewImport": {
        "serverId": "srv_none",
        "content": "[00:00:01] New map: gm_construct",
        "baseDate": "2026-01-01",
    },
    "NewConfig": {"general": {"siteName": "Harbour"}},
    "HeartbeatBody": {"map": "gm_construct", "playerCount": 3},
    "Rotation": {"revokePrevious": True},
}


def _operations(status: str) -> list[Any]:
    """Those that a key opens; what a user's token opens is in files of its own."""
    return [
        pytest.param(method.upper(), path, operation, id=operation["operationId"])
        for path, methods in sorted(reference.document()["paths"].items())
        for method, operation in sorted(methods.items())
        if (status in operation["responses"] or status in operation)
        and operation["tags"] not in (["accounts"], ["game"], ["live"], ["tracker"])
    ]


def _url(path: str, **other: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: (PARTS | other).get(found[1], "x"), path)


def _keys(operation: dict[str, Any], of: str) -> dict[str, str]:
    """Headers with a key for an operation's guard; staff's keys and servers' are looked up."""
    if reference.scopes(operation) <= {"ttt:write", "tilt:read", "tilt:write"}:
        return {"X-Api-Key": API_KEY}
    return {"Authorization": f"Bearer {of}", "X-Server-Key": of}


@pytest.fixture
def keys(store: str) -> Callable[[dict[str, Any]], dict[str, str]]:
    """Headers with a live key for whatever an operation's guard asks."""
    admin = auth.issue("ada", ["admin", "analyst"])
    client = Client({"Authorization": f"Bearer {admin}"})

    def given(operation: dict[str, Any]) -> dict[str, str]:
        if reference.scopes(operation) == {"logs:write"}:
            server = client.post("/api/servers", SERVER).json
            return {"X-Server-Key": server["apiKey"]}
        return _keys(operation, admin)

    return given


@pytest.mark.parametrize(("method", "path", "operation"), _operations("security"))
def test_without_a_key_and_with_a_dead_one(
    client: Client, method: str, path: str, operation: dict[str, Any]
) -> None:
    assert client.call(method, _url(path), headers={}).status == 401
    dead = DEAD["server" if {"server": []} in operation["security"] else "key"]
    sent = {"Authorization": f"Bearer {dead}", "X-Server-Key": dead}
    refused = client.call(method, _url(path), headers=sent).status
    assert str(refused) in {"401", "403"} & operation["responses"].keys()


@pytest.mark.parametrize(("method", "path", "operation"), _operations("403"))
def test_with_a_key_for_something_else(
    client: Client, method: str, path: str, operation: dict[str, Any]
) -> None:
    other = "tilt:read" if "tilt:write" in str(operation["security"]) else "tilt:write"
    key = auth.issue("visitor", [other if "/tilt/" in path else "ttt:write"])
    headers = {"X-Api-Key": key, "Authorization": f"Bearer {key}", "X-Server-Key": key}
    assert client.call(method, _url(path), headers=headers).status == 403


@pytest.mark.parametrize(("method", "path", "operation"), _operations("503"))
def test_while_neither_the_database_nor_the_queue_is_there(
    client: Client,
    away: Callable[[], None],
    method: str,
    path: str,
    operation: dict[str, Any],
) -> None:
    """503 was undeclared on routes without a guard or a query; now it is wherever it is given."""
    away()
    dead = DEAD["server" if reference.scopes(operation) == {"logs:write"} else "key"]
    body = BODIES[_model(operation)] if "requestBody" in operation else None
    answered = client.call(method, _url(path), body, headers=_keys(operation, dead))
    assert answered.status == 503, answered.text


@pytest.mark.parametrize(
    "path",
    ["/api/tilt/events", "/api/collect/collect", "/api/collect/player/update"],
)
def test_while_only_the_queue_is_there(
    client: Client, queues: Queues, away: Callable[[], None], path: str
) -> None:
    operation = reference.document()["paths"][path]["post"]
    away()
    assert client.post(path, BODIES[_model(operation)]).status == 202
    assert queues.bodies()


def test_old_addresses_of_the_addon(client: Client) -> None:
    """The aliases answer like what they stand for."""
    report, name = BODIES["RoundReport"], BODIES["NewName"]
    statuses = [
        client.post("/api/collect/collect", sent).status
        for sent in (report, report, report | {"winner": "traitors"})
    ]
    assert statuses == [201, 200, 409]
    statuses = [client.post("/api/collect/player/update", name).status for _ in range(2)]
    assert statuses == [201, 200]


def test_reads_of_a_server_with_one_event(keys: Callable[..., dict[str, str]]) -> None:
    staff = Client(keys({"security": [{"bearer": ["admin"]}]}))
    server = staff.post("/api/servers", SERVER).json
    event = {"type": "CONNECT", "steamId": "STEAM_0:1:101", "playerName": "Ana"}
    sent = staff.post("/api/ingest/logs", [event], headers={"X-Server-Key": server["apiKey"]})
    assert sent.json["stored"] == 1
    for path in (
        "/api/dashboard",
        f"/api/servers/{server['id']}/analytics",
        "/api/players/STEAM_0:1:101/sessions",
        "/api/players/STEAM_0:1:101",
    ):
        assert staff.get(path).status == 200


@pytest.mark.parametrize(("method", "path", "operation"), _operations("413"))
def test_a_body_that_is_too_large(
    keys: Callable[..., dict[str, str]], method: str, path: str, operation: dict[str, Any]
) -> None:
    body = '"' + "x" * (17 * 1024 * 1024) + '"'
    assert Client(keys(operation)).call(method, _url(path), body).status == 413


@pytest.mark.parametrize(("method", "path", "operation"), _operations("400"))
def test_what_cannot_be_understood(
    keys: Callable[..., dict[str, str]], method: str, path: str, operation: dict[str, Any]
) -> None:
    """400 is declared where, and only where, something can be sent that is 400."""
    headers = keys(operation)
    sent = Client(headers)
    if "requestBody" in operation:
        packed = headers | {"Content-Encoding": "gzip"}
        assert sent.call(method, _url(path), b"no gzip", headers=packed).status == 400
        return
    statuses = {
        sent.call(method, url).status
        for one in operation["parameters"]
        for value in ("%00", "nonsense", "x" * 5000)
        for url in (
            _url(path, **{one["name"]: value}) if one["in"] == "path" else _url(path),
            f"{_url(path)}?{one['name']}={value}",
        )
    }
    assert 400 in statuses


@pytest.mark.parametrize(("method", "path", "operation"), _operations("requestBody"))
def test_a_body_is_taken_with_what_it_requires_and_refused_with_less(
    keys: Callable[..., dict[str, str]], method: str, path: str, operation: dict[str, Any]
) -> None:
    """Parts were declared required that were not, and a body where none is needed."""
    sent, model = Client(keys(operation)), _model(operation)
    least, lacking = _least(BODIES[model], model), list(_lacking(BODIES[model], model))
    assert sent.call(method, _url(path), least).status in (200, 201, 404)
    assert {sent.call(method, _url(path), one).status for one in lacking} <= {400}
    is_required = operation["requestBody"]["required"]
    assert (sent.call(method, _url(path)).status == 400) == is_required


def _schema(model: str) -> dict[str, Any]:
    found: dict[str, Any] = reference.document()["components"]["schemas"][model]
    return found


def _parts(body: dict[str, Any], model: str) -> Iterator[tuple[str, str]]:
    """Which fields of a body are lists of models, and of which."""
    for name, one in _schema(model).get("properties", {}).items():
        item = one.get("items", {})
        ref = item.get("$ref") or next(
            (c["$ref"] for c in item.get("anyOf", []) if "$ref" in c), ""
        )
        if ref and isinstance(body.get(name), list):
            yield name, ref.rpartition("/")[2]


def _least(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The body without what is not required, all the way down."""
    if "anyOf" in _schema(model):
        return body
    parts = dict(_parts(body, model))
    required = _schema(model).get("required", [])
    return {
        name: [_least(one, parts[name]) for one in value] if name in parts else value
        for name, value in body.items()
        if name in required or name in parts
    }


def _lacking(body: dict[str, Any], model: str) -> Iterator[dict[str, Any]]:
    """The body without one of the fields that are required, all the way down."""
    for name in _schema(model).get("required", []):
        yield {key: value for key, value in body.items() if key != name}
    for name, inner in _parts(body, model):
        for less in _lacking(body[name][0], inner):
            yield body | {name: [less]}


def _model(operation: dict[str, Any]) -> str:
    ref: str = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return ref.rpartition("/")[2]
