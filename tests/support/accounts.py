"""Users of the tests: registered at the door of the web game, logged in at any."""

from __future__ import annotations

from typing import Any

from functions.shared import db, tokens
from tests.support.client import Answered, Client

PASSWORD = "copper-kettle-9"
ADDRESS = "198.51.100.7"


def register(name: str = "Mira_K", **changes: Any) -> Answered:
    """The answer to a registration at the web game."""
    local = name.lower().replace(" ", "_")
    body = {"email": f"{local}@example.com", "password": PASSWORD, "username": name}
    return Client().post("/api/auth/register", body | changes)


def log_in(email: str = "mira_k@example.com", password: str = PASSWORD, **more: Any) -> Answered:
    """The answer to a login at the web game."""
    return Client(**more).post("/api/auth/login", {"email": email, "password": password})


def make_user(name: str = "Mira_K", role: str = "player") -> dict[str, Any]:
    """A user's row, of a user who registered at the web game."""
    answered = register(name)
    assert answered.status == 201, answered.text
    return db.query(
        "update accounts.users set role = %s where username = %s returning *", (role, name)
    )[0]


def bearer(user: dict[str, Any], audience: tokens.Audience = "game") -> Client:
    """A caller with a token of that user."""
    token = tokens.issue(audience, user["id"], user["email"], user["token_version"])
    return Client({"Authorization": f"Bearer {token}"})
