"""`/api/logs`: stored events, searched and live."""

from __future__ import annotations

from typing import Any

from functions.logs.guards import staff
from functions.logs.search import event_reader, search
from functions.shared import cursors
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


@routes.get(
    "/api/logs",
    guard=staff,
    query=search.LogsQuery,
    answers={200: event_reader.Logs},
    response_headers=cursors.HEADERS,
)
def search_logs(request: Request, query: search.LogsQuery) -> Response:
    """Events, newest first; X-Has-More and X-Next-Cursor go on."""
    found, more = search.search_events(query)
    return Response(found, headers=cursors.headers(more))


@routes.get(
    "/api/logs/live", guard=staff, query=event_reader.LiveQuery, answers={200: event_reader.Live}
)
def get_live(request: Request, query: event_reader.LiveQuery) -> dict[str, Any]:
    """Events in the order of their arrival; poll it every other second."""
    return event_reader.fetch_live(query)


@routes.get(
    "/api/logs/{log_id}",
    guard=staff,
    query=event_reader.LogPath,
    answers={200: event_reader.Log, 404: "Log not found"},
    etag=True,
)
def get_log(request: Request, path: event_reader.LogPath) -> dict[str, Any]:
    """One event."""
    return event_reader.get_log(path.log_id)
