"""The log panel's logins and users, in its own spelling: roles USER, ADMIN and SUPERADMIN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from functions.accounts import logins
from functions.shared import db, panel_sessions, tokens
from functions.shared.errors import BadRequest, Problem, Unauthorized
from functions.shared.fields import CamelModel, CamelResponse

Role = Literal["USER", "ADMIN", "SUPERADMIN"]
ROLES: dict[str, Role] = {
    "player": "USER",
    "organizer": "USER",
    "staff": "ADMIN",
    "admin": "SUPERADMIN",
}
MISSING = "Missing credentials"
WRONG = "Invalid credentials"


class PanelLogin(CamelModel, BaseModel):
    """A login at the log panel."""

    email_or_user: str
    password: str


class PanelUser(CamelResponse):
    """A user as the panel shows them."""

    id: str
    username: str
    email: str
    role: Role
    must_change_password: bool
    created_at: datetime
    avatar_url: str | None


class PanelSession(CamelResponse):
    """Who logged in, and a token of seven days."""

    user: PanelUser
    token: str


def log_in(sent: dict[str, Any], address: str) -> dict[str, Any]:
    """The user and a token; raises problems whose body has `error` beside `detail`."""
    name, password = sent.get("emailOrUser"), sent.get("password")
    with spoken():
        if not (isinstance(name, str) and name.strip() and isinstance(password, str) and password):
            raise BadRequest(MISSING)
        try:
            return open_session(logins.log_in(name.strip(), password, address))
        except Unauthorized:
            raise Unauthorized(WRONG) from None


@contextmanager
def spoken() -> Iterator[None]:
    """Within it, problems say their message as `error` too, beside the game's `detail`."""
    try:
        yield
    except Problem as problem:
        problem.extra |= {"error": problem.message}
        raise


def open_session(user: db.Row) -> dict[str, Any]:
    """A user with a new token of theirs."""
    token = tokens.issue("panel", user["id"], user["email"], user["token_version"])
    store_session(token, user["id"], user["token_version"])
    return {"user": to_response(user), "token": token}


def store_session(token: str, user_id: int, version: int) -> None:
    """Lets a token open the panel, in functions that could not verify it. One round trip."""
    db.query(
        """
        insert into accounts.panel_sessions (token_hash, user_id, version, expires_at)
        select %s, id, %s, now() + make_interval(secs => %s)
        from accounts.users
        where id = %s
          and deleted_at is null
        on conflict on constraint panel_sessions_pkey do nothing
        """,
        (panel_sessions.hash_token(token), version, tokens.LIFETIME_SECONDS, user_id),
    )


def delete_old(connection: db.Connection) -> int:
    """Deletes sessions that have expired; returns how many."""
    return connection.execute(
        "delete from accounts.panel_sessions where expires_at < now()"
    ).rowcount


def to_response(user: db.Row) -> dict[str, Any]:
    """A row of accounts.users as the panel shows it."""
    return {
        "id": str(user["id"]),
        "username": user["username"],
        "email": user["email"],
        "role": ROLES[user["role"]],
        "mustChangePassword": user["must_change_password"],
        "createdAt": user["created_at"],
        "avatarUrl": user["profile_image_url"],
    }
