"""Users of the tests at the tracker's door."""

from __future__ import annotations

from typing import Any

from tests.support.accounts import PASSWORD
from tests.support.client import Answered, Client


def register(name: str = "mira", **changes: Any) -> Answered:
    """The answer to a registration at the tracker."""
    body = {"username": name, "email": f"{name}@example.net", "password": PASSWORD}
    return Client().post("/v1/auth/register", body | changes)


def open_session(name: str = "mira") -> dict[str, Any]:
    """What a new user gets."""
    answered = register(name)
    assert answered.status == 201, answered.text
    body: dict[str, Any] = answered.json
    return body


def bearer(session: dict[str, Any]) -> Client:
    """A caller with that access token."""
    return Client({"Authorization": f"Bearer {session['access_token']}"})


def refresh(session: dict[str, Any]) -> Answered:
    """The answer to a refresh by that session's refresh token."""
    return Client().post("/v1/auth/refresh", {"refresh_token": session["refresh_token"]})
