"""`/api/users`: the log panel's users, for its admins."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.accounts import panel_users as panel
from functions.accounts.panel import PanelUser
from functions.accounts.users import parse_id
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.users import RequireRole

MAX_BYTES = 64 * 1024

routes = Routes(__name__, family="plain")
staff, admin = RequireRole("staff", "panel"), RequireRole("admin", "panel")
_UNKNOWN = {HTTPStatus.NOT_FOUND: "No such user"}


@routes.get("/api/users", guard=staff, answers={HTTPStatus.OK: panel.PanelUsers})
def list_users(request: Request) -> list[dict[str, Any]]:
    """The panel's users: those with a role first, then the newest, 1000 at most."""
    return panel.list_users()


@routes.post(
    "/api/users",
    guard=admin,
    body=panel.NewPanelUser,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.CREATED: PanelUser, HTTPStatus.CONFLICT: "User already exists"},
)
def create_user(request: Request, new: panel.NewPanelUser) -> Response:
    """Makes an account, whose password must be changed at the first login."""
    return Response(panel.create_user(new, request.user), HTTPStatus.CREATED)


@routes.patch(
    "/api/users/{user_id}",
    guard=admin,
    body=panel.PanelUserChange,
    max_bytes=MAX_BYTES,
    answers={
        HTTPStatus.OK: PanelUser,
        HTTPStatus.CONFLICT: "User already exists",
        **_UNKNOWN,
    },
)
def change_user(request: Request, change: panel.PanelUserChange) -> dict[str, Any]:
    """Changes a user's name, e-mail or password; a new password ends their sessions."""
    return panel.change_user(parse_id(request), change, request.user)


@routes.patch(
    "/api/users/{user_id}/role",
    guard=admin,
    body=panel.RoleChange,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.OK: PanelUser, **_UNKNOWN},
)
def change_role(request: Request, change: panel.RoleChange) -> dict[str, Any]:
    """Gives a user another role, from their next request on; 400 for the caller's own."""
    return panel.change_role(parse_id(request), change.role, request.user, request.address)


@routes.delete(
    "/api/users/{user_id}",
    guard=admin,
    answers={
        HTTPStatus.NO_CONTENT: "The user is erased",
        HTTPStatus.BAD_REQUEST: "It is the caller's own account",
        **_UNKNOWN,
    },
)
def delete_user(request: Request) -> Response:
    """Erases a user; their ids stay with what they did. 400 for the caller's own account."""
    panel.delete_user(parse_id(request), request.user)
    return Response("", HTTPStatus.NO_CONTENT)
