"""`/api/admin/economy`: the economy of the game, for those who run it."""

from __future__ import annotations

from http import HTTPStatus

from functions.game import economy
from functions.game.calls import build_call
from functions.game.operators import staff
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game")


@routes.get(
    "/api/admin/economy",
    guard=staff,
    query=economy.EconomyQuery,
    answers={HTTPStatus.OK: economy.Economy},
)
def get_economy(request: Request, query: economy.EconomyQuery) -> Response:
    """Returns gold and gems made and destroyed by day, holdings, and drops against their chance."""
    return economy.get_economy(build_call(request), query)
