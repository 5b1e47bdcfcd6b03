"""`/api/player`: the player who calls, their stat points, stamina and progress."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.game import player, progression
from functions.game.calls import MAX_BYTES, build_call
from functions.game.calls import player as signed_in
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", prefix="/api/player/")


@routes.get(
    "/api/player/me",
    guard=signed_in,
    answers={HTTPStatus.OK: player.Player},
    served_elsewhere=["DELETE"],
)
def get_me(request: Request) -> Response:
    """Returns the player, with stamina and boosts as of now."""
    return player.get_me(build_call(request))


@routes.post(
    "/api/player/allocate-stats",
    idempotent=True,
    guard=signed_in,
    body=player.Allocation,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.OK: player.Allocated, HTTPStatus.BAD_REQUEST: "Not enough stat points"},
)
def allocate_stats(request: Request, sent: player.Allocation) -> Response:
    """Spends stat points, one each. More maximum stamina fills stamina."""
    return player.allocate_stats(build_call(request), sent)


@routes.post(
    "/api/player/regenerate-stamina",
    idempotent=True,
    guard=signed_in,
    answers={HTTPStatus.OK: player.Stamina},
)
def regenerate_stamina(request: Request) -> Response:
    """Applies the stamina that time has earned, which every other call does as well."""
    return player.regenerate_stamina(build_call(request))


@routes.get(
    "/api/player/progression", guard=signed_in, answers={HTTPStatus.OK: progression.Progression}
)
def get_progression(request: Request) -> dict[str, Any]:
    """Returns how far the player is on the way to the next level."""
    return player.get_progression(build_call(request))


@routes.get(
    "/api/player/progression/table",
    guard=signed_in,
    query=player.TableQuery,
    answers={HTTPStatus.OK: progression.LevelTable},
)
def list_levels(request: Request, query: player.TableQuery) -> list[dict[str, int]]:
    """Returns what levels cost and earn, up to `max_level` (1 to 100)."""
    player.get_me(build_call(request))
    return progression.list_levels(query.max_level)
