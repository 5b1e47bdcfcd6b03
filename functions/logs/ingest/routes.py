"""`/api/ingest/logs`: what game servers send, and what each event of it became.

The models are for the reference: batch.py and normalise.py read the payload themselves, since each
of thousands of events may miss anything.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.config import JsonDict

from functions.logs.guards import UNAVAILABLE, write
from functions.logs.ingest import batch, ingest_server
from functions.shared import fields
from functions.shared.errors import Problem, Unavailable
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")
_EXAMPLE: JsonDict = {
    "type": "CHAT",
    "timestamp": "2026-03-02T19:00:03Z",
    "steamId": "STEAM_0:1:101",
    "playerName": "Ana",
    "rawText": "Ana: hello",
    "metadata": {"message": "hello", "chatScope": "GLOBAL", "lifeState": "ALIVE"},
}


class SentEvent(fields.CamelModel):
    """An event as a server's hooks send it. Every field may be missing or null.

    Aliases are read too, as are most of these fields inside `metadata`.
    """

    model_config = ConfigDict(
        extra="allow", defer_build=True, json_schema_extra={"examples": [_EXAMPLE]}
    )

    type: str | None = Field(None, max_length=64, description="UNKNOWN without one; any case")
    timestamp: str | float | None = Field(
        None, description="ISO 8601, or Unix seconds or milliseconds; else the time of receipt"
    )
    steam_id: str | None = Field(None, max_length=64)
    player_name: str | None = Field(None, description="cut after 128 characters")
    raw_text: str | None = Field(None, description="cut after 4,096 bytes")
    game_mode: str | None = Field(
        None, description="TTT, Sandbox or Murder, in any case; else the server's"
    )
    metadata: dict[str, Any] | None = Field(
        None, description="at most 16,384 bytes and 16 levels deep; what is known depends on type"
    )
    event_id: str | None = Field(
        None, max_length=64, description="the sender's own id, which alone decides what is equal"
    )
    session_id: str | None = Field(None, max_length=128)
    server_session_id: str | None = Field(None, max_length=128)
    session_start: str | float | None = None
    map: str | None = Field(None, max_length=128)
    server_name: str | None = Field(None, max_length=128)
    player_count: float | str | None = Field(None, description="rounded down")
    round_id: str | None = Field(None, max_length=128)
    round_number: int | None = None


class EventList(BaseModel):
    """Up to 2,000 events."""

    model_config = ConfigDict(defer_build=True)

    events: list[SentEvent] = Field(min_length=1, max_length=2000)


class Batch(RootModel[EventList | list[SentEvent]]):
    """Up to 2,000 events: an object, or the bare list."""

    model_config = ConfigDict(defer_build=True)


class Result(fields.ResponseModel):
    """What became of one event; an id for what is stored or will be."""

    index: int
    status: batch.Status
    id: str | None = None
    reason: str | None = None
    warnings: list[str] | None = None


class Ingested(fields.ResponseModel):
    """The outcome of a batch; `ingested`: how many events the sender need not send again."""

    ingested: int
    received: int
    stored: int
    duplicates: int
    queued: int
    ignored: int
    rejected: int
    results: list[Result]


class NotIngested(fields.ErrorBody, fields.CamelModel):
    """Why no event of a request was taken, and what the body was instead."""

    received: int | None = None
    body_type: str | None = None
    preview: str | None = None
    results: list[Result] | None = None


class TooMuch(fields.ErrorBody, fields.CamelModel):
    """More bytes than `maxBytes`, or more events than `max`: nothing was stored."""

    max_bytes: int | None = None
    received: int | None = None
    max: int | None = None


@routes.post(
    "/api/ingest/logs",
    guard=write,
    body=Batch,
    raw_body=True,
    answers={
        200: Ingested,
        202: Ingested,
        400: NotIngested,
        413: TooMuch,
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
        answer = batch.ingest(request.text(batch.MAX_BYTES), sender)
    except Unavailable as away:
        raise Unavailable(UNAVAILABLE) from away
    except Problem as problem:
        problem.headers |= headers  # what is refused was counted too
        raise
    return Response(answer, HTTPStatus.ACCEPTED if answer["queued"] else HTTPStatus.OK, headers)
