"""Who may do what: every route that is declared, with every kind of credential sent in every way.

A new route fails here until its policy is stated in POLICIES.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from functions.logs.servers import keys
from functions.shared import auth, db
from functions.shared.routing import Operation
from tests.support.client import Client, operations
from tests.support.logs.panel import SERVER, make_server
from tests.support.server import API_KEY

WAYS = ("X-Api-Key", "Authorization", "X-Server-Key", "api_key")  # the last one is in the query
SCOPES = {
    "tilt writer": ["tilt:write"],
    "tilt reader": ["tilt:read"],
    "ttt server": ["ttt:write"],
    "staff": ["staff"],
    "admin": ["admin"],
}
UNKNOWN = (
    "guess",
    "dead admin",
    "dead staff",
    "dead tilt writer",
    "dead ttt server",
    "dead server",
)


@dataclass(frozen=True)
class Policy:
    """Who is let in and how; the answers without a key, to an unknown one and to a wrong one."""

    ways: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    missing: int = 401
    unknown: int = 403
    wrong: int = 403


PUBLIC = Policy()
TILT_READ = Policy(("X-Api-Key", "Authorization"), ("environment", "tilt reader"))
TILT_WRITE = Policy(("X-Api-Key", "Authorization"), ("environment", "tilt writer"))
ERASE = Policy(("X-Api-Key", "Authorization"), ("admin",))
TTT_WRITE = Policy(
    ("X-Api-Key", "api_key"), ("environment", "ttt server", "server"), unknown=401, wrong=401
)
SERVER_WRITE = Policy(("X-Server-Key",), ("server",))
STAFF = Policy(("Authorization",), ("staff", "admin"), unknown=401)
ADMIN = Policy(("Authorization",), ("admin",), unknown=401)
# A game server's key is none of the panel's tokens: it counts as no credential.
ERASE_LOGS = Policy(("X-Api-Key", "Authorization"), ("admin",), unknown=401)
# Only a user's token opens these, see test_policy_users.py: a key is no token.
USERS = Policy(unknown=401, wrong=401)

POLICIES = {
    PUBLIC: """
        GET /, GET /openapi.json, GET /docs, GET /docs/{name}, GET /health, GET /api/health,
        GET /api/stats, GET /api/ttt/overview, GET /api/ttt/players,
        GET /api/ttt/players/{steam_id}, GET /api/ttt/players/{steam_id}/names,
        GET /api/ttt/weapons, GET /api/ttt/maps, GET /api/ttt/roles, GET /api/ttt/duos,
        GET /api/ttt/nemesis, GET /api/ttt/rivalries, GET /api/ttt/karma, GET /api/ttt/activity,
        GET /api/ttt/buys, GET /api/ttt/rounds/{round_id},
        GET /api/servers, GET /api/servers/{server_id}, GET /api/site-config,
        POST /api/auth/register, POST /api/auth/login, POST /api/auth/logout,
        POST /api/auth/password/forgot, POST /api/auth/password/reset, POST /v1/auth/register,
        POST /v1/auth/login, POST /v1/auth/refresh, GET /.well-known/jwks.json,
        GET /api/highscores, POST /api/battles/create
    """,
    USERS: """
        POST /api/auth/change-password, GET /api/users, POST /api/users,
        PATCH /api/users/{user_id}, PATCH /api/users/{user_id}/role, DELETE /api/users/{user_id},
        GET /api/admin/users, GET /api/admin/users/{user_id}, PATCH /api/admin/users/{user_id},
        POST /api/admin/users/{user_id}/logout, POST /api/admin/users/{user_id}/mute,
        GET /api/admin/keys, POST /api/admin/keys, DELETE /api/admin/keys/{key_id},
        POST /v1/auth/logout, GET /v1/auth/profile, PATCH /v1/auth/profile, DELETE /v1/auth/profile,
        GET /api/player/me, DELETE /api/player/me, GET /api/player/me/export,
        POST /api/player/allocate-stats, POST /api/player/regenerate-stamina,
        GET /api/player/progression, GET /api/player/progression/table, GET /api/inventory,
        GET /api/inventory/stats/{set_type}, POST /api/inventory/equip,
        POST /api/inventory/equip/{item_id}, POST /api/inventory/unequip,
        POST /api/inventory/unequip/{slot}, POST /api/inventory/use-potion/{item_id},
        POST /api/inventory/starter-items, POST /api/inventory/cleanup-expired-buffs,
        GET /api/pets, GET /api/pets/stats/{set_type}, POST /api/pets/egg, POST /api/pets/hatch,
        POST /api/pets/hatch/{egg_id}, POST /api/pets/feed, POST /api/pets/feed/{pet_id},
        POST /api/pets/equip, POST /api/pets/equip/{pet_id}, POST /api/pets/unequip,
        GET /api/shop/items, POST /api/shop/purchase, GET /api/shop/history,
        GET /api/battles/available, GET /api/battles/boss-raids/available,
        GET /api/battles/history/me, GET /api/battles/history,
        GET /api/battles/{battle_id}, GET /api/battles/{battle_id}/logs,
        POST /api/battles/join/{battle_id}, POST /api/battles/{battle_id}/attack,
        POST /api/battles/attack/{battle_id}, POST /api/battles/{battle_id}/claim-loot,
        POST /api/battles/claim-loot/{battle_id}, POST /api/battles/{battle_id}/resurrect,
        POST /battles/{battle_id}/resurrect, GET /api/chat/history,
        POST /api/chat/messages/{message_id}/report, DELETE /api/chat/messages/{message_id},
        POST /api/admin/players/{player_id}/grant, GET /api/admin/players/{player_id}/ledger,
        GET /api/admin/contribution, GET /api/admin/reports,
        GET /api/pvp/stats, GET /api/pvp/online-players, GET /api/pvp/active-duels
    """,
    TILT_READ: """
        GET /api/tilt/history/{user_id}, GET /api/tilt/export/{user_id},
        GET /api/tilt/stats/{user_id}, GET /api/tilt/trend/{user_id},
        GET /api/tilt/signals/{user_id}, GET /api/tilt/compare/{user_id},
        GET /api/tilt/cooldown/{user_id}
    """,
    TILT_WRITE: "POST /api/tilt/events, DELETE /api/tilt/events/{event_id}",
    ERASE: "DELETE /api/tilt/users/{user_id}, DELETE /api/ttt/players/{steam_id}",
    TTT_WRITE: """
        POST /api/collect, POST /api/collect/collect, POST /api/player/update,
        POST /api/collect/player/update
    """,
    SERVER_WRITE: "POST /api/ingest/logs, POST /api/servers/heartbeat",
    STAFF: """
        GET /api/ingest/stats, GET /api/logs, GET /api/logs/live, GET /api/logs/{log_id},
        PUT /api/site-config, GET /api/transactions, POST /api/transactions,
        PUT /api/transactions/{transaction_id}, PATCH /api/transactions/{transaction_id},
        DELETE /api/transactions/{transaction_id}, GET /api/dashboard,
        GET /api/servers/{server_id}/analytics, GET /api/players, GET /api/players/{steam_id},
        GET /api/players/{steam_id}/sessions, POST /api/players/{steam_id}/notes,
        PATCH /api/players/{steam_id}/notes/{note_id},
        DELETE /api/players/{steam_id}/notes/{note_id},
        POST /api/players/{steam_id}/punishments, GET /api/suspicious/allow,
        POST /api/suspicious/allow, DELETE /api/suspicious/allow/{allowance_id},
        POST /api/admin/legacy-logs/import, GET /api/suspicious
    """,
    ADMIN: """
        POST /api/servers, PATCH /api/servers/{server_id}, DELETE /api/servers/{server_id},
        POST /api/servers/{server_id}/regenerate-key, GET /api/servers/{server_id}/keys,
        DELETE /api/servers/{server_id}/keys/{key_id}
    """,
    ERASE_LOGS: "DELETE /api/players/{steam_id}",
}
STATED = {
    route.strip(): policy for policy, routes in POLICIES.items() for route in routes.split(",")
}


def named(one: Operation) -> str:
    return f"{one.method} {one.path}"


@pytest.fixture
def credentials(store: str) -> dict[str, str]:
    """A key of every kind; of dead ones the only fault is that they were revoked."""
    made = {"environment": API_KEY, "guess": "ty_00000000_" + "0" * 64}
    for name, scopes in SCOPES.items():
        made[f"dead {name}"] = auth.issue(f"dead {name}", scopes)
        made[name] = auth.issue(name, scopes)
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
    policy = policy if policy == ERASE else PUBLIC
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
