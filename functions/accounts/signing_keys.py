"""RSA keys of the tracker's tokens: made when first needed, stored encrypted, rotated by command.

The newest key signs; a replaced one verifies for as long as its last token may live.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

import jwt
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg.types.json import Jsonb

from functions.shared import db, ids, log, tokens
from functions.shared.secrets import get_secrets

LIFETIME_SECONDS = 3600  # of an access token
CACHE_SECONDS = 300
OVERLAP_SECONDS = LIFETIME_SECONDS + CACHE_SECONDS  # other containers sign on with the old key
_cached: tuple[float, str, Any] = (float("-inf"), "", None)  # monotonic seconds, kid, private key


def issue(user: db.Row, session_id: str) -> str:
    """An access token of an hour for a user's session."""
    kid, key = _signing_key()
    now = int(time.time())
    claims = {
        "sub": str(user["id"]),
        "aud": "tracker",
        "iss": tokens.TRACKER_ISSUER,
        "ver": user["token_version"],
        "sid": session_id,
        "jti": str(uuid4()),
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    return jwt.encode(claims, key, "RS256", {"kid": kid})


def list_public_keys() -> list[dict[str, Any]]:
    """The keys of /.well-known/jwks.json; makes the first one. One round trip."""
    found = db.query("select public_jwk from accounts.public_keys()")
    if not found:
        _signing_key()
        found = db.query("select public_jwk from accounts.public_keys()")
    return [row["public_jwk"] for row in found]


def rotate(actor: str = "operator") -> str:
    """A new key signs from now on, within CACHE_SECONDS everywhere; returns its kid. Audited."""
    kid, sealed, public = _make()
    db.query(
        """
        with older as (
          update accounts.signing_keys
          set retired_at = now() + make_interval(secs => %(overlap)s)
          where retired_at is null
        ), noted as (
          insert into accounts.audit (action, actor, details)
          values ('signing_key.rotated', %(actor)s, jsonb_build_object('kid', %(kid)s::text))
        )
        insert into accounts.signing_keys (kid, sealed, public_jwk)
        values (%(kid)s, %(sealed)s, %(public)s)
        """,
        {
            "actor": actor,
            "kid": kid,
            "sealed": sealed,
            "public": Jsonb(public),
            "overlap": OVERLAP_SECONDS,
        },
    )
    clear_cache()
    return kid


def clear_cache() -> None:
    """Loads the key at its next use."""
    global _cached
    _cached = (float("-inf"), "", None)


def _signing_key() -> tuple[str, Any]:
    """The newest key's kid and the key; makes the first one, of two makers at once only one."""
    global _cached
    loaded_at, kid, key = _cached
    if time.monotonic() - loaded_at < CACHE_SECONDS:
        return kid, key
    row = _newest() or _store_first()
    try:
        private = open_sealed(row["sealed"])
    except InvalidToken:  # TRACKER_KEY was replaced without a word: sign with a key of its own
        log.event("signing_key.unreadable", level="ERROR", kid=row["kid"])
        rotate("function")
        row = _newest() or _store_first()
        private = open_sealed(row["sealed"])
    _cached = (time.monotonic(), row["kid"], private)
    return row["kid"], private


def open_sealed(sealed: bytes) -> Any:
    """The private key out of what is stored of it."""
    return serialization.load_pem_private_key(_box().decrypt(sealed), None)


def _newest() -> db.Row | None:
    found = db.query(
        """
        select kid, sealed
        from accounts.signing_keys
        where retired_at is null
        order by created_at desc
        limit 1
        """
    )
    return found[0] if found else None


def _store_first() -> db.Row:
    """Stores a key where there is none; another's that came first counts."""
    kid, sealed, public = _make()
    db.query(
        """
        insert into accounts.signing_keys (kid, sealed, public_jwk, is_first)
        values (%s, %s, %s, true)
        on conflict do nothing
        """,
        (kid, sealed, Jsonb(public)),
    )
    found = _newest()
    assert found
    return found


def _make() -> tuple[str, bytes, dict[str, Any]]:
    """A new key: its kid, the encrypted private key, and the public one as a JWK."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    kid = ids.sortable_id("key")
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    public = {"kty": jwk["kty"], "n": jwk["n"], "e": jwk["e"]}
    return kid, _box().encrypt(pem), {**public, "kid": kid, "use": "sig", "alg": "RS256"}


def _box() -> MultiFernet:
    """Encrypts under TRACKER_KEY, and decrypts what TRACKER_KEY_PREVIOUS encrypted too."""
    secrets = get_secrets().tracker_secrets
    keys = [urlsafe_b64encode(tokens.derive_key(one, "seal")) for one in secrets]
    return MultiFernet([Fernet(key) for key in keys])
