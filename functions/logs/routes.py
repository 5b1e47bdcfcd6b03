"""`/api/ingest`, `/api/servers`, `/api/logs`: GMod servers send logs, staff read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from functions.logs import batches, heartbeats, senders
from functions.logs.callers import AWAY, write
from functions.shared import wire
from functions.shared.errors import Unavailable
from functions.shared.http import Answer, Request, Routes

routes = Routes(__name__)


class Alive(wire.Shape):
    """The sign of life was noted."""

    ok: Literal[True]
    serverTime: datetime  # noqa: N815  the wire's name


@routes.post(
    "/api/ingest/logs",
    guard=write,
    body=batches.Batch,
    reads_body=True,
    answers={200: batches.Ingested, 202: batches.Ingested},
    is_limited=True,
)
def ingest(request: Request) -> Answer:
    """Stores what a server's hooks noticed, each event once; a bad one never harms the others."""
    assert request.caller
    try:
        sender = senders.of(request.caller)
        told = batches.ingest(batches.read(request.text(batches.MAX_BYTES)), sender)
    except Unavailable as away:
        raise Unavailable(AWAY) from away
    headers = sender.budget.headers if sender.budget else {}
    return Answer(told, 202 if told["queued"] else 200, headers)


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
