"""Hostile callers: tokens that are nearly right, fields that nobody may set, another's things."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest

from functions.accounts import signing_keys
from functions.shared import db, tokens
from functions.shared.secrets import get_secrets
from tests.support import tracker
from tests.support.accounts import PASSWORD, bearer, log_in, make_user, register
from tests.support.client import Client
from tests.support.game import make_player, player_id


@pytest.fixture
def way() -> str:
    """Not behind a pooler too: what is sent here is refused before."""
    return "direct"


def encode(part: Any) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def sign(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    """A token of HS256 whose header says anything."""
    text = f"{encode(header)}.{encode(claims)}"
    mac = urlsafe_b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()
    return f"{text}.{mac.rstrip('=')}"


# --- tokens ---


def test_a_public_key_signs_no_token(tracker_keys: None) -> None:
    """The tracker's keys are public: as the secret of HS256 they make nothing."""
    session = tracker.open_session()
    token = session["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = tokens.read_kid(token)
    [jwk] = [
        one for one in Client().get("/.well-known/jwks.json").json["keys"] if one["kid"] == kid
    ]
    pem = db.fetch_value("select public_jwk::text from accounts.public_keys() limit 1")
    for key in (json.dumps(jwk).encode(), str(pem).encode(), jwk["n"].encode(), b""):
        for algorithm in ("HS256", "none", "RS256", "hs256", "HS512"):
            forged = sign({"alg": algorithm, "typ": "JWT", "kid": kid}, claims, key)
            assert Client({"Authorization": f"Bearer {forged}"}).get("/v1/armies").status == 401


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../dev/null"},
        {"kid": "' or 1=1 --"},
        {"kid": ["a"]},
        {"kid": {"a": 1}},
        {"kid": None},
        {"kid": "x" * 1500},
        {},
        {"jwk": {"kty": "oct", "k": "AA"}},
        {"jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/"},
        {"crit": ["exp"], "exp": 1},
        {"b64": False, "crit": ["b64"]},
    ],
    ids=str,
)
def test_no_header_of_a_token_chooses_its_key(store: str, header: dict[str, Any]) -> None:
    user = make_user("Ada", "admin")
    claims = jwt.decode(
        tokens.issue("game", user["id"], user["email"], 0), options={"verify_signature": False}
    )
    for key in (b"", b"\0", b"AA"):
        forged = sign({"alg": "HS256", "typ": "JWT", **header}, claims, key)
        for url in ("/api/player/me", "/api/admin/users", "/api/users", "/v1/armies", "/api/logs"):
            assert Client({"Authorization": f"Bearer {forged}"}).get(url).status == 401, url


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"aud": ["panel", "tracker"]},
        {"iss": "evil"},
        {"sub": "0"},
        {"sub": "1 or 1=1"},
        {"sub": "9" * 19},
        {"sub": 1},
        {"ver": "0"},
        {"ver": -1},
        {"ver": 2**31},
        {"ver": True},
        {"nbf": 2**40},
    ],
    ids=str,
)
def test_claims_that_are_wrong_count_for_nothing(store: str, changes: dict[str, Any]) -> None:
    """Though our own key signed them."""
    user = make_user("Ada")
    [(kid, key), *_] = tokens._keys(get_secrets()).items()
    token = tokens.issue("game", user["id"], user["email"], 0)
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    forged = sign({"alg": "HS256", "typ": "JWT", "kid": kid}, claims, key)
    assert Client({"Authorization": f"Bearer {forged}"}).get("/api/player/me").status == 401


# --- fields that nobody may set ---

WISHES: dict[str, Any] = {
    **{"role": "admin", "is_admin": True, "isAdmin": True, "scopes": ["admin"], "id": 1},
    **{"gold": 10**6, "gems": 10**6, "level": 99, "xp": 10**9, "unspent_stat_points": 99},
    **{"token_version": 0, "is_active": True, "must_change_password": False, "public_id": "usr_1"},
    **{"owner_id": "usr_1", "user_id": 1, "created_at": "2000-01-01T00:00:00Z", "__proto__": {}},
}


def test_nobody_makes_themselves_more_than_they_are(tracker_keys: None) -> None:
    assert register("Mallory", **WISHES).status == 201
    tracker.register("mallet", **WISHES)
    rows = db.query(
        """
        select u.role, u.must_change_password, u.token_version, p.gold, p.gems, p.level
        from accounts.users as u
        left join game.players as p on p.user_id = u.id
        where lower(u.username) in ('mallory', 'mallet')
        """
    )
    assert {row["role"] for row in rows} == {"player"}
    assert [row["gold"] for row in rows if row["gold"] is not None] == [1000]
    assert {row["level"] for row in rows} <= {1, None}


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", "/api/player/allocate-stats", {"attack": 0, "defense": 0, "max_stamina": 0}),
        ("POST", "/api/player/regenerate-stamina", {}),
        ("POST", "/api/inventory/starter-items", {}),
        ("POST", "/api/shop/purchase", {"item_id": "food-1", "currency": "gold"}),
    ],
)
def test_no_body_gives_what_only_operators_give(
    store: str, method: str, url: str, body: dict[str, Any]
) -> None:
    otto = make_player("Otto")
    before = otto.get("/api/player/me").json
    otto.call(method, url, {**WISHES, **body})
    after = otto.get("/api/player/me").json
    assert after["gold"] <= before["gold"]
    assert (after["gems"], after["level"]) == (before["gems"], before["level"])
    role = db.fetch_value("select role from accounts.users where id = %s", (player_id(otto),))
    assert role == "player"


def test_a_profile_takes_no_role(tracker_keys: None) -> None:
    mira = tracker.make_user("mira")
    mira.patch("/v1/auth/profile", {"display_name": "Mira", **WISHES})
    assert mira.get("/v1/auth/profile").json["user"]["role"] == "player"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "http://169.254.169.254/",
            "file:///etc/passwd",
        ),
        *("https://a b", "https://x\r\nSet-Cookie: a=b", "//evil.example", "HTTPS://x", "ftp://x"),
    ],
)
def test_a_picture_is_at_an_https_address(tracker_keys: None, address: str) -> None:
    mira = tracker.make_user("mira")
    assert mira.patch("/v1/auth/profile", {"profile_image_url": address}).status == 422


# --- passwords and names ---


def test_every_byte_of_a_password_counts(store: str) -> None:
    """bcrypt alone reads 72 bytes, and stops at a NUL."""
    long = "x" * 80
    assert register("Long", password=long + "a").status == 201
    assert log_in("long@example.com", long + "b").status == 401
    assert log_in("long@example.com", long[:72]).status == 401
    assert log_in("long@example.com", long + "a").status == 200
    assert log_in("long@example.com", "x" * 1_000_000).status in (413, 422)


def test_two_spellings_of_a_name_are_one_name(store: str) -> None:
    """Of Unicode's normal forms, of case; and what shows nothing is no name."""
    assert register("Ren\u00e9e", email="one@example.com").status == 201
    for name in ("Rene\u0301e", "REN\u00c9E", "ren\u00e9e "):
        assert register(name, email="two@example.com").status == 400, name
    for name in ("\u202eeve", "e\u200bve", "e\0ve", "<b>eve", "eve\r\n", "\ufeffeve", " e "):
        answered = register(name, email="three@example.com")
        shown = answered.status == 201 and answered.json
        assert not shown or name.strip() not in (name, ""), name


def test_sql_in_a_login_is_a_wrong_name(store: str) -> None:
    make_user("Ada", "admin")
    for text in ("' or '1'='1", "ada'--", "%", "_da", "ada\\", "\u212bda", "ada\0"):
        for body in ({"email": text}, {"username": text}, {"emailOrUser": text}):
            answered = Client().post("/api/auth/login", {**body, "password": PASSWORD})
            assert answered.status in (401, 422, 429), (text, body)
    assert bearer(db.query("select * from accounts.users")[0]).get("/api/admin/users").status == 200


def test_signing_keys_are_shown_to_nobody(tracker_keys: None) -> None:
    """Only their public halves are, to everybody."""
    tracker.open_session()
    shown = Client().get("/.well-known/jwks.json")
    assert all(set(one) == {"kty", "n", "e", "kid", "use", "alg"} for one in shown.json["keys"])
    assert signing_keys.LIFETIME_SECONDS == 3600
