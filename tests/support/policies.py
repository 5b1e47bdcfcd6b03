"""Who may do what: the policy of every route, as it was decided; the routes are not asked."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.routing import Operation

ROLES = ("player", "organizer", "staff", "admin")
STAFF_ROLES, ADMIN_ROLES = ROLES[2:], ROLES[3:]


@dataclass(frozen=True)
class Policy:
    """Who is let in and how; the answers without a key, to an unknown one and to a wrong one."""

    ways: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    missing: int = 401
    unknown: int = 403
    wrong: int = 403
    doors: tuple[str, ...] = ()  # whose users' tokens are taken, see test_policy_users.py
    roles: tuple[str, ...] = ROLES  # of users


PUBLIC = Policy()
TILT_READ = Policy(("X-Api-Key", "Authorization"), ("environment", "tilt reader"))
TILT_WRITE = Policy(("X-Api-Key", "Authorization"), ("environment", "tilt writer"))
ADMIN_KEY = Policy(("X-Api-Key", "Authorization"), ("admin",), doors=("panel",), roles=ADMIN_ROLES)
ANALYST = Policy(("X-Api-Key", "Authorization"), ("analyst",), doors=("panel",), roles=ADMIN_ROLES)
TTT_WRITE = Policy(
    ("X-Api-Key", "api_key"), ("environment", "ttt server", "server"), unknown=401, wrong=401
)
SERVER_WRITE = Policy(("X-Server-Key",), ("server",))
STAFF = Policy(
    ("Authorization",), ("staff", "admin"), unknown=401, doors=("panel",), roles=STAFF_ROLES
)
ADMIN = Policy(("Authorization",), ("admin",), unknown=401, doors=("panel",), roles=ADMIN_ROLES)
# A game server's key is none of the panel's tokens: it counts as no credential.
ERASE_LOGS = Policy(
    ("X-Api-Key", "Authorization"), ("admin",), unknown=401, doors=("panel",), roles=ADMIN_ROLES
)
# Only a user's token opens these: a key is no token.
PLAYERS = Policy(unknown=401, wrong=401, doors=("game",))
PANEL = Policy(unknown=401, wrong=401, doors=("panel",))
PANEL_STAFF = Policy(unknown=401, wrong=401, doors=("panel",), roles=STAFF_ROLES)
PANEL_ADMIN = Policy(unknown=401, wrong=401, doors=("panel",), roles=ADMIN_ROLES)
GAME_STAFF = Policy(unknown=401, wrong=401, doors=("game", "panel"), roles=STAFF_ROLES)
GAME_ADMIN = Policy(unknown=401, wrong=401, doors=("game", "panel"), roles=ADMIN_ROLES)
# A key acts as its service account where there is no Authorization; here as an admin.
_SERVICE = (("X-Api-Key",), ("service",))
TRACKER = Policy(*_SERVICE, unknown=401, wrong=401, doors=("tracker",))
TRACKER_ORGANIZER = Policy(
    *_SERVICE, unknown=401, wrong=401, doors=("tracker",), roles=("organizer", "admin")
)
TRACKER_ADMIN = Policy(*_SERVICE, unknown=401, wrong=401, doors=("tracker",), roles=ADMIN_ROLES)

POLICIES = {
    PUBLIC: """
        GET /, GET /openapi.json, GET /docs, GET /docs/{name},
        GET /console/{version}/{name}, GET /console/{version}/{folder}/{name},
        GET /health, GET /api/health,
        GET /api/stats, GET /api/ttt/overview, GET /api/ttt/players,
        GET /api/ttt/players/{steam_id}, GET /api/ttt/players/{steam_id}/names,
        GET /api/ttt/players/{steam_id}/form, GET /api/ttt/players/{steam_id}/sessions,
        GET /api/ttt/newcomers, GET /api/servers/live,
        GET /api/ttt/weapons, GET /api/ttt/maps, GET /api/ttt/roles, GET /api/ttt/duos,
        GET /api/ttt/nemesis, GET /api/ttt/rivalries, GET /api/ttt/karma, GET /api/ttt/activity,
        GET /api/ttt/buys, GET /api/ttt/rounds/{round_id},
        GET /api/servers, GET /api/servers/{server_id}, GET /api/site-config,
        POST /api/auth/register, POST /api/auth/login, POST /api/auth/logout,
        POST /api/auth/password/forgot, POST /api/auth/password/reset, POST /v1/auth/register,
        POST /v1/auth/login, POST /v1/auth/refresh, GET /.well-known/jwks.json,
        GET /api/highscores, POST /api/battles/create, GET /v1/health, GET /v1/openapi.json
    """,
    PANEL: "POST /api/auth/change-password",
    PANEL_STAFF: "GET /api/users",
    PANEL_ADMIN: """
        POST /api/users, PATCH /api/users/{user_id}, PATCH /api/users/{user_id}/role,
        DELETE /api/users/{user_id}
    """,
    GAME_STAFF: """
        GET /api/admin/users, GET /api/admin/users/{user_id},
        POST /api/admin/users/{user_id}/mute, GET /api/admin/players/{player_id}/ledger,
        GET /api/admin/contribution, GET /api/admin/reports, GET /api/admin/economy,
        GET /api/admin/live,
        DELETE /api/chat/messages/{message_id}
    """,
    GAME_ADMIN: """
        PATCH /api/admin/users/{user_id}, POST /api/admin/users/{user_id}/logout,
        GET /api/admin/keys, POST /api/admin/keys, DELETE /api/admin/keys/{key_id},
        POST /api/admin/players/{player_id}/grant
    """,
    TRACKER: """
        POST /v1/auth/logout, GET /v1/auth/profile, PATCH /v1/auth/profile,
        DELETE /v1/auth/profile, GET /v1/armies, POST /v1/armies, GET /v1/armies/{army_id},
        PUT /v1/armies/{army_id}, DELETE /v1/armies/{army_id}, GET /v1/battles,
        POST /v1/battles, GET /v1/battles/{battle_id}, PATCH /v1/battles/{battle_id},
        POST /v1/battles/{battle_id}/advance-round, POST /v1/battles/{battle_id}/complete,
        GET /v1/battles/{battle_id}/events, POST /v1/battles/{battle_id}/ws-ticket,
        GET /v1/tournaments, GET /v1/tournaments/{tournament_id},
        PATCH /v1/tournaments/{tournament_id},
        POST /v1/tournaments/{tournament_id}/open-registration,
        POST /v1/tournaments/{tournament_id}/cancel, POST /v1/tournaments/{tournament_id}/finish,
        GET /v1/tournaments/{tournament_id}/standings,
        GET /v1/tournaments/{tournament_id}/events,
        POST /v1/tournaments/{tournament_id}/register,
        DELETE /v1/tournaments/{tournament_id}/register,
        GET /v1/tournaments/{tournament_id}/participants,
        POST /v1/tournaments/{tournament_id}/participants,
        PATCH /v1/tournaments/{tournament_id}/participants/{user_id},
        POST /v1/tournaments/{tournament_id}/participants/{user_id}/drop,
        POST /v1/tournaments/{tournament_id}/participants/{user_id}/reinstate,
        POST /v1/tournaments/{tournament_id}/participants/{user_id}/absent,
        POST /v1/tournaments/{tournament_id}/generate-pairings,
        POST /v1/tournaments/{tournament_id}/next-round,
        GET /v1/tournaments/{tournament_id}/rounds,
        GET /v1/tournaments/{tournament_id}/rounds/{number},
        DELETE /v1/tournaments/{tournament_id}/rounds/{number},
        PUT /v1/tournaments/{tournament_id}/rounds/{number}/pairings,
        PUT /v1/tournaments/{tournament_id}/results/{battle_id},
        GET /v1/users, GET /v1/users/{user_id}, GET /v1/stats/factions, GET /v1/stats/missions,
        GET /v1/stats/players/{user_id}
    """,
    TRACKER_ORGANIZER: "POST /v1/tournaments",
    TRACKER_ADMIN: """
        PATCH /v1/users/{user_id}
    """,
    PLAYERS: """
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
        POST /battles/{battle_id}/resurrect, GET /api/chat/history, GET /api/pvp/stats,
        GET /api/pvp/online-players, GET /api/pvp/active-duels,
        POST /api/chat/messages/{message_id}/report
    """,
    TILT_READ: """
        GET /api/tilt/history/{user_id}, GET /api/tilt/export/{user_id},
        GET /api/tilt/stats/{user_id}, GET /api/tilt/trend/{user_id},
        GET /api/tilt/signals/{user_id}, GET /api/tilt/compare/{user_id},
        GET /api/tilt/cooldown/{user_id}
    """,
    TILT_WRITE: "POST /api/tilt/events, DELETE /api/tilt/events/{event_id}",
    ANALYST: "GET /api/rollups, GET /api/rollups/{name}",
    ADMIN_KEY: """
        DELETE /api/tilt/users/{user_id}, DELETE /api/ttt/players/{steam_id}, GET /api/admin/health
    """,
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
