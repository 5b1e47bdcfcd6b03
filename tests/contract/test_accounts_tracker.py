"""The tracker's door: tracker.md sections 1.2, 1.3, 1.5 and 2, each row of their tables."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest

from functions.accounts import signing_keys
from functions.shared import db, tokens, tracker_tokens
from tests.support import accounts
from tests.support.accounts import PASSWORD
from tests.support.client import Answered, Client
from tests.support.tracker import bearer, check_error, open_session, refresh, register


@pytest.fixture(autouse=True)
def keys(store: str) -> Iterator[None]:
    """Keys of this test's store."""
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()
    yield
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()


def test_registering_opens_a_session() -> None:
    answered = register(display_name=" Mira ", role="admin")
    assert answered.status == 201
    body = answered.json
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    user = body["user"]
    assert re.fullmatch("usr_[0-9A-Za-z]{8,32}", user["id"])
    assert user["role"] == "player"
    assert (user["username"], user["display_name"]) == ("mira", "Mira")
    assert (user["email"], user["profile_image_url"]) == ("mira@example.net", None)
    assert (user["tournament_wins"], user["total_battles"]) == (0, 0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", user["created_at"])
    assert bearer(body).get("/v1/auth/profile").json == {"user": user}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "other@example.net", "username": "MIRA"}, "username"),
        ({"email": "MIRA@example.net", "username": "other"}, "email"),
        ({}, "email"),
    ],
)
def test_a_name_and_an_e_mail_are_given_once(changes: dict[str, Any], field: str) -> None:
    register()
    check_error(register(**changes), 409, "ALREADY_EXISTS", field=field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ab"),
        ("username", "a" * 33),
        ("username", "mi ra"),
        ("username", None),
        ("email", "mira"),
        ("email", "a" * 250 + "@example.com"),
        ("password", "seven-7"),
        ("password", "x" * 129),
        ("password", "mira@example.net"),
        ("password", "copper\tkettle"),
        ("display_name", " "),
        ("display_name", "x" * 65),
        ("display_name", "a\u0007b"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any) -> None:
    answered = register(**{field: value})
    check_error(answered, 422, "VALIDATION_ERROR")
    [problem] = answered.json["error"]["details"]["fields"]
    assert problem["field"] == field
    assert problem.keys() == {"field", "rule", "message"}


@pytest.mark.parametrize("name", ["mira", "MIRA", "mira@example.net", " Mira@Example.net "])
def test_logging_in_by_name_or_e_mail(name: str) -> None:
    register()
    answered = Client().post("/v1/auth/login", {"username": name, "password": PASSWORD})
    assert answered.status == 200
    assert answered.json["user"]["username"] == "mira"


def test_a_name_like_an_e_mail_is_not_taken_for_one() -> None:
    accounts.register("ana@example.net", email="other@example.com")
    register("ana")
    body = {"username": "ana@example.net", "password": PASSWORD}
    assert Client().post("/v1/auth/login", body).json["user"]["username"] == "ana"


@pytest.mark.parametrize(("name", "password"), [("mira", "wrong-password"), ("nobody", PASSWORD)])
def test_unknown_and_wrong_are_answered_alike(name: str, password: str) -> None:
    register()
    answered = Client().post("/v1/auth/login", {"username": name, "password": password})
    check_error(answered, 401, "UNAUTHORIZED", reason="invalid_credentials")
    assert answered.json["error"]["message"] == "Wrong username or password"


@pytest.mark.parametrize("body", ["nonsense", "[]", "7"])
def test_what_is_no_object_is_invalid_json(body: str) -> None:
    check_error(Client().post("/v1/auth/login", body), 400, "INVALID_JSON")


def test_an_empty_body_is_an_empty_object() -> None:
    check_error(Client().post("/v1/auth/login", ""), 422, "VALIDATION_ERROR")


def test_too_much_is_too_large() -> None:
    body = {"username": "x" * 70_000, "password": PASSWORD}
    check_error(Client().post("/v1/auth/login", body), 413, "PAYLOAD_TOO_LARGE", limit_bytes=65536)


def test_unknown_paths_and_methods_are_in_the_envelope() -> None:
    check_error(Client().get("/v1/auth/nothing"), 404, "NOT_FOUND", path="/v1/auth/nothing")
    answered = Client().put("/v1/auth/login")
    check_error(answered, 405, "METHOD_NOT_ALLOWED", allowed=["OPTIONS", "POST"])
    assert answered.headers["allow"] == "OPTIONS, POST"
    assert answered.headers["x-ratelimit-limit"] == "1000"


def test_a_preflight_is_204() -> None:
    answered = Client().call("OPTIONS", "/v1/auth/login")
    assert (answered.status, answered.text) == (204, "")


def test_an_access_token_says_what_the_contract_lists() -> None:
    session = open_session()
    token = session["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims.keys() == {"sub", "aud", "iss", "ver", "sid", "jti", "iat", "exp"}
    assert claims["exp"] - claims["iat"] == 3600
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "RS256"
    answered = Client().get("/.well-known/jwks.json")
    [key] = [one for one in answered.json["keys"] if one["kid"] == header["kid"]]
    verified = jwt.decode(
        token, jwt.PyJWK(key), ["RS256"], audience="tracker", issuer="tiltyard/v1"
    )
    assert verified == claims
    assert "d" not in key
    assert answered.headers["cache-control"] == "public, max-age=300"


def profile(token: str) -> Answered:
    return Client({"Authorization": f"Bearer {token}"}).get("/v1/auth/profile")


def test_tokens_of_the_other_doors_are_refused_and_the_reverse() -> None:
    session = open_session()
    [user] = db.query("select id, email, token_version from accounts.users")
    for audience in ("game", "panel"):
        token = tokens.issue(audience, user["id"], user["email"], user["token_version"])
        check_error(profile(token), 401, "UNAUTHORIZED", reason="malformed")
    with pytest.raises(tokens.WrongTokenError):
        tokens.verify(session["access_token"], "game", "panel", "tracker")


def test_a_refused_access_token_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    check_error(Client().get("/v1/auth/profile"), 401, "UNAUTHORIZED", reason="missing")
    for token in ("", "nonsense", "a.b.c", "x" * 4096):
        check_error(profile(token), 401, "UNAUTHORIZED", reason="malformed")
    monkeypatch.setattr(signing_keys, "LIFETIME_SECONDS", -1)
    check_error(profile(open_session()["access_token"]), 401, "UNAUTHORIZED", reason="expired")


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_the_public_key_is_no_secret_to_sign_with(algorithm: str) -> None:
    session = open_session()
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    [key] = signing_keys.list_public_keys()
    secret = key["n"] if algorithm == "HS256" else ""
    forged = jwt.encode(claims, secret, algorithm, {"kid": key["kid"]})
    check_error(profile(forged), 401, "UNAUTHORIZED", reason="malformed")


@pytest.mark.parametrize(
    "changes",
    [
        *({"sub": 7}, {"sub": "mira"}, {"sub": None}, {"aud": "game"}, {"aud": None}),
        *({"iss": "tiltyard"}, {"iss": None}, {"sid": None}, {"sid": "x"}, {"sid": 7}),
        *({"ver": "0"}, {"ver": None}, {"exp": None}, {"iat": None}, {"padding": "x" * 4096}),
        *({"algorithm": "RS512"}, {"algorithm": "PS256"}),
    ],
    ids=str,
)
def test_what_our_own_key_never_signs_is_malformed(changes: dict[str, Any]) -> None:
    session = open_session()
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    algorithm = changes.get("algorithm", "RS256")
    said = {name: value for name, value in (claims | changes).items() if value is not None}
    kid, key = signing_keys._signing_key()
    text = json.dumps(
        said
    ).encode()  # by api_jws: a claim of the wrong type is not refused by whoever forges it
    forged = jwt.api_jws.encode(text, key, algorithm, {"kid": kid})
    check_error(profile(forged), 401, "UNAUTHORIZED", reason="malformed")
    assert bearer(session).get("/v1/auth/profile").status == 200


@pytest.mark.parametrize("password", ["\N{COLLISION SYMBOL}" * 128, "x" * 128, "é" * 100])
def test_every_character_of_a_password_counts(password: str) -> None:
    assert register(password=password).status == 201

    def log_in(sent: str) -> int:
        return Client().post("/v1/auth/login", {"username": "mira", "password": sent}).status

    assert log_in(password) == 200
    assert log_in(password[:-1]) == 401
    assert log_in(password[:89] + "!" + password[90:]) == 401


def test_a_password_is_the_same_however_its_letters_are_spelled() -> None:
    """NFC and NFD: what one keyboard sends and another one does not."""
    assert register(password="caf\u00e9 au lait").status == 201
    sent = {"username": "mira", "password": "cafe\u0301 au lait"}
    assert Client().post("/v1/auth/login", sent).status == 200


def test_a_key_is_rotated_and_retired() -> None:
    before = open_session()
    first = jwt.get_unverified_header(before["access_token"])["kid"]
    second = signing_keys.rotate()
    tracker_tokens.clear_cache()
    after = refresh(before).json
    assert jwt.get_unverified_header(after["access_token"])["kid"] == second != first
    assert bearer(before).get("/v1/auth/profile").status == 200
    assert bearer(after).get("/v1/auth/profile").status == 200
    db.query("update accounts.signing_keys set retired_at = now() where kid = %s", (first,))
    tracker_tokens.clear_cache()
    check_error(profile(before["access_token"]), 401, "UNAUTHORIZED", reason="malformed")
    assert bearer(after).get("/v1/auth/profile").status == 200


def test_a_key_that_another_container_made_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session()
    assert bearer(session).get("/v1/auth/profile").status == 200
    signing_keys.rotate()
    monkeypatch.setattr(tracker_tokens, "_RETRY_SECONDS", -1)
    assert bearer(refresh(session).json).get("/v1/auth/profile").status == 200


def test_private_keys_are_stored_encrypted(setting: Callable[..., None]) -> None:
    open_session()
    [key] = db.query("select sealed from accounts.signing_keys")
    assert b"PRIVATE" not in key["sealed"]
    setting(TRACKER_KEY="another tracker key, which is long enough")
    setting(TRACKER_KEY_PREVIOUS="the tracker key of the tests, which is long enough")
    signing_keys.clear_cache()
    open_session("other")


def test_a_key_that_nobody_can_open_any_more_is_replaced(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """TRACKER_KEY was replaced without TRACKER_KEY_PREVIOUS: sessions end, logins go on."""
    before = open_session()
    setting(TRACKER_KEY="another tracker key, which is long enough")
    signing_keys.clear_cache()
    check_error(refresh(before), 403, "INVALID_REFRESH_TOKEN", reason="malformed")
    assert bearer(open_session("other")).get("/v1/auth/profile").status == 200
    assert '"signing_key.unreadable"' in capsys.readouterr().out
    assert profile(before["access_token"]).status == 200


def test_a_refresh_gives_new_tokens_and_uses_the_old_one_up() -> None:
    first = open_session()
    answered = Client({"Authorization": "Bearer broken"}).post(
        "/v1/auth/refresh", {"refresh_token": first["refresh_token"]}
    )
    assert answered.status == 200
    second = answered.json
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert second["user"] == first["user"]
    assert refresh(second).status == 200


def test_a_token_used_twice_ends_the_whole_session(capsys: pytest.CaptureFixture[str]) -> None:
    first = open_session()
    second = refresh(first).json
    check_error(refresh(first), 403, "INVALID_REFRESH_TOKEN", reason="reused")
    check_error(refresh(second), 403, "INVALID_REFRESH_TOKEN", reason="revoked")
    for session in (first, second):
        check_error(profile(session["access_token"]), 401, "UNAUTHORIZED", reason="revoked")
    [noted] = db.query("select ip_hash, user_id from accounts.audit where action = 'token.reused'")
    assert noted["ip_hash"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [alarm] = [line for line in lines if line["event"] == "token.reused"]
    assert alarm == {"event": "token.reused", "level": "ERROR", "user_id": noted["user_id"]}


@pytest.mark.parametrize("sent", [None, 7, ["rt_x"], {"refresh_token": "x"}])
def test_a_refresh_token_is_text(sent: Any) -> None:
    answered = Client().post("/v1/auth/refresh", {"refresh_token": sent})
    check_error(answered, 422, "VALIDATION_ERROR")


def test_the_request_id_stands_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    answered = Client().get("/v1/auth/profile")
    assert f'"request_id": "{answered.json["request_id"]}"' in capsys.readouterr().out


def test_another_session_of_the_user_goes_on() -> None:
    first = open_session()
    other = Client().post("/v1/auth/login", {"username": "mira", "password": PASSWORD}).json
    refresh(first)
    refresh(first)
    assert bearer(other).get("/v1/auth/profile").status == 200
    assert refresh(other).status == 200


@pytest.mark.parametrize("token", ["", "rt_", "rt_nonsense", "x" * 5000, "rt_" + "A" * 70, "é"])
def test_a_broken_refresh_token_is_malformed(token: str) -> None:
    answered = Client().post("/v1/auth/refresh", {"refresh_token": token})
    check_error(answered, 403, "INVALID_REFRESH_TOKEN", reason="malformed")


def test_a_missing_refresh_token_is_422() -> None:
    check_error(Client().post("/v1/auth/refresh", {}), 422, "VALIDATION_ERROR")


def test_an_expired_refresh_token_says_so() -> None:
    session = open_session()
    db.query("update accounts.sessions set expires_at = now() - interval '1 second'")
    check_error(refresh(session), 403, "INVALID_REFRESH_TOKEN", reason="expired")


def test_an_access_token_is_no_refresh_token() -> None:
    session = open_session()
    answered = refresh({"refresh_token": session["access_token"]})
    check_error(answered, 403, "INVALID_REFRESH_TOKEN", reason="malformed")


def test_logging_out_ends_both_tokens_at_once() -> None:
    session = open_session()
    answered = bearer(session).post("/v1/auth/logout")
    assert (answered.status, answered.text) == (204, "")
    check_error(profile(session["access_token"]), 401, "UNAUTHORIZED", reason="revoked")
    check_error(refresh(session), 403, "INVALID_REFRESH_TOKEN", reason="revoked")


def test_a_refresh_token_logs_out_without_an_access_token() -> None:
    session = open_session()
    sent = {"refresh_token": session["refresh_token"]}
    assert Client().post("/v1/auth/logout", sent).status == 204
    check_error(profile(session["access_token"]), 401, "UNAUTHORIZED", reason="revoked")


def test_nothing_logs_nobody_out() -> None:
    open_session()
    check_error(Client().post("/v1/auth/logout"), 401, "UNAUTHORIZED", reason="missing")
    sent = {"refresh_token": "rt_nonsense"}
    check_error(Client().post("/v1/auth/logout", sent), 401, "UNAUTHORIZED", reason="missing")


def test_logging_out_everywhere_reaches_every_door() -> None:
    session = open_session()
    other = Client().post("/v1/auth/login", {"username": "mira", "password": PASSWORD}).json
    assert bearer(session).post("/v1/auth/logout", {"all": True}).status == 204
    for one in (session, other):
        check_error(profile(one["access_token"]), 401, "UNAUTHORIZED", reason="revoked")
        check_error(refresh(one), 403, "INVALID_REFRESH_TOKEN", reason="revoked")
    [user] = db.query("select token_version from accounts.users")
    assert user["token_version"] == 1


def test_a_profile_is_changed_field_by_field() -> None:
    client = bearer(open_session())
    url = "https://example.net/mira.png"
    changed = client.patch("/v1/auth/profile", {"profile_image_url": url})
    assert changed.json["user"]["profile_image_url"] == url
    changed = client.patch("/v1/auth/profile", {"display_name": "Mira the Bold", "role": "admin"})
    user = changed.json["user"]
    assert (user["display_name"], user["profile_image_url"]) == ("Mira the Bold", url)
    assert user["role"] == "player"
    changed = client.patch("/v1/auth/profile", {"profile_image_url": None})
    assert changed.json["user"]["profile_image_url"] is None
    for wrong in ("http://example.net/a.png", "javascript:alert(1)", "https://" + "x" * 500):
        answered = client.patch("/v1/auth/profile", {"profile_image_url": wrong})
        check_error(answered, 422, "VALIDATION_ERROR")


def test_a_profile_is_deleted_with_the_password() -> None:
    session = open_session()
    client = bearer(session)
    answered = client.call("DELETE", "/v1/auth/profile", {"password": "wrong-password"})
    check_error(answered, 401, "UNAUTHORIZED", reason="invalid_credentials")
    answered = client.call("DELETE", "/v1/auth/profile", {"password": PASSWORD})
    assert (answered.status, answered.text) == (204, "")
    check_error(profile(session["access_token"]), 401, "UNAUTHORIZED", reason="revoked")
    check_error(refresh(session), 403, "INVALID_REFRESH_TOKEN", reason="revoked")
    [row] = db.query("select username, email, display_name, password_hash from accounts.users")
    assert row == {
        "username": None,
        "email": None,
        "display_name": "Deleted player",
        "password_hash": None,
    }
    assert register().status == 201


def test_a_banned_user_is_forbidden() -> None:
    session = open_session()
    db.query("update accounts.users set is_active = false, token_version = token_version + 1")
    check_error(profile(session["access_token"]), 403, "FORBIDDEN")
    check_error(refresh(session), 403, "INVALID_REFRESH_TOKEN", reason="revoked")
    answered = Client().post("/v1/auth/login", {"username": "mira", "password": PASSWORD})
    check_error(answered, 403, "FORBIDDEN")


def test_any_account_enters_any_door() -> None:
    accounts.register("Mira K", email="mira@example.com")
    sent = {"username": "Mira K", "password": PASSWORD}
    assert Client().post("/v1/auth/login", sent).status == 200
    register("ana")
    assert accounts.log_in("ana@example.net").status == 200
    assert len(db.query("select user_id from game.players")) == 2


def test_every_answer_carries_what_is_left_of_the_hour(setting: Callable[..., None]) -> None:
    setting(GENERAL_REQUESTS="5")
    session = open_session()  # of the address: 1
    client = bearer(session)
    for left in (4, 3, 2):
        answered = client.get("/v1/auth/profile")
        assert answered.headers["x-ratelimit-remaining"] == str(left)
        assert answered.headers["x-ratelimit-limit"] == "5"
        assert 0 < int(answered.headers["x-ratelimit-reset"]) - time.time() <= 3601
    client.patch("/v1/auth/profile", {"display_name": ""})
    assert client.get("/v1/auth/profile").headers["x-ratelimit-remaining"] == "0"
    answered = client.get("/v1/auth/profile")
    check_error(answered, 429, "RATE_LIMITED", scope="general", limit=5)
    assert int(answered.headers["retry-after"]) >= 1
    assert answered.json["error"]["details"]["retry_after"] == int(answered.headers["retry-after"])
    assert refresh(session).headers["x-ratelimit-remaining"] == "3"  # the address has its own


def test_without_a_counter_requests_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = bearer(open_session())
    real = db.query

    def query(statement: Any, values: Any = ()) -> list[db.Row]:
        if "general:" in str(values):
            raise db.DatabaseUnavailable
        return real(statement, values)

    monkeypatch.setattr(db, "query", query)
    answered = client.get("/v1/auth/profile")
    assert answered.status == 200
    assert '"limits.failed"' in capsys.readouterr().out
