"""`/api/suspicious`: accounts that share an address, and what is no evidence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.logs.alts import alt_accounts, alt_allowlist
from functions.logs.guards import get_author, staff
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


@routes.get("/api/suspicious/allow", guard=staff, answers={200: alt_allowlist.Allowances})
def list_allowances(request: Request) -> list[dict[str, Any]]:
    """Households and shared networks, which are no evidence; the newest first."""
    return alt_allowlist.list_allowances()


@routes.post(
    "/api/suspicious/allow",
    guard=staff,
    body=alt_allowlist.NewAllowance,
    answers={201: alt_allowlist.Allowance},
)
def add_allowance(request: Request, payload: alt_allowlist.NewAllowance) -> Response:
    """Allows a household, every pair of it, or a network that many share."""
    return Response(alt_allowlist.add(payload, get_author(request)), HTTPStatus.CREATED)


@routes.delete(
    "/api/suspicious/allow/{allowance_id}",
    guard=staff,
    query=alt_allowlist.AllowancePath,
    answers={204: "It counts as evidence again.", 404: "Allowance not found"},
)
def delete_allowance(request: Request, path: alt_allowlist.AllowancePath) -> Response:
    """Removes an allowance."""
    alt_allowlist.delete(path.allowance_id, get_author(request))
    return Response("", HTTPStatus.NO_CONTENT)


@routes.get(
    "/api/suspicious",
    guard=staff,
    query=alt_accounts.SuspiciousQuery,
    answers={200: alt_accounts.Suspicious},
    response_headers=("X-Has-More",),
)
def list_groups(request: Request, query: alt_accounts.SuspiciousQuery) -> Response:
    """Accounts that share an address or a network, with the evidence. Nothing acts on it.

    X-Has-More says whether more would not fit.
    """
    found, more = alt_accounts.list_groups(query)
    return Response(found, headers={"X-Has-More": "true" if more else "false"})
