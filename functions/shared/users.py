"""Users as guards of routes: who calls, by the token that they show.

A token alone says who they are (`RequireUser`, no round trip). Whether it still counts says the row
of `accounts.caller(user_id, version)`, which the statement that serves the request selects anyway:
`roles.check` raises what its absence or its columns mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import ClassVar, Literal

from functions.shared import db, roles, tokens
from functions.shared.errors import Forbidden, Unauthorized
from functions.shared.request import Caller, Request

MISSING = "Authentication required"


class RequireUser:
    """The guard of a route of users: a token of one of its audiences. No round trip.

    Whoever serves the request selects from `accounts.caller` and calls `roles.check`.
    """

    optional_when: ClassVar[None] = None
    sent_as: ClassVar[tuple[str, ...]] = ("bearer",)
    refused_as: ClassVar[Sequence[HTTPStatus]] = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

    def __init__(self, *audiences: tokens.Audience) -> None:
        self.audiences = audiences

    @property
    def scope(self) -> str:
        """What the reference says that a caller needs: a token of this audience."""
        return self.audiences[0]

    def __call__(self, request: Request) -> Caller:
        """The caller with user_id and version; raises Unauthorized."""
        sent = request.bearer()
        if not sent:
            raise Unauthorized(MISSING)
        try:
            found = tokens.verify(sent, *self.audiences)
        except tokens.WrongTokenError:
            raise Unauthorized(roles.WRONG) from None
        return to_caller(found)


class RequireRole(RequireUser):
    """A token whose user is staff, or an admin, at this moment: one round trip."""

    def __init__(self, role: Literal["staff", "admin"], *audiences: tokens.Audience) -> None:
        super().__init__(*audiences)
        self.role = role

    @property
    def scope(self) -> str:
        return self.role

    def __call__(self, request: Request) -> Caller:
        """The caller with their name and scopes; raises Unauthorized or Forbidden."""
        caller = load(super().__call__(request))
        if self.scope not in caller.scopes:
            raise Forbidden("Not allowed")
        return caller


def to_caller(found: tokens.Identity) -> Caller:
    """The caller whom a token names, without scopes: nothing is known of their role."""
    return Caller(f"user:{found.user_id}", frozenset(), None, found.user_id, found.version)


def load(caller: Caller) -> Caller:
    """The caller with their name and the scopes of their role as they are now; one round trip.

    Raises Unauthorized, and Forbidden for a banned user or one who must choose a new password.
    """
    row = db.fetch_one(
        """
        select id, username, role, is_active, must_change_password
        from accounts.caller(%s, %s)
        """,
        (caller.user_id, caller.version),
    )
    return roles.to_caller(row, caller.version)
