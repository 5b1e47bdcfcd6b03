"""`/v1/users`: users of the tracker, as they see each other."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.shared import general_limit
from functions.shared.addresses import hash_address
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.tracker_tokens import RequireTrackerUser
from functions.tracker import users
from functions.tracker.calls import MAX_BYTES, make_call, read_body

routes = Routes(__name__, family="v1", prefix="/v1/users/", limiter=general_limit)
user = RequireTrackerUser()
UNKNOWN = "There is no such user"


@routes.get("/v1/users", guard=user, query=users.UsersQuery, answers={HTTPStatus.OK: users.Users})
def list_users(request: Request, query: users.UsersQuery) -> dict[str, Any]:
    """Returns the users whose names begin with `q`, the newest first."""
    return users.list_users(request.user, query)


@routes.get(
    "/v1/users/{user_id}",
    guard=user,
    query=users.UserPath,
    answers={HTTPStatus.OK: users.OneUser, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def get_user(request: Request, path: users.UserPath) -> Response:
    """Returns a user; the e-mail is for themselves and for admins."""
    return users.get_user(make_call(request), path.user_id)


@routes.patch(
    "/v1/users/{user_id}",
    guard=user,
    idempotent=True,
    query=users.UserPath,
    body=users.RoleChange,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=("Idempotency-Replayed",),
    answers={
        HTTPStatus.OK: users.OneUser,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: "The caller is no admin, or the user is the caller",
    },
)
def change_user(request: Request, path: users.UserPath) -> Response:
    """Gives a user a role; admins only, and nobody changes their own."""
    call = make_call(request)
    body = read_body(users.RoleChange, request, call)
    return users.change_user(call, path.user_id, body, hash_address(request.address))
