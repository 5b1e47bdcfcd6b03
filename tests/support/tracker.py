"""Users of the tests at the tracker's door."""

from __future__ import annotations

import re
from typing import Any

from functions.shared import db
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


def make_user(name: str, role: str = "player") -> Client:
    """Somebody who registered at the tracker, with their token."""
    client = bearer(open_session(name))
    db.query("update accounts.users set role = %s where username = %s", (role, name))
    return client


def check_error(answered: Answered, status: int, code: str, /, **details: Any) -> None:
    """Holds an error against the envelope, and its details against these."""
    assert answered.status == status, answered.text
    assert answered.headers["content-type"] == "application/json; charset=utf-8"
    body = answered.json
    assert body["error"]["code"] == code, answered.text
    assert details.items() <= body["error"]["details"].items(), answered.text
    assert body["error"]["message"]
    assert re.fullmatch("req_[0-9A-Za-z]{8,32}", body["request_id"])
    assert answered.headers["x-request-id"] == body["request_id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
    assert ("www-authenticate" in answered.headers) == (status == 401)
