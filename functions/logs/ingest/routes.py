"""`/api/ingest/logs`: what game servers send."""

from __future__ import annotations

from http import HTTPStatus

from functions.logs.guards import UNAVAILABLE, write
from functions.logs.ingest import batch, ingest_server, payload
from functions.shared.errors import Problem, Unavailable
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


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
    """Stores the events of a server's hooks, each once; an invalid one affects no other."""
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
    return Response(told, HTTPStatus.ACCEPTED if told["queued"] else HTTPStatus.OK, headers)
