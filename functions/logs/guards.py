"""Callers: game servers, who write with a key of theirs, and staff, who show a bearer token."""

from __future__ import annotations

from typing import ClassVar

from functions.shared import auth, db
from functions.shared.auth import RequireScope
from functions.shared.errors import Forbidden, Unauthorized, Unavailable
from functions.shared.request import Caller, Request

UNAVAILABLE = "Temporarily unavailable"


class ServerKey(RequireScope):
    """A game server's key as X-Server-Key; 401 without one, 403 for any other."""

    sent_as = ("server",)

    def __call__(self, request: Request) -> Caller:
        key = request.header("x-server-key")
        if not key:
            raise Unauthorized("Missing server API key")
        try:
            caller = auth.authenticate(key)
        except db.DatabaseUnavailable as away:
            raise Unavailable(UNAVAILABLE) from away
        if caller is None or caller.owner is None or self.scope not in caller.scopes:
            raise Forbidden("Invalid server key")
        return caller


class Staff(RequireScope):
    """The session of somebody of the staff or, for scope admin, of an admin: a bearer token of the
    panel. An API key of that scope serves as one."""

    sent_as: ClassVar[tuple[str, ...]] = ("bearer",)

    def _token(self, request: Request) -> str:
        return request.bearer()

    def __call__(self, request: Request) -> Caller:
        key = self._token(request)
        if not key:
            raise Unauthorized("Missing authorization token")
        # A game server's key is no token.
        caller = None if key.startswith(auth.SERVER) else auth.authenticate_now(key)
        if caller is None:
            raise Unauthorized("Invalid or expired token")
        if not {self.scope, "admin"} & caller.scopes:
            raise Forbidden("Forbidden")
        return caller


class Eraser(Staff):
    """An admin who erases a person: as everywhere, the key may come as X-Api-Key too."""

    sent_as = ("bearer", "key")

    def _token(self, request: Request) -> str:
        return request.key()


def get_author(request: Request) -> str:
    """Who asks: the name that staff sees beside what was written, and that is audited."""
    assert request.caller
    return request.caller.owner or request.caller.name


write, staff, admin = ServerKey("logs:write"), Staff("staff"), Staff("admin")
eraser = Eraser("admin")
