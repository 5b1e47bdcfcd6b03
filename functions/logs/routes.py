"""`/api/ingest`, `/api/servers`, `/api/logs`: GMod servers send logs, staff read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from functions.logs import batches, heartbeats, keys, search, servers, site
from functions.shared import auth, wire
from functions.shared.auth import Caller, Needs
from functions.shared.errors import Forbidden, TooManyRequests, Unauthorized
from functions.shared.http import Answer, Request, Routes

routes = Routes(__name__)


class ServerKey(Needs):
    """A game server's key as X-Server-Key; 401 without one, 403 for any other."""

    def __call__(self, request: Request) -> Caller:
        sent = request.header("x-server-key")
        if not sent:
            raise Unauthorized("Missing server API key")
        caller = auth.who(sent)
        if caller is None or caller.owner is None or self.scope not in caller.scopes:
            raise Forbidden("Invalid server key")
        return caller


class Staff(Needs):
    """A bearer token of staff or, for scope admin, of an admin. An API key serves as one."""

    def __call__(self, request: Request) -> Caller:
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Missing authorization token")
        caller = auth.who(token.strip())
        if caller is None:
            raise Unauthorized("Invalid or expired token")
        if not {self.scope, "admin"} & caller.scopes:
            raise Forbidden("Forbidden")
        return caller


write, staff, admin = ServerKey("logs:write"), Staff("staff"), Staff("admin")


class Alive(wire.Shape):
    """The sign of life was noted."""

    ok: Literal[True]
    serverTime: datetime  # noqa: N815  the wire's name


class Regenerated(wire.Shape):
    """A new key, shown this once, and until when the one before works."""

    apiKey: str  # noqa: N815
    previousKeyExpiresAt: datetime | None  # noqa: N815


class Rotation(wire.Terse):
    """Whether the key before dies at once."""

    revokePrevious: bool = False  # noqa: N815


class KeyPath(servers.ServerPath):
    """Which key of which server."""

    key_id: str


class KeyList(wire.RootShape[list[keys.Key]]):
    """A server's live keys, the newest first."""


class ServerList(wire.RootShape[list[servers.Server]]):
    """All servers, the oldest first."""


@routes.post(
    "/api/ingest/logs",
    guard=write,
    body=batches.Batch,
    reads_body=True,
    answers={200: batches.Ingested, 202: batches.Ingested},
)
def ingest(request: Request) -> Answer:
    """Stores what a server's hooks noticed, each event once; a bad one never harms the others."""
    assert request.caller
    sender = batches.sender(request.caller)
    told = batches.ingest(batches.read(request.text(batches.MAX_BYTES)), sender)
    return Answer(told, 202 if told["queued"] else 200)


@routes.post(
    "/api/servers/heartbeat",
    guard=write,
    body=heartbeats.NewHeartbeat,
    reads_body=True,
    answers={200: Alive},
)
def beat(request: Request) -> dict[str, Any]:
    """Notes that a server is alive, its map and its players."""
    assert request.caller
    assert request.caller.owner
    sent = heartbeats.read(request.text(), request.query())
    return {"ok": True, "serverTime": heartbeats.record(request.caller.owner, sent)}
