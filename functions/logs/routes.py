"""`/api/ingest`, `/api/servers`, `/api/logs`, `/api/site-config`: GMod servers send, staff read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NoReturn

from functions.logs import (
    batch,
    event_reader,
    heartbeats,
    ingest_server,
    ingest_stats,
    keys,
    payload,
    search,
    servers,
    site_config,
)
from functions.logs.guards import UNAVAILABLE, admin, author, staff, write
from functions.shared import cursors, db, fields
from functions.shared.errors import NotImplementedYet, Problem, Unavailable
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__)


class Alive(fields.ResponseModel):
    """The sign of life was noted."""

    ok: Literal[True]
    serverTime: datetime  # noqa: N815  the wire's name


class KeyPath(servers.ServerPath):
    """Which key of which server."""

    key_id: str


@routes.post(
    "/api/ingest/logs",
    guard=write,
    body=payload.Batch,
    raw_body=True,
    answers={
        200: batch.Ingested,
        202: batch.Ingested,
        400: batch.NotIngested,
        413: batch.TooMuch,
    },
    rate_limited=True,
)
def ingest(request: Request) -> Response:
    """Stores what a server's hooks noticed, each event once; a bad one never harms the others."""
    assert request.caller
    headers: dict[str, str] = {}
    try:
        sender = ingest_server.get_sender(request.caller)
        headers = sender.budget.headers if sender.budget else {}
        told = batch.ingest(batch.parse_body(request.text(batch.MAX_BYTES)), sender)
    except Unavailable as away:
        raise Unavailable(UNAVAILABLE) from away
    except Problem as problem:
        problem.headers |= headers  # what is refused was counted too
        raise
    return Response(told, 202 if told["queued"] else 200, headers)


@routes.post(
    "/api/servers/heartbeat",
    guard=write,
    body=heartbeats.HeartbeatBody,
    raw_body=True,
    body_is_optional=True,
    query=heartbeats.HeartbeatQuery,
    answers={200: Alive},
)
def beat(request: Request, _: heartbeats.HeartbeatQuery) -> dict[str, Any]:
    """Notes that a server is alive, its map and its players."""
    assert request.caller
    server, key = request.caller.owner, request.caller.name
    assert server
    sent = heartbeats.parse_body(request.text(), request.query())
    try:
        return {"ok": True, "serverTime": heartbeats.record(server, sent, key)}
    except Unavailable as away:
        raise Unavailable(UNAVAILABLE) from away


@routes.get("/api/ingest/stats", guard=staff, answers={200: ingest_stats.IngestStats})
def read_receipts(request: Request) -> dict[str, Any]:
    """What became of the events of the last 30 days, and how the servers' clocks are."""
    return ingest_stats.get_stats()


@routes.get("/api/servers", answers={200: servers.Servers})
def list_servers(request: Request) -> list[db.Row]:
    """All servers, the oldest first."""
    return servers.list_servers()


@routes.post(
    "/api/servers",
    guard=admin,
    body=servers.NewServer,
    raw_body=True,
    answers={201: servers.MadeServer},
)
def create_server(request: Request) -> Response:
    """Makes a server and its first key, which is shown this once."""
    return Response(servers.create(servers.parse_body(request.body()), author(request)), 201)


@routes.get(
    "/api/servers/{server_id}",
    query=servers.ServerPath,
    answers={200: servers.Server, 404: "Server not found"},
    etag=True,
)
def read_server(request: Request, path: servers.ServerPath) -> db.Row:
    """One server."""
    return servers.get_server(path.server_id)


@routes.patch(
    "/api/servers/{server_id}",
    guard=admin,
    body=servers.ServerChange,
    query=servers.ServerPath,
    answers={200: servers.Server, 404: "Server not found"},
)
def change_server(request: Request, sent: servers.ServerChange, path: servers.ServerPath) -> db.Row:
    """Changes what is named of a server, for example that it is in maintenance."""
    return servers.change(path.server_id, sent)


@routes.delete(
    "/api/servers/{server_id}",
    guard=admin,
    query=servers.ServerPath,
    answers={204: "Its keys are dead; its logs stay", 404: "Server not found"},
)
def delete_server(request: Request, path: servers.ServerPath) -> Response:
    """Removes a server and its keys."""
    servers.delete(path.server_id, author(request))
    return Response("", 204)


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
    sent = fields.parse(keys.Rotation, body or {})
    return keys.issue(path.server_id, author(request), bool(sent.revokePrevious))


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
    answers={204: "The key is dead, or never lived"},
)
def revoke_key(request: Request, path: KeyPath) -> Response:
    """Ends a key at once."""
    keys.revoke(path.server_id, path.key_id, author(request))
    return Response("", 204)


@routes.get(
    "/api/logs",
    guard=staff,
    query=search.LogsQuery,
    answers={200: event_reader.Logs},
    response_headers=cursors.HEADERS,
)
def search_logs(request: Request, ask: search.LogsQuery) -> Response:
    """Events, newest first; X-Has-More and X-Next-Cursor go on."""
    found, more = search.search_events(ask)
    return Response(found, headers=cursors.headers(more))


@routes.get(
    "/api/logs/live", guard=staff, query=event_reader.LiveQuery, answers={200: event_reader.Live}
)
def read_live(request: Request, ask: event_reader.LiveQuery) -> dict[str, Any]:
    """Events in the order of their arrival; to be asked for every other second."""
    return event_reader.fetch_live(ask)


@routes.get(
    "/api/logs/{log_id}",
    guard=staff,
    query=event_reader.LogPath,
    answers={200: event_reader.Log, 404: "Log not found"},
    etag=True,
)
def read_log(request: Request, path: event_reader.LogPath) -> dict[str, Any]:
    """One event."""
    return event_reader.get_log(path.log_id)


@routes.get("/api/site-config", answers={200: site_config.Config}, etag=True)
def read_config(request: Request) -> dict[str, Any]:
    """The site's configuration, with what the home page needs filled in."""
    return site_config.get_config()


@routes.put(
    "/api/site-config",
    guard=staff,
    body=site_config.NewConfig,
    raw_body=True,
    answers={200: site_config.Config},
)
def configure(request: Request) -> dict[str, Any]:
    """Replaces the site's configuration, and with it the rules of what is not stored."""
    return site_config.set_config(request.text(site_config.MAX_BYTES), author(request))


@routes.get("/api/transactions", guard=staff, answers={200: site_config.Transactions})
def list_transactions(request: Request) -> list[Any]:
    """None: money is not part of this product."""
    return []


def _refuse(request: Request) -> NoReturn:
    """Money is not part of this product."""
    raise NotImplementedYet


for path, register in (
    ("/api/transactions", routes.post),
    ("/api/transactions/{transaction_id}", routes.put),
    ("/api/transactions/{transaction_id}", routes.patch),
    ("/api/transactions/{transaction_id}", routes.delete),
):
    register(path, guard=staff, answers={501: "Not implemented"})(_refuse)
