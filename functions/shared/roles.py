"""Rows of `accounts.caller` and its like: whether the user counts, and what their role may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.shared.errors import Forbidden, Unauthorized
from functions.shared.request import Caller

WRONG = "Could not validate credentials"
INACTIVE = "Inactive user"
# The scopes of the panel's routes, by role.
ROLE_SCOPES = {
    "staff": frozenset({"staff"}),
    "admin": frozenset({"staff", "admin", "analyst"}),
}


def check(row: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The row of `accounts.caller`, as one of an active user; raises Unauthorized or Forbidden.

    None, or a row whose `is_active` is null (of an outer join), means that the token is stale.
    """
    if row is None or row["is_active"] is None:
        raise Unauthorized(WRONG)
    if not row["is_active"]:
        raise Forbidden(INACTIVE)
    return row


def to_caller(row: Mapping[str, Any] | None, version: int) -> Caller:
    """The caller of such a row with their name and the scopes of their role as they are now.

    Raises as `check`, and Forbidden for who must choose a new password.
    """
    user = check(row)
    if user["must_change_password"]:
        raise Forbidden("Password change required")
    scopes = ROLE_SCOPES.get(user["role"], frozenset())
    return Caller(f"user:{user['id']}", scopes, user["username"], user["id"], version)
