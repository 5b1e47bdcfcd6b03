"""`/api/shop`: what is sold, buying, and what was bought."""

from __future__ import annotations

from http import HTTPStatus

from functions.game import shop
from functions.game.calls import MAX_BYTES, build_call, player
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", prefix="/api/shop/")


@routes.get("/api/shop/items", guard=player, answers={HTTPStatus.OK: shop.Shop})
def list_entries(request: Request) -> Response:
    """Returns all that is sold."""
    return shop.list_entries(build_call(request))


@routes.post(
    "/api/shop/purchase",
    idempotent=True,
    guard=player,
    body=shop.NewPurchase,
    max_bytes=MAX_BYTES,
    answers={
        HTTPStatus.OK: shop.Bought,
        HTTPStatus.BAD_REQUEST: "It is not sold, or not to this player at this price",
    },
)
def purchase(request: Request, sent: shop.NewPurchase) -> Response:
    """Buys a unit for gold or gems. Potions and food stack; an egg makes a pet."""
    return shop.buy(build_call(request), sent)


@routes.get(
    "/api/shop/history",
    guard=player,
    query=shop.HistoryQuery,
    answers={HTTPStatus.OK: shop.Purchases},
)
def list_purchases(request: Request, query: shop.HistoryQuery) -> Response:
    """Returns the player's purchases, newest first."""
    return shop.list_purchases(build_call(request), query.limit)
