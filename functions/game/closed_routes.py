"""Paths of the game that are answered 404 in its words: some would be read as other ones."""

from __future__ import annotations

from http import HTTPStatus

from functions.shared.errors import NotFound
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", uses_database=False, prefix="/api/ws/")


@routes.post("/api/battles/create", answers={HTTPStatus.NOT_FOUND: "Always"})
def create_battle(request: Request) -> Response:
    """Not served: the game makes all battles."""
    raise NotFound(None, None, None)
