"""`/api/admin/players`, `/contribution` and `/reports`: running the game."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.game import contribution, grants, ledger, reports
from functions.game.calls import MAX_BYTES, build_call
from functions.game.fields import OfPlayer
from functions.game.operators import admins, staff
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", prefix="/api/admin/players/")


@routes.post(
    "/api/admin/players/{player_id}/grant",
    idempotent=True,
    guard=admins,
    body=grants.NewGrant,
    max_bytes=MAX_BYTES,
    query=OfPlayer,
    answers={
        HTTPStatus.OK: grants.Granted,
        HTTPStatus.NOT_FOUND: "There is no such player or item",
        HTTPStatus.CONFLICT: "The player has too little to take, or would have too much",
    },
)
def grant(request: Request, sent: grants.NewGrant, path: OfPlayer) -> Response:
    """Gives gold, gems, experience or items to a player, or takes them away: all of it or nothing.

    `dry_run` answers what would be, and changes nothing. Experience that is taken takes its levels
    and their stat points along; where these are spent, all points are free again before.
    """
    return grants.grant(build_call(request), path.player_id, sent)


@routes.get(
    "/api/admin/players/{player_id}/ledger",
    guard=staff,
    query=ledger.LedgerQuery,
    answers={HTTPStatus.OK: ledger.Movements, HTTPStatus.NOT_FOUND: "There is no such player"},
)
def list_movements(request: Request, query: ledger.LedgerQuery) -> dict[str, Any]:
    """Returns every movement of a player's gold and gems, newest first."""
    return ledger.list_movements(build_call(request), query)


@routes.get(
    "/api/admin/contribution",
    guard=staff,
    query=contribution.ContributionQuery,
    answers={HTTPStatus.OK: contribution.Contributions},
)
def list_contributions(request: Request, query: contribution.ContributionQuery) -> Response:
    """Returns players who claimed loot with less than 1 % of a battle's damage."""
    return contribution.list_contributions(build_call(request), query)


@routes.get(
    "/api/admin/reports",
    guard=staff,
    query=reports.ReportsQuery,
    answers={HTTPStatus.OK: reports.Reports},
)
def list_reports(request: Request, query: reports.ReportsQuery) -> dict[str, Any]:
    """Returns reports of chat messages, newest first."""
    return reports.list_reports(build_call(request), query)
