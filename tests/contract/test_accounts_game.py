"""The web game's door: game.md sections 1 and 2, each row of their tables."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from functions.accounts import users
from functions.shared import db, tokens
from functions.shared.secrets import get_secrets
from tests.support.accounts import PASSWORD, log_in, register
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import DROP_PLAYERS


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    read: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def count(table: str) -> int:
    return int(db.query(f"select count(*) as n from {table}")[0]["n"])  # type: ignore[arg-type]


def test_registering_gives_a_token_of_seven_days_and_a_player(store: str) -> None:
    answered = register()
    assert answered.status == 201
    assert answered.json.keys() == {"access_token", "token_type"}
    assert answered.json["token_type"] == "bearer"
    assert answered.headers["cache-control"] == "no-store"
    said = claims(answered.json["access_token"])
    [user] = db.query("select id, username, role, token_version from accounts.users")
    assert said["sub"] == str(user["id"])
    assert said["email"] == "mira_k@example.com"
    assert said["exp"] - said["iat"] == 7 * 86_400
    assert said["aud"] == "game"
    assert (user["role"], user["username"]) == ("player", "Mira_K")
    assert db.query("select user_id from game.players") == [{"user_id": user["id"]}]


def test_logging_in_gives_another(store: str) -> None:
    register()
    answered = log_in(email=" MIRA_K@example.COM ")
    assert answered.status == 200
    assert answered.json.keys() == {"access_token", "token_type"}


def test_a_login_makes_the_player_that_is_missing(store: str) -> None:
    register()
    db.query(DROP_PLAYERS)
    assert log_in().status == 200
    assert count("game.players") == 1


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"username": "Other"}, "Email already registered"),
        ({"email": "MIRA_K@EXAMPLE.COM", "username": "Other"}, "Email already registered"),
        ({"email": "other@example.com"}, "Username already taken"),
        ({"email": "other@example.com", "username": " mira_k "}, "Username already taken"),
        ({}, "Email already registered"),
    ],
)
def test_a_name_and_an_e_mail_are_given_once(
    store: str, changes: dict[str, Any], detail: str
) -> None:
    register()
    answered = register(**changes)
    assert (answered.status, answered.json) == (400, {"detail": detail})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", None),
        ("email", "mira"),
        ("email", "mira@example"),
        ("email", "a" * 250 + "@example.com"),
        ("email", "mira\u0007@example.com"),
        ("email", 7),
        ("password", "seven-7"),
        ("password", "x" * 101),
        ("password", 12345678),
        ("username", "ab"),
        ("username", "a" * 21),
        ("username", "   a   "),
        ("username", "<b>mira"),
        ("username", "a&b"),
        ("username", 'a"b'),
        ("username", "a`b"),
        ("username", "mi\u200bra"),
        ("username", "mi\nra"),
        ("username", True),
    ],
)
def test_what_is_wrong_is_named(store: str, field: str, value: Any) -> None:
    answered = register(**{field: value})
    assert answered.status == 422
    [problem] = answered.json["detail"]
    assert problem["loc"] == ["body", field]
    assert problem["msg"]
    assert count("accounts.users") == 0


def test_missing_fields_are_named(store: str) -> None:
    answered = Client().post("/api/auth/register", {})
    assert answered.status == 422
    assert [one["loc"][1] for one in answered.json["detail"]] == ["email", "password", "username"]
    assert {one["type"] for one in answered.json["detail"]} == {"missing"}


def test_what_a_client_has_no_say_in_is_ignored(store: str) -> None:
    assert register(role="admin", is_active=False, id=1).status == 201
    [user] = db.query("select role, is_active from accounts.users")
    assert user == {"role": "player", "is_active": True}


@pytest.mark.parametrize("password", ["\N{COLLISION SYMBOL}" * 100, "x" * 100, "é" * 100])
def test_every_character_of_a_password_counts(store: str, password: str) -> None:
    """Regression: bcrypt itself ends at 72 bytes and at a NUL."""
    assert register(password=password).status == 201
    assert log_in(password=password).status == 200
    assert log_in(password=password[:-1]).status == 401
    assert log_in(password=password[:89] + "!" + password[90:]).status == 401


def test_a_password_is_stored_as_a_slow_hash(store: str) -> None:
    register()
    [user] = db.query("select password_hash from accounts.users")
    assert user["password_hash"].startswith("$2b$04$")


@pytest.mark.parametrize(
    ("email", "password"),
    [("mira_k@example.com", "wrong-password"), ("nobody@example.com", PASSWORD)],
)
def test_unknown_and_wrong_are_answered_alike(store: str, email: str, password: str) -> None:
    register()
    answered = log_in(email, password)
    assert (answered.status, answered.json) == (401, {"detail": "Incorrect email or password"})


def test_unknown_and_wrong_take_the_same_work(store: str, setting: Any) -> None:
    setting(PASSWORD_ROUNDS="9", LOGIN_FAILURES="1000", ACCOUNT_FAILURES="1000")
    register()

    def work(email: str) -> float:
        """What this process computes for a login: others on the machine count for nothing."""
        started = time.process_time()
        assert log_in(email, "wrong-password").status == 401
        return time.process_time() - started

    pairs = [(work("mira_k@example.com"), work("nobody@example.com")) for _ in range(9)]
    known, unknown = (min(times) for times in zip(*pairs, strict=True))
    assert 0.5 < known / unknown < 2


def test_a_malformed_e_mail_is_422_at_login(store: str) -> None:
    answered = log_in("no mail")
    assert answered.status == 422
    assert answered.json["detail"][0]["loc"] == ["body", "email"]


def test_a_banned_user_is_told_so_only_with_the_right_password(store: str) -> None:
    register()
    db.query("update accounts.users set is_active = false")
    answered = log_in()
    assert (answered.status, answered.json) == (403, {"detail": "Account is inactive"})
    assert log_in(password="wrong-password").status == 401


@pytest.mark.parametrize(
    "changes",
    [
        *({"sub": 1}, {"sub": None}, {"aud": "panel"}, {"aud": "tracker"}, {"iss": "tiltyard/v1"}),
        *({"exp": 1}, {"exp": None}, {"ver": None}, {"ver": 1.5}, {"padding": "x" * 4096}),
        *({"alg": "none"}, {"alg": "HS512"}, {"kid": "00000000"}),
    ],
    ids=str,
)
def test_a_forged_token_is_no_token(store: str, changes: dict[str, Any]) -> None:
    """Each with our own key, so that the change alone is what is refused."""
    token = register().json["access_token"]
    [(kid, key)] = tokens._keys(get_secrets()).items()
    algorithm = changes.get("alg", "HS256")
    said = {k: v for k, v in (claims(token) | changes).items() if v is not None}
    secret = {"none": "", "HS512": key * 2}.get(algorithm, key)  # HS512 asks for a longer one
    header = {"kid": changes.get("kid", kid)}
    forged = jwt.api_jws.encode(json.dumps(said).encode(), secret, algorithm, header)
    answered = Client({"Authorization": f"Bearer {forged}"}).get("/api/player/me")
    assert (answered.status, answered.json) == (401, {"detail": "Could not validate credentials"})


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic bWlyYTp4", "token"])
def test_no_token_is_another_answer(store: str, header: str | None) -> None:
    answered = Client({"Authorization": header} if header is not None else {}).get("/api/player/me")
    assert (answered.status, answered.json) == (401, {"detail": "Authentication required"})


def test_a_token_of_a_retired_key_is_refused(store: str, setting: Callable[..., None]) -> None:
    headers = {"Authorization": f"Bearer {register().json['access_token']}"}
    setting(
        TOKEN_KEY="another token key, which is long enough",
        TOKEN_KEY_PREVIOUS="the token key of the tests, which is long enough",
    )
    assert Client(headers).get("/api/player/me").status == 200
    setting(TOKEN_KEY_PREVIOUS="")
    assert Client(headers).get("/api/player/me").status == 401


def test_logging_out_needs_no_token(store: str) -> None:
    answered = Client().post("/api/auth/logout")
    assert (answered.status, answered.json) == (200, {"message": "Successfully logged out"})


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/register"])
@pytest.mark.parametrize("body", ["[]", "nonsense", ""])
def test_a_body_that_is_no_object_is_refused_in_the_games_words(
    store: str, path: str, body: str
) -> None:
    answered = Client().post(path, body)
    assert answered.status in (400, 422)
    assert answered.json.keys() == {"detail"}


@pytest.mark.commits
def test_of_twenty_registrations_of_one_name_one_is_made(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Barrier(20)

    def one(number: int) -> tuple[int, str]:
        start.wait()
        try:
            users.create(users.NewUser("Mira", f"{number}@example.com", PASSWORD, is_player=True))
        except users.TakenError as taken:
            return taken.status, taken.message
        return 201, ""

    with own_connections(store, monkeypatch), ThreadPoolExecutor(20) as pool:
        done = sorted(pool.map(one, range(20)))
    assert done == [(201, ""), *[(400, "Username already taken")] * 19]
    assert count("accounts.users") == 1
    assert count("game.players") == 1
