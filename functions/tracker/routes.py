"""`/v1/armies`: army lists of the tracker."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.shared import general_limit
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.tracker_tokens import RequireTrackerUser
from functions.tracker import armies
from functions.tracker.calls import make_call, read_body, read_versions

routes = Routes(__name__, family="v1", prefix="/v1/armies/", limiter=general_limit)
user = RequireTrackerUser()
UNKNOWN = "There is no such army, or it is hidden from the caller"
NOT_OWNER = "The army is another user's"


@routes.get(
    "/v1/armies", guard=user, query=armies.ArmiesQuery, answers={HTTPStatus.OK: armies.Armies}
)
def list_armies(request: Request, query: armies.ArmiesQuery) -> dict[str, Any]:
    """Returns armies that every user may read, and the caller's own, the newest first."""
    return armies.list_armies(request.user, query)


@routes.post(
    "/v1/armies",
    guard=user,
    idempotent=True,
    body=armies.NewArmy,
    raw_body=True,
    max_bytes=armies.MAX_BYTES,
    response_headers=("Location", "ETag", "Idempotency-Replayed"),
    answers={HTTPStatus.CREATED: armies.OneArmy},
)
def create_army(request: Request) -> Response:
    """Makes an army of the caller's.

    Without an Idempotency-Key, an equal army within a minute is the same one.
    """
    call = make_call(request, is_creation=True, max_bytes=armies.MAX_BYTES)
    body = read_body(armies.NewArmy, request, call, armies.MAX_BYTES)
    return armies.create_army(call, body)


@routes.get(
    "/v1/armies/{army_id}",
    guard=user,
    query=armies.ArmyPath,
    etag=True,
    answers={HTTPStatus.OK: armies.OneArmy, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def get_army(request: Request, path: armies.ArmyPath) -> Response:
    """Returns an army.

    A private one is for its owner, opponents in a battle with it, organisers of its tournaments and
    admins.
    """
    return armies.get_army(make_call(request), path.army_id)


@routes.put(
    "/v1/armies/{army_id}",
    guard=user,
    idempotent=True,
    query=armies.ArmyPath,
    body=armies.ArmyChange,
    raw_body=True,
    body_is_optional=True,
    max_bytes=armies.MAX_BYTES,
    response_headers=("ETag", "Idempotency-Replayed"),
    answers={
        HTTPStatus.OK: armies.OneArmy,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "It is of another version than If-Match says, or the key was used",
    },
)
def change_army(request: Request, path: armies.ArmyPath) -> Response:
    """Changes an army. What is absent stays; battles and registrations keep their copies."""
    call = make_call(request, max_bytes=armies.MAX_BYTES)
    body = read_body(armies.ArmyChange, request, call, armies.MAX_BYTES, is_change=True)
    return armies.change_army(call, path.army_id, body, read_versions(request))


@routes.delete(
    "/v1/armies/{army_id}",
    guard=user,
    idempotent=True,
    query=armies.ArmyPath,
    response_headers=("Idempotency-Replayed",),
    answers={
        HTTPStatus.NO_CONTENT: "The army is gone; battles keep their copies",
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "A battle or a tournament needs it, or it has another version",
    },
)
def delete_army(request: Request, path: armies.ArmyPath) -> Response:
    """Deletes an army that no battle and no tournament needs any more."""
    return armies.delete_army(make_call(request), path.army_id, read_versions(request))
