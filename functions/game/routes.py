"""The web game's highscores; the paths below its other prefixes are in their own files."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.game import highscores
from functions.shared.request import Request
from functions.shared.routing import Routes

routes = Routes(__name__, family="game")


@routes.get("/api/highscores", answers={HTTPStatus.OK: highscores.Highscores})
def list_highscores(request: Request) -> dict[str, Any]:
    """Returns the best twenty players by level and by what they wear. Public."""
    return highscores.list_highscores()
