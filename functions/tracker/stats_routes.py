"""`/v1/stats`: how factions, missions and players do in completed battles of matched play."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.shared import general_limit
from functions.shared.request import Request
from functions.shared.routing import Routes
from functions.shared.tracker_tokens import RequireTrackerUser
from functions.tracker import stats

routes = Routes(__name__, family="v1", prefix="/v1/stats/", limiter=general_limit)
user = RequireTrackerUser()


@routes.get(
    "/v1/stats/factions",
    guard=user,
    query=stats.FactionsQuery,
    answers={HTTPStatus.OK: stats.Factions},
)
def list_factions(request: Request, query: stats.FactionsQuery) -> dict[str, Any]:
    """Returns how factions do, by the names of these, their detachments or their missions."""
    return stats.list_factions(request.user, query)


@routes.get(
    "/v1/stats/missions",
    guard=user,
    query=stats.MissionsQuery,
    answers={HTTPStatus.OK: stats.Missions},
)
def list_missions(request: Request, query: stats.MissionsQuery) -> dict[str, Any]:
    """Returns how battles of each mission go, by the missions' names."""
    return stats.list_missions(request.user, query)


@routes.get(
    "/v1/stats/players/{user_id}",
    guard=user,
    query=stats.PlayerQuery,
    answers={HTTPStatus.OK: stats.OnePlayer, HTTPStatus.NOT_FOUND: "There is no such user"},
)
def get_player(request: Request, query: stats.PlayerQuery) -> dict[str, Any]:
    """Returns what a user has played, private battles too, in all and with each faction."""
    return stats.get_player(request.user, query)
