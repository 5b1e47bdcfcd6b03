"""Accounts on the deployed stack: each function has the layers and keys that its routes need."""

from __future__ import annotations

import re
import secrets
from typing import Any

from infra.local.cloud import LOCAL
from tests.support.stack import Wire

PASSWORD = "copper-kettle-9"


def register(http: Wire) -> tuple[str, str]:
    """A new user's name, and a token of the web game."""
    name = f"mira{secrets.token_hex(4)}"
    body = {"email": f"{name}@example.com", "password": PASSWORD, "username": name}
    answered = http("POST", "/api/auth/register", body)
    assert answered.status == 201, answered.text
    return name, answered.json["access_token"]


def profile(http: Wire, session: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    return http("GET", "/v1/auth/profile", headers=headers).status


def test_one_account_enters_every_door(http: Wire) -> None:
    name, token = register(http)
    login = {"email": f"{name}@example.com", "password": PASSWORD}
    assert http("POST", "/api/auth/login", login).status == 200
    panel = http("POST", "/api/auth/login", {"emailOrUser": name, "password": PASSWORD})
    assert panel.json["user"]["role"] == "USER"
    answered = http("POST", "/v1/auth/login", {"username": name, "password": PASSWORD})
    assert answered.headers["x-ratelimit-limit"] == "1000"
    assert answered.headers["x-request-id"].startswith("req_")
    session = answered.json
    assert profile(http, session) == 200
    assert profile(http, {"access_token": token}) == 401
    assert len(http("GET", "/.well-known/jwks.json").json["keys"]) >= 1
    headers = {"Authorization": f"Bearer {token}"}
    assert http("GET", "/api/admin/users", headers=headers).status == 403
    assert http("GET", "/v1/nothing").json["error"]["code"] == "NOT_FOUND"


def test_a_refresh_token_works_once(http: Wire) -> None:
    """What is received beside the first is tested where the moments can be chosen."""
    name, _ = register(http)
    first = http("POST", "/v1/auth/login", {"username": name, "password": PASSWORD}).json
    sent = {"refresh_token": first["refresh_token"]}
    second = http("POST", "/v1/auth/refresh", sent).json
    assert profile(http, second) == 200
    late = http("POST", "/v1/auth/refresh", sent)
    assert (late.status, late.json["error"]["details"]) == (403, {"reason": "reused"})
    assert profile(http, second) == 401


def test_a_reset_is_mailed_into_a_file(http: Wire) -> None:
    name, _ = register(http)
    before = set((LOCAL / "mail").glob("*.eml"))
    asked = http("POST", "/api/auth/password/forgot", {"email": f"{name}@example.com"})
    assert asked.status == 202
    [mail] = set((LOCAL / "mail").glob("*.eml")) - before
    found = re.search(r"^([\w-]{43})$", mail.read_text(), re.MULTILINE)
    assert found
    reset = {"token": found[1], "password": "another password"}
    assert http("POST", "/api/auth/password/reset", reset).status == 200
    assert http("POST", "/api/auth/password/reset", reset).status == 400
    login = {"email": f"{name}@example.com", "password": "another password"}
    assert http("POST", "/api/auth/login", login).status == 200


def test_whom_one_function_erases_every_other_refuses(http: Wire) -> None:
    """The panel's session is known to a function that holds no key of tokens."""
    name, token = register(http)
    game = {"Authorization": f"Bearer {token}"}
    session = http("POST", "/v1/auth/login", {"username": name, "password": PASSWORD}).json
    login = http("POST", "/api/auth/login", {"emailOrUser": name, "password": PASSWORD})
    panel = {"Authorization": f"Bearer {login.json['token']}"}
    assert http("GET", "/api/logs", headers=panel).status == 403  # known, and no staff
    exported = http("GET", "/api/player/me/export", headers=game).json
    assert exported["account"]["username"] == name
    assert exported["player"]["gold"] == 1000
    wrong = http("DELETE", "/api/player/me", {"password": "wrong-password"}, headers=game)
    assert (wrong.status, wrong.json) == (400, {"detail": "Incorrect password"})
    assert http("DELETE", "/api/player/me", {"password": PASSWORD}, headers=game).status == 200
    assert http("GET", "/api/player/me", headers=game).status == 401
    assert http("GET", "/api/player/me/export", headers=game).status == 401
    assert http("GET", "/api/logs", headers=panel).status == 401
    assert profile(http, session) == 401
    body = {"email": f"{name}@example.com", "password": PASSWORD, "username": name}
    assert http("POST", "/api/auth/register", body).status == 201


def test_a_client_does_not_choose_its_address(http: Wire) -> None:
    """The last test of this file: afterwards this machine has to wait for a minute."""
    login = {"email": "nobody@example.com", "password": "wrong-password"}
    statuses = []
    for number in range(8):
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        statuses.append(http("POST", "/api/auth/login", login, headers=headers).status)
    assert statuses[-2:] == [429, 429]
