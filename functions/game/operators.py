"""Operators: users of role staff or admin, who run the game."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.game.fields import Reason
from functions.shared.fields import RequestModel
from functions.shared.request import Caller, Request
from functions.shared.users import RequireRole, RequireUser

MAX_PAGE = 200


class RequireOperator(RequireRole):
    """A token whose user's role the verb's own statement looks at: no round trip."""

    def __call__(self, request: Request) -> Caller:
        """Who shows the token; raises Unauthorized."""
        return RequireUser.__call__(self, request)


staff = RequireOperator("staff", "game", "panel")
admins = RequireOperator("admin", "game", "panel")


class Reasoned(RequestModel):
    """Why, for the audit."""

    # No filter: the cursor of a page counts whatever the reason.
    reason: Annotated[Reason | None, Field(exclude=True)] = None
