"""Users of the tests: registered at the door of the web game, logged in at any."""

from __future__ import annotations

from typing import Any

from functions.accounts import panel
from functions.shared import db, tokens
from tests.support.client import Answered, Client

PASSWORD = "copper-kettle-9"
_EMAIL = "otto@example.com"
_OTTO = {"username": "Otto", "email": _EMAIL, "password": PASSWORD}
_LOGIN = {"username": "otto", "password": PASSWORD}
# What every route of accounts that reads a body is sent.
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/auth/register": _OTTO,
    "POST /api/auth/login": {"email": _EMAIL, "password": PASSWORD, "emailOrUser": "Otto"},
    "POST /api/auth/logout": {},
    "POST /api/auth/password/forgot": {"email": _EMAIL},
    "POST /api/auth/password/reset": {"token": "x", "password": PASSWORD},
    "POST /api/auth/change-password": {"currentPassword": "x", "newPassword": PASSWORD},
    "POST /api/users": _OTTO | {"role": "USER"},
    "PATCH /api/users/{user_id}": _OTTO,
    "PATCH /api/users/{user_id}/role": {"role": "ADMIN"},
    "PATCH /api/admin/users/{user_id}": {"role": "staff", "is_active": True, "reason": "x"},
    "POST /api/admin/users/{user_id}/logout": {"reason": "x"},
    "POST /api/admin/users/{user_id}/mute": {"minutes": 5, "reason": "x"},
    "POST /api/admin/keys": {"name": "bot", "scopes": ["tilt:read"], "reason": "x"},
    "DELETE /api/admin/keys/{key_id}": {"reason": "x"},
    "DELETE /api/player/me": {"password": "not " + PASSWORD},
    "DELETE /v1/auth/profile": {"password": "not " + PASSWORD},
    "POST /v1/auth/register": _OTTO | {"display_name": "Otto"},
    "POST /v1/auth/login": _LOGIN,
    "POST /v1/auth/refresh": {"refresh_token": "rt_x"},
    "POST /v1/auth/logout": {"refresh_token": "rt_x", "all": False},
    "PATCH /v1/auth/profile": {"display_name": "x", "profile_image_url": "https://x.org"},
}


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
    if audience == "panel":
        panel.store_session(token, user["id"], user["token_version"])
    return Client({"Authorization": f"Bearer {token}"})
