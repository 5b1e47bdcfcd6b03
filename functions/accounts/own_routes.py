"""`/api/player/me`: what is kept about the user who asks, to take along, and its erasure."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from functions.accounts import erasure, exports, logins, users
from functions.accounts import fields as account_fields
from functions.accounts.routes import Done
from functions.shared.errors import BadRequest, TooManyRequests, Unauthorized
from functions.shared.fields import parse
from functions.shared.request import Request
from functions.shared.roles import WRONG
from functions.shared.routing import Routes
from functions.shared.users import RequireUser

MAX_BYTES = 64 * 1024

routes = Routes(__name__, family="game")
player = RequireUser("game")


class OwnErasure(BaseModel):
    """The password, again."""

    password: account_fields.SentPassword


@routes.get(
    "/api/player/me/export",
    guard=player,
    query=exports.ExportQuery,
    answers={HTTPStatus.OK: exports.Export},
)
def export_me(request: Request, query: exports.ExportQuery) -> dict[str, Any]:
    """Returns everything that is kept about the caller: the account, the player and their records.

    Of the records a page: the oldest, or those that follow a page with this `next_cursor`.
    """
    return exports.export(request.user, query)


@routes.delete(
    "/api/player/me",
    guard=player,
    body=OwnErasure,
    raw_body=True,
    answers={HTTPStatus.OK: Done, HTTPStatus.BAD_REQUEST: "The password is wrong"},
    rate_limited=True,
)
def erase_me(request: Request) -> dict[str, Any]:
    """Erases the caller at every door: what they did stays, under `Deleted player`.

    400 `Incorrect password`, for a 401 would log the client out; failures are limited as those of
    logins are. Every token and session of theirs ends; name and e-mail may be registered again.
    """
    users.check_caller(request.user)  # raises, before anything is said of the body
    sent = parse(OwnErasure, routes.read_object(request, MAX_BYTES))
    try:
        logins.check_password(request.user.user_id, sent.password, request.address)
    except (Unauthorized, TooManyRequests) as refused:
        users.check_caller(request.user)  # another request may have erased them just now
        if isinstance(refused, TooManyRequests):
            raise
        raise BadRequest("Incorrect password") from None
    if not erasure.erase(request.user.user_id, actor=None):
        raise Unauthorized(WRONG)
    return {"message": "Your account is deleted"}
