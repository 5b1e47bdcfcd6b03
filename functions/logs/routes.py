"""`/api/ingest`, `/api/servers`, `/api/logs`, `/api/site-config`: GMod servers send, staff read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NoReturn

from functions.logs import (
    batches,
    heartbeats,
    keys,
    logbook,
    payload,
    receipts,
    search,
    senders,
    servers,
    site,
)
from functions.logs.callers import AWAY, admin, author, staff, write
from functions.shared import db, page, wire
from functions.shared.errors import NotBuilt, Problem, Unavailable
from functions.shared.http import Answer, Request, Routes

routes = Routes(__name__)


class Alive(wire.Shape):
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
    reads_body=True,
    answers={
        200: batches.Ingested,
        202: batches.Ingested,
        400: batches.NotIngested,
        413: batches.TooMuch,
    },
    is_limited=True,
)
def ingest(request: Request) -> Answer:
    """Stores what a server's hooks noticed, each event once; a bad one never harms the others."""
    assert request.caller
    headers: dict[str, str] = {}
    try:
        sender = senders.of(request.caller)
        headers = sender.budget.headers if sender.budget else {}
        told = batches.ingest(batches.read(request.text(batches.MAX_BYTES)), sender)
    except Unavailable as away:
        raise Unavailable(AWAY) from away
    except Problem as problem:
        problem.headers |= headers  # what is refused was counted too
        raise
    return Answer(told, 202 if told["queued"] else 200, headers)


@routes.post(
    "/api/servers/heartbeat",
    guard=write,
    body=heartbeats.HeartbeatBody,
    reads_body=True,
    body_is_optional=True,
    query=heartbeats.HeartbeatQuery,
    answers={200: Alive},
)
def beat(request: Request, _: heartbeats.HeartbeatQuery) -> dict[str, Any]:
    """Notes that a server is alive, its map and its players."""
    assert request.caller
    server, key = request.caller.owner, request.caller.name
    assert server
    sent = heartbeats.read(request.text(), request.query())
    try:
        return {"ok": True, "serverTime": heartbeats.record(server, sent, key)}
    except Unavailable as away:
        raise Unavailable(AWAY) from away


@routes.get("/api/ingest/stats", guard=staff, answers={200: receipts.Receipts})
def read_receipts(request: Request) -> dict[str, Any]:
    """What became of the events of the last 30 days, and how the servers' clocks are."""
    return receipts.summed()


@routes.get("/api/servers", answers={200: servers.Servers})
def list_servers(request: Request) -> list[db.Row]:
    """All servers, the oldest first."""
    return servers.listed()


@routes.post(
    "/api/servers",
    guard=admin,
    body=servers.NewServer,
    reads_body=True,
    answers={201: servers.MadeServer},
)
def create_server(request: Request) -> Answer:
    """Makes a server and its first key, which is shown this once."""
    return Answer(servers.create(servers.read(request.body()), author(request)), 201)


@routes.get(
    "/api/servers/{server_id}",
    query=servers.ServerPath,
    answers={200: servers.Server, 404: "Server not found"},
    etag=True,
)
def read_server(request: Request, path: servers.ServerPath) -> db.Row:
    """One server."""
    return servers.of(path.server_id)


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
def delete_server(request: Request, path: servers.ServerPath) -> Answer:
    """Removes a server and its keys."""
    servers.delete(path.server_id, author(request))
    return Answer("", 204)


@routes.post(
    "/api/servers/{server_id}/regenerate-key",
    guard=admin,
    body=keys.Rotation,
    reads_body=True,
    body_is_optional=True,
    query=servers.ServerPath,
    answers={200: keys.Issued, 404: "Server not found"},
)
def regenerate_key(request: Request, path: servers.ServerPath) -> dict[str, Any]:
    """A new key for a server; the one before works for 24 h unless `revokePrevious`."""
    body = request.body() if request.text().strip() else None
    sent = wire.parse(keys.Rotation, body or {})
    return keys.issue(path.server_id, author(request), bool(sent.revokePrevious))


@routes.get(
    "/api/servers/{server_id}/keys",
    guard=admin,
    query=servers.ServerPath,
    answers={200: keys.Keys, 404: "Server not found"},
)
def list_keys(request: Request, path: servers.ServerPath) -> list[db.Row]:
    """A server's live keys, the newest first."""
    return keys.live(path.server_id)


@routes.delete(
    "/api/servers/{server_id}/keys/{key_id}",
    guard=admin,
    query=KeyPath,
    answers={204: "The key is dead, or never lived"},
)
def revoke_key(request: Request, path: KeyPath) -> Answer:
    """Ends a key at once."""
    keys.revoke(path.server_id, path.key_id, author(request))
    return Answer("", 204)


@routes.get(
    "/api/logs",
    guard=staff,
    query=search.LogsQuery,
    answers={200: logbook.Logs},
    response_headers=page.HEADERS,
)
def search_logs(request: Request, ask: search.LogsQuery) -> Answer:
    """Events, newest first; X-Has-More and X-Next-Cursor go on."""
    found, more = search.listed(ask)
    return Answer(found, headers=page.headers(more))


@routes.get("/api/logs/live", guard=staff, query=logbook.LiveQuery, answers={200: logbook.Live})
def read_live(request: Request, ask: logbook.LiveQuery) -> dict[str, Any]:
    """Events in the order of their arrival; to be asked for every other second."""
    return logbook.arrived(ask)


@routes.get(
    "/api/logs/{log_id}",
    guard=staff,
    query=logbook.LogPath,
    answers={200: logbook.Log, 404: "Log not found"},
    etag=True,
)
def read_log(request: Request, path: logbook.LogPath) -> dict[str, Any]:
    """One event."""
    return logbook.of(path.log_id)


@routes.get("/api/site-config", answers={200: site.Config}, etag=True)
def read_config(request: Request) -> dict[str, Any]:
    """The site's configuration, with what the home page needs filled in."""
    return site.config()


@routes.put(
    "/api/site-config",
    guard=staff,
    body=site.NewConfig,
    reads_body=True,
    answers={200: site.Config},
)
def configure(request: Request) -> dict[str, Any]:
    """Replaces the site's configuration, and with it the rules of what is not stored."""
    return site.configure(request.text(site.MAX_BYTES), author(request))


@routes.get("/api/transactions", guard=staff, answers={200: site.Transactions})
def list_transactions(request: Request) -> list[Any]:
    """None: money is not part of this product."""
    return []


def _refuse(request: Request) -> NoReturn:
    """Money is not part of this product."""
    raise NotBuilt


for path, register in (
    ("/api/transactions", routes.post),
    ("/api/transactions/{transaction_id}", routes.put),
    ("/api/transactions/{transaction_id}", routes.patch),
    ("/api/transactions/{transaction_id}", routes.delete),
):
    register(path, guard=staff, answers={501: "Not implemented"})(_refuse)
