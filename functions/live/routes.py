"""`/api/admin/live`: what operators see of sockets."""

from __future__ import annotations

from http import HTTPStatus

from functions.live import overview
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.users import RequireRole

routes = Routes(__name__, family="game")
staff = RequireRole("staff", "game", "panel")


@routes.get("/api/admin/live", guard=staff, answers={HTTPStatus.OK: overview.Overview})
def get_overview(_: Request) -> Response:
    """Returns who is connected: sockets by kind of room, large rooms, and the budget of posts."""
    return overview.get_overview()
