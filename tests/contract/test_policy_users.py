"""Who may do what with a user's token: every route that is declared × every kind of token.

The rules are stated below; what a key opens, and that every route states a policy at all, is in
test_policy.py.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import jwt
import pytest

from functions.accounts import panel, sessions, signing_keys
from functions.logs.guards import Staff
from functions.shared import db, tokens, tracker_tokens
from functions.shared.auth import RequireScope
from functions.shared.routing import Operation
from functions.shared.settings import settings
from functions.shared.users import RequireRole, RequireUser
from tests.support.accounts import make_user
from tests.support.client import Client, operations
from tests.support.game import BODIES, to_url

ROLES = ("player", "organizer", "staff", "admin")
AUDIENCES: tuple[tokens.Audience, ...] = ("game", "panel", "tracker")
# Whose token and what is wrong with it; of `banned` nothing but the user.
FLAWS = ("", "expired", "stale", "nobody's", "unsigned", "banned", "must change")


@dataclass(frozen=True)
class Rule:
    """The doors whose tokens a route takes, and the roles that it lets in."""

    audiences: tuple[str, ...] = ()
    roles: tuple[str, ...] = ROLES


def rule(one: Operation) -> Rule | None:
    """None for a route that asks nobody who they are."""
    if one.path == "/v1/auth/logout":  # looks for itself: a refresh token would do as well
        return Rule(("tracker",))
    if one.guard is None:
        return None
    if isinstance(one.guard, RequireRole | Staff) or getattr(one.guard, "at_once", False):
        needed = ("staff", "admin") if one.guard.scope == "staff" else ("admin",)
        is_role = isinstance(one.guard, RequireRole)
        return Rule(one.guard.audiences if is_role else ("panel",), needed)
    if isinstance(one.guard, RequireUser):
        return Rule(one.guard.audiences)
    assert isinstance(one.guard, RequireScope)
    return Rule()  # only keys


def expected(one: Operation, stated: Rule, audience: str, role: str, flaw: str) -> set[int]:
    """How a refusal may look; empty for being let in."""
    if audience not in stated.audiences:
        # A token is no key: some doors of keys say 403 to an unknown one.
        is_key = isinstance(one.guard, RequireScope) and not isinstance(one.guard, Staff)
        return {401, 403} if is_key else {401}
    is_scope = isinstance(one.guard, RequireScope) and not isinstance(one.guard, Staff)
    if flaw in ("expired", "stale", "nobody's", "unsigned"):
        return {403} if is_scope else {401}
    if flaw == "banned":
        return {403}
    if flaw == "must change" and (len(stated.roles) < len(ROLES)):
        return {403}
    return set() if role in stated.roles else {403}


def make_token(user: dict[str, Any], audience: tokens.Audience, flaw: str) -> str:
    user = user | {"token_version": user["token_version"] + (flaw == "stale")}
    if flaw == "nobody's":
        user = user | {"id": user["id"] + 1_000_000}
    if audience == "tracker":
        opened = sessions.open_session(user) if flaw != "nobody's" else None
        token = signing_keys.issue(user, opened.id if opened else sessions_id())
        key: Any = signing_keys._signing_key()[1]
        algorithm = "RS256"
    else:
        token = tokens.issue(audience, user["id"], user["email"], user["token_version"])
        key = next(iter(tokens._keys(settings()).values()))
        algorithm = "HS256"
        if audience == "panel":
            panel.store_session(token, user["id"], user["token_version"])
    if flaw == "unsigned":
        return token.rpartition(".")[0] + "."
    if flaw == "expired":
        claims = jwt.decode(token, options={"verify_signature": False})
        header = {"kid": tokens.read_kid(token)}
        return jwt.encode(claims | {"exp": int(time.time()) - 1}, key, algorithm, header)
    return token


def sessions_id() -> str:
    return "00000000-0000-4000-8000-000000000000"


def ask(one: Operation, token: str, other: int) -> int:
    """How a route answers a token with a request that says nothing else.

    Where the path names a user it is another one.
    """
    url = to_url(one.path.replace("{user_id}", str(other)))
    body = None if one.method == "GET" else BODIES.get(f"{one.method} {one.path}", {})
    headers = {"Authorization": f"Bearer {token}"}
    return Client().call(one.method, url, body, headers=headers).status


@pytest.fixture
def users(store: str) -> dict[tuple[str, str], dict[str, Any]]:
    """By role and flaw a user."""
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()
    signing_keys.list_public_keys()  # makes the key outside of what is rolled back
    made = {(role, ""): make_user(f"the {role}", role) for role in ROLES}
    for flaw, change in (
        ("banned", "is_active = false"),
        ("must change", "must_change_password = true"),
    ):
        for role in ROLES:
            user = make_user(f"{flaw} {role}"[:20], role)
            db.query(
                f"update accounts.users set {change} where id = %s",  # type: ignore[arg-type]
                (user["id"],),
            )
            made[role, flaw] = user
    return made


@pytest.mark.parametrize("one", operations(), ids=lambda one: f"{one.method} {one.path}")
def test_a_token_opens_what_its_door_and_role_may_open_and_nothing_else(
    users: dict[tuple[str, str], dict[str, Any]],
    one: Operation,
    setting: Any,
) -> None:
    setting(GENERAL_REQUESTS="100000")
    stated, other = rule(one), users["player", "banned"]["id"]
    for audience in AUDIENCES:
        for role in ROLES:
            for flaw in FLAWS:
                user = users.get((role, flaw), users[role, ""])
                with db.connection().transaction(force_rollback=True):
                    status = ask(one, make_token(user, audience, flaw), other)
                told = f"{one.method} {one.path}, {audience} token of {flaw} {role}: {status}"
                refusals = expected(one, stated, audience, role, flaw) if stated else set()
                if refusals:
                    assert status in refusals, told
                elif stated or not one.path.startswith("/v1/auth/refresh"):
                    assert status not in (401, 403), told
