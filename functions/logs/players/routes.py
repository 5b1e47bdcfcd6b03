"""`/api/players`: players, their profiles and sessions."""

from __future__ import annotations

from typing import Any

from functions.logs.guards import staff
from functions.logs.players import players, profile, sessions
from functions.shared import cursors
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


@routes.get(
    "/api/players",
    guard=staff,
    query=players.PlayersQuery,
    answers={200: players.Players},
    response_headers=cursors.HEADERS,
)
def list_players(request: Request, query: players.PlayersQuery) -> Response:
    """Players, last seen first; X-Has-More and X-Next-Cursor go on."""
    found, more = players.list_players(query)
    return Response(found, headers=cursors.headers(more))


@routes.get(
    "/api/players/{steam_id}",
    guard=staff,
    query=profile.PlayerPath,
    answers={200: profile.Profile, 404: "Player not found"},
    etag=True,
)
def get_player(request: Request, path: profile.PlayerPath) -> dict[str, Any]:
    """Everything about one player."""
    return profile.get_profile(path.steam_id)


@routes.get(
    "/api/players/{steam_id}/sessions",
    guard=staff,
    query=sessions.SessionsQuery,
    answers={200: sessions.Sessions, 404: "Player not found"},
    response_headers=cursors.HEADERS,
)
def list_sessions(request: Request, query: sessions.SessionsQuery) -> Response:
    """A player's sessions, newest first; X-Has-More and X-Next-Cursor go on."""
    found, more = sessions.list_sessions(query)
    return Response(found, headers=cursors.headers(more))
