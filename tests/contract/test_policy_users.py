"""Who may do what with a user's token: every route that is declared × every kind of token.

The policies are stated in tests/support/policies.py; what a key opens says test_policy.py.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from itertools import product
from typing import Any

import jwt
import pytest

from functions.accounts import panel, sessions, signing_keys
from functions.shared import db, tokens, tracker_tokens
from functions.shared.roles import INACTIVE, WRONG
from functions.shared.routing import Operation
from functions.shared.secrets import get_secrets
from functions.shared.users import MISSING
from tests.support.accounts import make_user
from tests.support.client import Answered, Client, operations
from tests.support.game import BODIES, to_url
from tests.support.policies import PLAYERS, PUBLIC, ROLES, STATED, Policy, named

AUDIENCES: tuple[tokens.Audience, ...] = ("game", "panel", "tracker")
# Whose token and what is wrong with it; of `banned` nothing but the user.
BROKEN = ("expired", "stale", "nobody's", "unsigned", "signed by another")
FLAWS = ("", *BROKEN, "banned", "must change")

# A broken token is refused before its user's role is known.
TOKENS = [
    (audience, role, flaw)
    for audience, role, flaw in product(AUDIENCES, ROLES, FLAWS)
    if flaw not in BROKEN or role in ("player", "admin")
]


def expected(policy: Policy, audience: str, role: str, flaw: str) -> int | None:
    """The status of a refusal, None for being let in."""
    # Where keys may come as bearer tokens, too, a token that is none is an unknown key.
    wrong = policy.unknown if "Authorization" in policy.ways else HTTPStatus.UNAUTHORIZED
    if audience not in policy.doors or flaw in BROKEN:
        return wrong
    if flaw == "banned" or role not in policy.roles:
        return HTTPStatus.FORBIDDEN
    if flaw == "must change" and "player" not in policy.roles:
        return HTTPStatus.FORBIDDEN
    return None


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
        key = next(iter(tokens._keys(get_secrets()).values()))
        algorithm = "HS256"
        if audience == "panel":
            panel.store_session(token, user["id"], user["token_version"])
    if flaw == "unsigned":
        return token.rpartition(".")[0] + "."
    if flaw == "signed by another":
        head, claims_part, signature = token.split(".")
        return f"{head}.{claims_part}.{signature[::-1]}"
    if flaw == "expired":
        claims = jwt.decode(token, options={"verify_signature": False})
        header = {"kid": tokens.read_kid(token)}
        return jwt.encode(claims | {"exp": int(time.time()) - 1}, key, algorithm, header)
    return token


def sessions_id() -> str:
    return "00000000-0000-4000-8000-000000000000"


def ask(one: Operation, token: str, other: dict[str, Any]) -> Answered:
    """How a route answers a token with a request that says nothing else.

    Where the path names a user it is another one.
    """
    name = other["public_id"] if one.path.startswith("/v1/") else other["id"]
    url = to_url(one.path.replace("{user_id}", str(name)))
    body = None if one.method == "GET" else BODIES.get(named(one), {})
    headers = {"Authorization": f"Bearer {token}"}
    return Client().call(one.method, url, body, headers=headers)


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


@pytest.mark.parametrize("one", operations(), ids=named)
def test_a_token_opens_what_its_door_and_role_may_open_and_nothing_else(
    users: dict[tuple[str, str], dict[str, Any]],
    one: Operation,
    setting: Any,
) -> None:
    setting(GENERAL_REQUESTS="100000")
    policy, other = STATED[named(one)], users["player", "banned"]
    for audience, role, flaw in TOKENS:
        user = users.get((role, flaw), users[role, ""])
        with db.connection().transaction(force_rollback=True):
            answered = ask(one, make_token(user, audience, flaw), other)
        told = f"{named(one)}, {audience} token of {flaw} {role}: {answered.text}"
        refusal = None if policy == PUBLIC else expected(policy, audience, role, flaw)
        if refusal is not None:
            assert answered.status == refusal, told
            if policy.doors == ("game",):
                said = INACTIVE if flaw == "banned" and refusal == 403 else WRONG
                assert answered.json == {"detail": said}, told
        elif one.path != "/v1/auth/refresh":  # which looks at another token
            assert answered.status not in (401, 403), told


@pytest.mark.parametrize("one", [o for o in operations() if STATED[named(o)] == PLAYERS], ids=named)
@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer ", "Basic bWlyYTp4", "bearer", "x.y.z"])
def test_without_a_token_a_player_is_told_to_log_in(store: str, one: Operation, sent: str) -> None:
    headers = {"Authorization": sent} if sent else {}
    answered = Client().call(one.method, to_url(one.path), headers=headers)
    assert (answered.status, answered.json) == (401, {"detail": MISSING})
