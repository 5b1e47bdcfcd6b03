"""Who may do what: every route that is declared, with every kind of credential sent in every way.

A new route fails here until its policy is stated in tests/support/policies.py.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions.logs.servers import keys
from functions.shared import auth, db
from functions.shared.routing import Operation
from tests.support.accounts import make_user
from tests.support.client import Client, operations
from tests.support.logs.panel import SERVER, make_server
from tests.support.policies import (
    ADMIN_KEY,
    PUBLIC,
    SERVER_WRITE,
    STATED,
    TTT_WRITE,
    Policy,
    named,
)
from tests.support.server import API_KEY

WAYS = ("X-Api-Key", "Authorization", "X-Server-Key", "api_key")  # the last one is in the query
SCOPES = {
    "tilt writer": ["tilt:write"],
    "tilt reader": ["tilt:read"],
    "ttt server": ["ttt:write"],
    "analyst": ["analyst"],
    "staff": ["staff"],
    "admin": ["admin"],
    "service": ["tracker"],
}
UNKNOWN = (
    "guess",
    "dead admin",
    "dead analyst",
    "dead staff",
    "dead tilt writer",
    "dead ttt server",
    "dead service",
    "dead server",
)


@pytest.fixture
def credentials(store: str) -> dict[str, str]:
    """A key of every kind; of dead ones the only fault is that they were revoked."""
    made = {"environment": API_KEY, "guess": "ty_00000000_" + "0" * 64}
    account = make_user("service", "admin")["id"]
    for name, scopes in SCOPES.items():
        user_id = account if name == "service" else None
        made[f"dead {name}"] = auth.issue(f"dead {name}", scopes, user_id=user_id)
        made[name] = auth.issue(name, scopes, user_id=user_id)
    make_server("srv_dead")
    made["dead server"] = keys.issue("srv_dead", "ada")["apiKey"]
    db.query("update shared.api_keys set revoked_at = now() where name ~ 'dead'")
    make_server()
    made["server"] = keys.issue(SERVER, "ada")["apiKey"]
    auth.clear_cache()
    return made


def ask(one: Operation, way: str = "", key: str = "") -> int:
    """How a route answers a request that says nothing but who sends it."""
    url = one.path
    for name in ("name", "user_id", "event_id", "steam_id", "round_id", "server_id", "log_id"):
        url = url.replace(f"{{{name}}}", "nobody")
    for name in ("key_id", "transaction_id", "note_id", "allowance_id"):
        url = url.replace(f"{{{name}}}", "nothing")
    headers = {way: f"Bearer {key}" if way == "Authorization" else key}
    if way in ("", "api_key"):
        url, headers = (f"{url}?api_key={key}" if way else url), {}
    body = None if one.method == "GET" else "{}"
    return Client().call(one.method, url, body, headers=headers).status


def expected(policy: Policy, way: str, caller: str) -> int | None:
    """The status of a refusal, None for being let in."""
    if policy == PUBLIC:
        return None
    if way not in policy.ways:
        return policy.missing
    is_token = policy.unknown == 401 and policy.wrong == 403  # of the panel
    if caller.startswith("dead ") or caller == "guess" or (is_token and caller == "server"):
        return policy.unknown
    return None if caller in policy.callers else policy.wrong


def check(one: Operation, policy: Policy, way: str, caller: str, status: int) -> None:
    told = f"{named(one)} as {caller} by {way}: {status}"
    refusal = expected(policy, way, caller)
    if refusal is None:
        assert status not in (401, 403), told
    else:
        assert status == refusal, told


def test_every_route_states_its_policy() -> None:
    assert {named(one) for one in operations()} == set(STATED)


@pytest.mark.parametrize("one", operations(), ids=named)
def test_a_route_lets_in_whom_it_should_and_nobody_else(
    credentials: dict[str, str], one: Operation
) -> None:
    """Regression: a game server's key erased any player of every server, also by ?api_key=."""
    policy = STATED[named(one)]
    check(one, policy, "", "nobody", ask(one))
    for caller, key in credentials.items():
        for way in WAYS:
            check(one, policy, way, caller, ask(one, way, key))


@pytest.mark.parametrize("one", [o for o in operations() if "/api/tilt/" in o.path], ids=named)
def test_where_keys_are_optional_only_erasing_needs_one(
    credentials: dict[str, str], one: Operation, setting: Callable[..., None]
) -> None:
    setting(TILT_KEYS="optional")
    policy = STATED[named(one)]
    policy = policy if policy == ADMIN_KEY else PUBLIC
    for caller in ("nobody", "guess", "tilt reader", "server", "admin"):
        for way in WAYS:
            key = credentials.get(caller, "")
            check(one, policy, way if key else "", caller, ask(one, way if key else "", key))


def test_a_servers_key_writes_what_it_is_for_and_nothing_else(credentials: dict[str, str]) -> None:
    let_in = {
        named(one)
        for one in operations()
        for way in WAYS
        if ask(one, way, credentials["server"]) not in (401, 403)
    }
    public = {route for route, policy in STATED.items() if policy == PUBLIC}
    writes = {r for r, policy in STATED.items() if policy in (TTT_WRITE, SERVER_WRITE)}
    assert let_in == public | writes
