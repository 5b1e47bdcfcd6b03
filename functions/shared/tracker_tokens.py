"""The tracker's tokens: RS256, an hour, each of one login (`sid`), and their guard.

An API key of scope `tracker` stands for a token of its service account. The public keys of tokens
are those of /.well-known/jwks.json, kept for five minutes. Only functions with the layer Rs256 can
verify them: nothing else imports this file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import jwt

from functions.shared import auth, db, tokens
from functions.shared.errors import Forbidden, Unauthorized
from functions.shared.request import Caller, Request
from functions.shared.roles import INACTIVE
from functions.shared.users import RequireUser

CACHE_SECONDS = 300
_RETRY_SECONDS = 10  # between looks for a key that is not known
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_keys: dict[str, Any] = {}
_loaded_at = float("-inf")  # monotonic seconds
# What was verified, by the token, with the key that verified it. Never logged.
_verified: dict[str, tuple[Any, tokens.Identity]] = {}
_MESSAGES = {
    "missing": "An access token is needed",
    "malformed": "The access token is not valid",
    "expired": "The access token has expired",
    "revoked": "The access token was revoked",
    "invalid_credentials": "The API key is not valid here",
}
_KEY_SESSION = "00000000-0000-0000-0000-0000{}"  # and a key's id: what no login is numbered


class RequireTrackerUser(RequireUser):
    """The guard of a route of the tracker's users; needs no round trip while its keys are fresh.

    Without `Authorization` an API key acts as its service account, for a round trip a minute.
    Whoever serves the request selects from `accounts.session_caller` and calls `check`.
    """

    sent_as = ("bearer", "key")

    def __init__(self) -> None:
        super().__init__("tracker")

    def __call__(self, request: Request) -> Caller:
        """The caller with user_id, version and session_id; raises Unauthorized."""
        if not request.header("authorization"):
            return _authenticate_key(request.header("x-api-key"))
        try:
            found = verify(request.bearer())
        except tokens.WrongTokenError as wrong:
            raise refuse(wrong.reason) from None
        return Caller(
            f"user:{found.user_id}",
            frozenset(),
            user_id=found.user_id,
            version=found.version,
            session_id=found.session_id,
        )

    def check_now(self, caller: Caller) -> None:
        """Raises Unauthorized or Forbidden for a user whose token does not count any more.

        One round trip, for requests that are refused for something else before the store is asked.
        """
        check(
            db.fetch_one(
                "select is_active from accounts.session_caller(%s, %s, %s::uuid)",
                (caller.user_id, caller.version, caller.session_id),
            )
        )


def verify(token: str) -> tokens.Identity:
    """Whom an access token names; raises WrongTokenError.

    A signature is checked once for as long as its key is loaded, expiry each time.
    """
    key = _find_key(tokens.read_kid(token))
    if key is None:
        raise tokens.WrongTokenError("malformed")
    known_under, found = _verified.get(token, (None, None))
    if found is None or known_under is not key:
        found = tokens.read_claims(token, key, "RS256", ("tracker",))
        if not _UUID.fullmatch(found.session_id):
            raise tokens.WrongTokenError("malformed")
        _verified[token] = key, found
        if len(_verified) > tokens.MAX_VERIFIED:
            del _verified[next(iter(_verified))]
    elif found.expires_at <= time.time():
        raise tokens.WrongTokenError("expired")
    return found


def check(row: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The row of `accounts.session_caller` as an active user's; raises Unauthorized, Forbidden."""
    if row is None or row["is_active"] is None:
        raise refuse("revoked")
    if not row["is_active"]:
        raise Forbidden(INACTIVE, required="active account")
    return row


def refuse(reason: str) -> Unauthorized:
    """The problem of a request without a token that counts."""
    return Unauthorized(_MESSAGES[reason], reason=reason)


def clear_cache() -> None:
    """Loads the keys at their next use."""
    global _loaded_at
    _keys.clear()
    _verified.clear()
    _loaded_at = float("-inf")


def _authenticate_key(key: str) -> Caller:
    """The service account as a caller, in the session that `accounts.session_caller` takes for its
    key's; raises Unauthorized."""
    if not key:
        raise refuse("missing")
    found = auth.authenticate(key)
    if found is None or auth.TRACKER not in found.scopes:
        raise refuse("invalid_credentials")
    return Caller(
        f"user:{found.user_id}",
        frozenset(),
        user_id=found.user_id,
        session_id=_KEY_SESSION.format(found.name),
    )


def _find_key(kid: str) -> Any:
    """The public key of that id, or None; looks a new one up."""
    global _loaded_at
    age = time.monotonic() - _loaded_at
    if age > CACHE_SECONDS or (kid not in _keys and age > _RETRY_SECONDS):
        found = db.query("select kid, public_jwk from accounts.public_keys()")
        _keys.clear()
        _keys.update((row["kid"], jwt.PyJWK(row["public_jwk"], "RS256").key) for row in found)
        _loaded_at = time.monotonic()
    return _keys.get(kid)
