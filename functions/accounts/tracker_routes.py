"""`/v1/auth`: the tracker's door."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.accounts import erasure, login_limits, logins, sessions, tracker, users
from functions.shared import general_limit
from functions.shared.addresses import hash_address
from functions.shared.errors import Conflict, Forbidden, Invalid, Unauthorized
from functions.shared.fields import parse
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.tracker_tokens import RequireTrackerUser

MAX_BYTES = 64 * 1024

routes = Routes(__name__, family="v1", prefix="/v1/", limiter=general_limit)
user = RequireTrackerUser()


class AlreadyExists(Conflict):
    """A name or an e-mail that somebody has."""

    code = "ALREADY_EXISTS"


@routes.post(
    "/v1/auth/register",
    body=tracker.NewTrackerUser,
    max_bytes=MAX_BYTES,
    answers={
        HTTPStatus.CREATED: tracker.AuthResponse,
        HTTPStatus.CONFLICT: "The name or the e-mail is taken",
    },
)
def register(request: Request, new: tracker.NewTrackerUser) -> Response:
    """Makes a user and opens a session of theirs."""
    if new.password.casefold() in (new.username.casefold(), new.email.casefold()):
        problem = "must not be the name or the e-mail"
        raise Invalid(f"password {problem}", [{"field": "password", "problem": problem}])
    address_hash = hash_address(request.address)
    login_limits.count_registration(address_hash, new.email)
    made = users.NewUser(
        new.username, new.email, new.password, new.display_name, address_hash=address_hash
    )
    try:
        row = users.create(made)
    except users.TakenError as taken:
        raise AlreadyExists(taken.message, field=taken.field) from None
    opened = sessions.open_session(row)
    return Response(tracker.to_auth_response(opened), HTTPStatus.CREATED)


@routes.post(
    "/v1/auth/login",
    body=tracker.TrackerLogin,
    max_bytes=MAX_BYTES,
    answers={
        HTTPStatus.OK: tracker.AuthResponse,
        HTTPStatus.UNAUTHORIZED: "The name or the password is wrong",
        HTTPStatus.FORBIDDEN: "The account is inactive",
    },
)
def log_in(request: Request, login: tracker.TrackerLogin) -> dict[str, Any]:
    """Opens a session for a name or e-mail and its password."""
    try:
        row = logins.log_in(login.username, login.password, request.address)
    except Unauthorized:
        raise _wrong("Wrong username or password") from None
    except Forbidden as problem:
        problem.extra |= {"required": "active account"}
        raise
    return tracker.to_auth_response(sessions.open_session(row))


@routes.post(
    "/v1/auth/refresh",
    body=tracker.Refresh,
    max_bytes=MAX_BYTES,
    answers={
        HTTPStatus.OK: tracker.AuthResponse,
        HTTPStatus.FORBIDDEN: "The refresh token does not count; `reason` says why",
    },
)
def refresh(request: Request, sent: tracker.Refresh) -> dict[str, Any]:
    """Exchanges a refresh token for its successor and a new access token.

    A token works once: another use ends the session, unless it was received before the first one
    had been answered. An Authorization header is ignored.
    """
    opened = sessions.refresh(
        sent.refresh_token, request.received_at, hash_address(request.address)
    )
    return tracker.to_auth_response(opened)


@routes.post(
    "/v1/auth/logout",
    body=tracker.Logout,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    answers={
        HTTPStatus.NO_CONTENT: "The session has ended",
        HTTPStatus.UNAUTHORIZED: "Neither token is valid",
        HTTPStatus.FORBIDDEN: "The account is inactive",
    },
)
def log_out(request: Request, sent: tracker.Logout) -> Response:
    """Ends a session, or with `all` every session; a refresh token stands for an access token."""
    if sent.refresh_token is not None and not sent.all:
        try:
            session, _ = sessions.parse(sent.refresh_token)
        except sessions.RefreshTokenError:
            pass
        else:
            sessions.revoke(session)
            return _nothing()
    sessions.log_out(user(request), sent.all)
    return _nothing()


@routes.get("/v1/auth/profile", guard=user, answers={HTTPStatus.OK: tracker.Profile})
def get_profile(request: Request) -> dict[str, Any]:
    """The caller's own user, with the e-mail."""
    return tracker.get_profile(request.user)


@routes.patch(
    "/v1/auth/profile",
    guard=user,
    body=tracker.ProfileChange,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.OK: tracker.Profile},
)
def change_profile(request: Request, change: tracker.ProfileChange) -> dict[str, Any]:
    """Changes the display name or the picture of the caller's own user."""
    return tracker.change_profile(request.user, change)


@routes.delete(
    "/v1/auth/profile",
    guard=user,
    body=tracker.Deletion,
    raw_body=True,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.NO_CONTENT: "The person is erased"},
)
def delete_profile(request: Request) -> Response:
    """Erases the caller: personal fields and sessions go, results stay under Deleted player."""
    tracker.get_profile(request.user)  # raises, before anything is said of the body
    sent = parse(tracker.Deletion, routes.read_object(request, MAX_BYTES))
    try:
        logins.check_password(request.user.user_id, sent.password, request.address)
    except Unauthorized:
        raise _wrong("Wrong password") from None
    erasure.erase(request.user.user_id, actor=None)
    return _nothing()


def _wrong(message: str) -> Unauthorized:
    return Unauthorized(message, reason="invalid_credentials")


def _nothing() -> Response:
    return Response("", HTTPStatus.NO_CONTENT)
