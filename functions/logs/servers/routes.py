"""`/api/servers`: game servers, their keys and their signs of life."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

from functions.logs.guards import UNAVAILABLE, admin, get_author, write
from functions.logs.servers import heartbeats, keys, servers
from functions.shared import db, fields
from functions.shared.errors import Unavailable
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


class Alive(fields.CamelResponse):
    """The heartbeat is stored."""

    ok: Literal[True]
    server_time: datetime


class KeyPath(servers.ServerPath):
    """Which key of which server."""

    key_id: str


@routes.post(
    "/api/servers/heartbeat",
    guard=write,
    body=heartbeats.HeartbeatBody,
    raw_body=True,
    body_is_optional=True,
    query=heartbeats.HeartbeatQuery,
    answers={200: Alive},
)
def record_heartbeat(request: Request, _: heartbeats.HeartbeatQuery) -> dict[str, Any]:
    """Records that a server is online, its map and its players."""
    assert request.caller
    server, key = request.caller.owner, request.caller.name
    assert server
    payload = heartbeats.parse_body(request.text(), request.query())
    try:
        return {"ok": True, "serverTime": heartbeats.record(server, payload, key)}
    except Unavailable as away:
        raise Unavailable(UNAVAILABLE) from away


@routes.get("/api/servers", answers={200: servers.Servers})
def list_servers(request: Request) -> list[db.Row]:
    """All servers, the oldest first."""
    return servers.list_servers()


@routes.get(
    "/api/servers/live",
    answers={200: servers.LiveServers},
    headers={"Cache-Control": "no-cache"},
    etag=True,
)
def list_live_servers(request: Request) -> list[db.Row]:
    """The servers that are online, the fullest first, without their addresses."""
    return servers.list_live_servers()


@routes.post(
    "/api/servers",
    guard=admin,
    body=servers.NewServer,
    raw_body=True,
    answers={201: servers.MadeServer},
)
def create_server(request: Request) -> Response:
    """Makes a server and its first key, which is shown this once."""
    made = servers.create(servers.parse_body(request.body()), get_author(request))
    return Response(made, HTTPStatus.CREATED)


@routes.get(
    "/api/servers/{server_id}",
    query=servers.ServerPath,
    answers={200: servers.Server, 404: "Server not found"},
    etag=True,
)
def get_server(request: Request, path: servers.ServerPath) -> db.Row:
    """One server."""
    return servers.get_server(path.server_id)


@routes.patch(
    "/api/servers/{server_id}",
    guard=admin,
    body=servers.ServerChange,
    query=servers.ServerPath,
    answers={200: servers.Server, 404: "Server not found"},
)
def change_server(
    request: Request, payload: servers.ServerChange, path: servers.ServerPath
) -> db.Row:
    """Changes the given fields of a server, for example that it is in maintenance."""
    return servers.change(path.server_id, payload)


@routes.delete(
    "/api/servers/{server_id}",
    guard=admin,
    query=servers.ServerPath,
    answers={204: "Its keys are revoked; its logs stay", 404: "Server not found"},
)
def delete_server(request: Request, path: servers.ServerPath) -> Response:
    """Removes a server and its keys."""
    servers.delete(path.server_id, get_author(request))
    return Response("", HTTPStatus.NO_CONTENT)


@routes.post(
    "/api/servers/{server_id}/regenerate-key",
    guard=admin,
    body=keys.Rotation,
    raw_body=True,
    body_is_optional=True,
    query=servers.ServerPath,
    answers={200: keys.Issued, 404: "Server not found"},
)
def regenerate_key(request: Request, path: servers.ServerPath) -> dict[str, Any]:
    """A new key for a server; the one before works for 24 h unless `revokePrevious`."""
    body = request.body() if request.text().strip() else None
    payload = fields.parse(keys.Rotation, body or {})
    return keys.issue(path.server_id, get_author(request), bool(payload.revoke_previous))


@routes.get(
    "/api/servers/{server_id}/keys",
    guard=admin,
    query=servers.ServerPath,
    answers={200: keys.Keys, 404: "Server not found"},
)
def list_keys(request: Request, path: servers.ServerPath) -> list[db.Row]:
    """A server's live keys, the newest first."""
    return keys.list_keys(path.server_id)


@routes.delete(
    "/api/servers/{server_id}/keys/{key_id}",
    guard=admin,
    query=KeyPath,
    answers={204: "Key revoked or unknown"},
)
def revoke_key(request: Request, path: KeyPath) -> Response:
    """Revokes a key at once."""
    keys.revoke(path.server_id, path.key_id, get_author(request))
    return Response("", HTTPStatus.NO_CONTENT)
