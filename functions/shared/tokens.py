"""Tokens of users: JWTs, HS256 for the web game and the panel, with what their claims say.

A token names its user (`sub`), its audience (`aud`) and the user's `token_version` (`ver`); its
header names the key that signed it (`kid`). The tracker's are RS256, see accounts/signing_keys.py.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import jwt

from functions.shared.secrets import Secrets, get_secrets

Audience = Literal["game", "panel", "tracker"]
ISSUER = "tiltyard"
TRACKER_ISSUER = "tiltyard/v1"
LIFETIME_SECONDS = 7 * 86_400
MAX_LENGTH = 2048  # characters; ours have some 400
MAX_VERIFIED = 1000  # tokens that a warm container has verified and knows again
CLAIMS = ["exp", "iat", "iss", "aud", "sub", "ver"]
_SUBJECT = re.compile("[1-9][0-9]{0,18}")


class WrongTokenError(Exception):
    """A token that is not one of ours for this audience, or has expired."""

    def __init__(self, reason: Literal["malformed", "expired"]) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Identity:
    """Whom a valid token names; whether they may still come in, the database knows."""

    user_id: int
    version: int
    session_id: str = ""
    expires_at: int = field(default=0, compare=False)  # Unix seconds


# What was verified, by the token and the audiences that were asked for, with the secrets that held
# the keys then. Never logged; the keys themselves, which could make any token, are no further away.
_verified: dict[tuple[str, tuple[Audience, ...]], tuple[Secrets, Identity]] = {}


def issue(audience: Audience, user_id: int, email: str, version: int) -> str:
    """A token of 7 days for the web game or the panel."""
    now = int(time.time())
    claims = {
        "sub": str(user_id),
        "email": email,
        "aud": audience,
        "iss": ISSUER,
        "ver": version,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    [(kid, key), *_] = _keys(get_secrets()).items()
    return jwt.encode(claims, key, "HS256", {"kid": kid})


def verify(token: str, *audiences: Audience) -> Identity:
    """Whom a token names that is for one of `audiences`; raises WrongTokenError. No round trip.

    A signature is checked once in a warm container, expiry each time.
    """
    chosen = get_secrets()
    known_under, found = _verified.get((token, audiences), (None, None))
    if found is None or known_under is not chosen:
        found = _check_signature(token, chosen, audiences)
        _verified[token, audiences] = chosen, found
        if len(_verified) > MAX_VERIFIED:
            del _verified[next(iter(_verified))]
    elif found.expires_at <= time.time():
        raise WrongTokenError("expired")
    return found


def _check_signature(token: str, chosen: Secrets, audiences: tuple[Audience, ...]) -> Identity:
    key = _keys(chosen).get(read_kid(token))
    if key is None:
        raise WrongTokenError("malformed")
    return read_claims(token, key, "HS256", audiences)


def read_claims(token: str, key: Any, algorithm: str, audiences: tuple[Audience, ...]) -> Identity:
    """Whom a token names that this key signed with this algorithm; raises WrongTokenError."""
    try:
        claims = jwt.decode(
            token,
            key,
            [algorithm],
            {"require": CLAIMS, "verify_iat": False},  # of another machine's clock
            audience=audiences,
            issuer=TRACKER_ISSUER if algorithm == "RS256" else ISSUER,
        )
    except jwt.ExpiredSignatureError:
        raise WrongTokenError("expired") from None
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise WrongTokenError("malformed") from None
    subject, version = claims["sub"], claims["ver"]
    if not _SUBJECT.fullmatch(subject) or int(subject) >= 1 << 63 or not is_version(version):
        raise WrongTokenError("malformed")
    session_id = str(claims.get("sid", ""))
    return Identity(int(subject), version, session_id, int(claims["exp"]))


def is_version(value: Any) -> bool:
    """Whether a claim can be a token_version."""
    return type(value) is int and 0 <= value < 1 << 31


def read_kid(token: str) -> str:
    """The `kid` of a token's header; raises WrongTokenError for what cannot be a token of ours."""
    if len(token) > MAX_LENGTH or not token.isascii() or token.count(".") != 2:
        raise WrongTokenError("malformed")
    return _read_header(token.partition(".")[0])


@lru_cache(maxsize=64)  # the headers of all tokens of a key are equal
def _read_header(segment: str) -> str:
    try:
        header = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
        kid = header["kid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise WrongTokenError("malformed") from None
    return kid if isinstance(kid, str) else ""


def derive_key(secret: str, purpose: str) -> bytes:
    """The key of one purpose, so that no two purposes share one."""
    return hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)


def _keys(chosen: Secrets) -> dict[str, bytes]:
    """By kid the keys that tokens may be signed with; the first one signs."""
    return _derive_keys(*chosen.token_secrets)


@lru_cache(maxsize=4)
def _derive_keys(*secrets: str) -> dict[str, bytes]:
    keys = [derive_key(secret, "token") for secret in secrets]
    return {hashlib.sha256(key).hexdigest()[:8]: key for key in keys}
