"""Credentials of every kind, as headers by name: right ones, ended ones, and what is none."""

from __future__ import annotations

import time
from typing import Any

import jwt

from functions.accounts import panel, sessions, signing_keys
from functions.logs.servers import keys
from functions.shared import auth, db, tokens
from functions.shared.secrets import get_secrets
from tests.support.accounts import make_user
from tests.support.logs.panel import SERVER, make_server
from tests.support.policies import ROLES, Policy
from tests.support.server import API_KEY

Headers = dict[str, str]
_SCOPES = {
    "tilt writer": "tilt:write",
    "tilt reader": "tilt:read",
    "ttt server": "ttt:write",
    "analyst": "analyst",
    "staff": "staff",
    "admin": "admin",
    "service": "tracker",
}


def make_all() -> dict[str, Headers]:
    """All of them in this store; a key of scope x is called x, a token `<audience> <role>`."""
    made = {
        "none": {},
        "guess": {"X-Api-Key": "ty_00000000_" + "0" * 64},
        "environment": {"X-Api-Key": API_KEY},
        "both": {"X-Api-Key": API_KEY, "Authorization": "Bearer a.b.c"},
        "no token": {"Authorization": "Bearer a.b.c"},
        "odd": {"Authorization": "bearer \N{SNOWMAN}\x00", "X-Api-Key": "'--", "X-Server-Key": "%"},
        "basic": {"Authorization": "Basic YTpi"},
    }
    users = {role: make_user(f"Fuzz {role}", role) for role in ROLES}
    made |= _make_keys(users["admin"]["id"])
    for role, user in users.items():
        for audience in ("game", "panel", "tracker"):
            made[f"{audience} {role}"] = _bearer(_make_token(user, audience))
    made |= _make_wrong(users["admin"])
    make_server()
    server = keys.issue(SERVER, "ada")["apiKey"]
    made["server"] = {"X-Server-Key": server, "X-Api-Key": server}
    return made


def choose_right(policy: Policy) -> str:
    """The name of what opens routes of a policy, whatever role they ask for."""
    if policy.doors:
        return f"{policy.doors[0]} {policy.roles[-1]}"
    return policy.callers[-1] if policy.callers else "none"


def list_secrets(made: dict[str, Headers]) -> list[str]:
    """What must stand in no log: keys, and the parts of tokens."""
    texts = [text for headers in made.values() for text in headers.values()]
    parts = [part for text in texts for part in text.removeprefix("Bearer ").split(".")]
    return [part for part in parts if len(part) >= 32]


def _make_keys(account: int) -> dict[str, Headers]:
    made: dict[str, Headers] = {}
    for name, scope in _SCOPES.items():
        user_id = account if scope == "tracker" else None
        key, ended = (auth.issue(one, [scope], user_id=user_id) for one in (name, f"dead {name}"))
        made[name] = {"X-Api-Key": key}
        made[f"{name} as bearer"] = _bearer(key)
        made[f"ended {name}"] = {"X-Api-Key": ended}
    db.query(
        """
        update shared.api_keys
        set revoked_at = case when 'admin' = any(scopes) then now() end,
          expires_at = now() - interval '1 second'
        where name ~ 'dead'
        """
    )
    return made


def _make_token(user: dict[str, Any], audience: Any) -> str:
    if audience == "tracker":
        return signing_keys.issue(user, sessions.open_session(user).id)
    token = tokens.issue(audience, user["id"], user["email"], user["token_version"])
    if audience == "panel":
        panel.store_session(token, user["id"], user["token_version"])
    return token


def _make_wrong(user: dict[str, Any]) -> dict[str, Headers]:
    """Tokens of an admin that are one thing short of right."""
    token = _make_token(user, "game")
    head, claims, signature = token.split(".")
    [(kid, key), *_] = tokens._keys(get_secrets()).items()
    said = jwt.decode(token, options={"verify_signature": False})
    none = jwt.encode(said, "", "none", {"kid": kid})
    expired = jwt.encode(said | {"exp": int(time.time()) - 1}, key, "HS256", {"kid": kid})
    stale = _make_token(user | {"token_version": user["token_version"] + 1}, "game")
    return {
        "unsigned": _bearer(none),
        "without a signature": _bearer(f"{head}.{claims}."),
        "signed by another": _bearer(f"{head}.{claims}.{signature[::-1]}"),
        "expired": _bearer(expired),
        "stale": _bearer(stale),
    }


def _bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}
