"""`/api/pvp`: three reads of the arena page. Its other paths are 404 until duels are played."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.game import pvp
from functions.game.calls import build_call, player
from functions.shared.request import Request
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", prefix="/api/pvp/")


@routes.get("/api/pvp/stats", guard=player, answers={HTTPStatus.OK: pvp.PvpStats})
def get_stats(request: Request) -> dict[str, Any]:
    """Returns the caller's duels in numbers: zeros, until duels are played."""
    return pvp.get_stats(build_call(request))


@routes.get("/api/pvp/online-players", guard=player, answers={HTTPStatus.OK: pvp.Opponents})
def list_opponents(request: Request) -> list[Any]:
    """Returns who can be challenged: nobody, until duels are played."""
    return pvp.list_opponents(build_call(request))


@routes.get("/api/pvp/active-duels", guard=player, answers={HTTPStatus.OK: pvp.Duels})
def list_duels(request: Request) -> list[Any]:
    """Returns the caller's challenges and duels: none, until duels are played."""
    return pvp.list_duels(build_call(request))
