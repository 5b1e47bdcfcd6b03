"""`/api/admin/users` and `/api/admin/keys`: what operators do to users and API keys."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.accounts import admin
from functions.accounts.routes import Done
from functions.accounts.users import parse_id
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.users import RequireRole

MAX_BYTES = 64 * 1024

routes = Routes(__name__, family="game")
staff = RequireRole("staff", "game", "panel")
admins = RequireRole("admin", "game", "panel")
_USER = {HTTPStatus.OK: admin.AdminUser, HTTPStatus.NOT_FOUND: "No such user"}


@routes.get(
    "/api/admin/users",
    guard=staff,
    query=admin.UserQuery,
    answers={HTTPStatus.OK: admin.AdminUsers},
)
def list_users(request: Request, query: admin.UserQuery) -> dict[str, Any]:
    """The users whose name or e-mail begins with `q`, by name."""
    return admin.list_users(query, request.user)


@routes.get("/api/admin/users/{user_id}", guard=staff, query=admin.Reasoned, answers=_USER)
def get_user(request: Request, query: admin.Reasoned) -> dict[str, Any]:
    """A user, with e-mail, role and when they were last seen."""
    return admin.get_user(parse_id(request), query.reason, request.user)


@routes.patch(
    "/api/admin/users/{user_id}",
    guard=admins,
    body=admin.UserChange,
    max_bytes=MAX_BYTES,
    answers={**_USER, HTTPStatus.BAD_REQUEST: "It is the caller's own account"},
)
def change_user(request: Request, change: admin.UserChange) -> dict[str, Any]:
    """Changes a user's role, or bans them: an inactive user's tokens are all refused."""
    return admin.change_user(parse_id(request), change, request.user, request.address)


@routes.post(
    "/api/admin/users/{user_id}/logout",
    guard=admins,
    body=admin.Reasoned,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    answers=_USER,
)
def log_out(request: Request, sent: admin.Reasoned) -> dict[str, Any]:
    """Refuses every token of a user, of every door, from their next request on."""
    return admin.log_out(parse_id(request), sent.reason, request.user)


@routes.post(
    "/api/admin/users/{user_id}/mute",
    guard=staff,
    body=admin.Mute,
    max_bytes=MAX_BYTES,
    answers=_USER,
)
def mute(request: Request, sent: admin.Mute) -> dict[str, Any]:
    """Refuses a user's chat for some minutes; 0 ends it."""
    return admin.mute(parse_id(request), sent, request.user)


@routes.get(
    "/api/admin/keys",
    guard=admins,
    query=admin.Reasoned,
    answers={HTTPStatus.OK: admin.Keys},
)
def list_keys(request: Request, query: admin.Reasoned) -> dict[str, Any]:
    """The live API keys, the newest first."""
    return admin.list_keys(query.reason, request.user)


@routes.post(
    "/api/admin/keys",
    guard=admins,
    body=admin.NewKey,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.CREATED: admin.IssuedKey},
)
def issue_key(request: Request, new: admin.NewKey) -> Response:
    """A new API key, shown once; of one name at most two live, and a third ends the oldest."""
    return Response(admin.issue_key(new, request.user), HTTPStatus.CREATED)


@routes.delete(
    "/api/admin/keys/{key_id}",
    guard=admins,
    body=admin.Reasoned,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.OK: Done, HTTPStatus.NOT_FOUND: "No live key has that id"},
)
def revoke_key(request: Request, sent: admin.Reasoned) -> dict[str, Any]:
    """Revokes an API key; warm functions follow within a minute."""
    admin.revoke_key(request.query()["key_id"], sent.reason, request.user)
    return {"message": "The key is revoked"}
