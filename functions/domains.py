"""The domains of the house: who joins it is named here, and nowhere else.

app.py, the drain, scheduled jobs, the migration, the API reference and the tests read this list.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # a cold start of the site needs no database
    from functions.shared.lake_tables import RawTable
    from functions.shared.maintenance import Maintenance
    from functions.shared.spool import Accepted


class Domain(NamedTuple):
    """A folder of functions/, which is also the name of its Postgres schema if it has one."""

    name: str
    routes: tuple[str, ...]  # modules below functions/, each with `routes`
    # More of them, by the prefix of their paths: loaded when the first such path is asked for, so
    # that nobody else's cold start waits for them.
    routes_below: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    has_schema: bool = True
    # By kind of spooled message, a module below functions/ with `consume(accepted)`: all or none.
    consumers: Mapping[str, str] = MappingProxyType({})
    maintenance: str | None = None  # a module below functions/ with `maintenance`
    # By kind of room, a module below functions/ with `kind`.
    rooms: Mapping[str, str] = MappingProxyType({})
    lake: str | None = None  # a module below functions/ with `tables`, its raw tables in the lake


DOMAINS = (
    Domain("site", ("site.routes", "site.v1_routes"), has_schema=False),
    Domain("rollups", ("rollups.routes",), has_schema=False),  # its schemas are below
    Domain(
        "tilt",
        ("tilt.routes",),
        consumers={"tilt.events": "tilt.event_queue"},
        lake="tilt.lake",
    ),
    Domain(
        "ttt",
        ("ttt.routes", "ttt.player_routes"),
        consumers={
            "ttt.rounds": "ttt.rounds",
            "ttt.names": "ttt.names",
            "ttt.refused": "ttt.quarantine",
        },
        maintenance="ttt.maintenance",
        lake="ttt.lake",
    ),
    Domain(
        "logs",
        (
            "logs.routes",
            "logs.ingest.routes",
            "logs.text_import.routes",
            "logs.search.routes",
            "logs.servers.routes",
            "logs.players.routes",
            "logs.moderation.routes",
            "logs.alts.routes",
            "logs.privacy.routes",
            "logs.stats.routes",
        ),
        consumers={
            "logs.events": "logs.ingest.event_queue",
            "logs.heartbeats": "logs.servers.heartbeats",
        },
        maintenance="logs.maintenance",
        lake="logs.lake",
    ),
    Domain(
        "accounts",
        (
            "accounts.routes",
            "accounts.own_routes",
            "accounts.panel_routes",
            "accounts.admin_routes",
            "accounts.tracker_routes",
            "accounts.jwks_routes",
        ),
        maintenance="accounts.maintenance",
    ),
    Domain(
        "game",
        (
            "game.routes",
            "game.player_routes",
            "game.inventory_routes",
            "game.pets_routes",
            "game.shop_routes",
            "game.battle_routes",
            "game.chat_routes",
            "game.admin_routes",
            "game.economy_routes",
            "game.pvp_routes",
            "game.closed_routes",
        ),
        maintenance="game.maintenance",
        lake="game.lake",
        rooms={"battle": "game.battle_room", "tavern": "game.tavern_room"},
    ),
    Domain(
        "tracker",
        (
            "tracker.routes",
            "tracker.health_routes",
            "tracker.user_routes",
            "tracker.battle_routes",
        ),
        routes_below={
            "/v1/tournaments/": (
                "tracker.tournaments.routes",
                "tracker.tournaments.registration_routes",
                "tracker.tournaments.round_routes",
            ),
            "/v1/stats/": ("tracker.stats_routes",),
        },
        maintenance="tracker.maintenance",
        lake="tracker.lake",
        rooms={"tracker": "tracker.battles.room"},
    ),
    Domain("live", ("live.routes",), lake="live.lake"),
    Domain("health", ("health.routes",), has_schema=False),
)
# Postgres schemas, in the order in which they are created.
SCHEMAS = (
    "shared",
    "rollups",
    "analysts",
    *(domain.name for domain in DOMAINS if domain.has_schema),
)


def load_routes(names: Container[str] | None = None) -> list[Any]:
    """All routes of the named domains, or of all; only their modules are imported."""
    below = find_routes_below(names).values()
    return [*load_first_routes(names), *(routes for load in below for routes in load())]


def load_first_routes(names: Container[str] | None = None) -> list[Any]:
    """The routes that a cold start loads."""
    return [routes for domain in _named(names) for routes in _load(domain.routes)]


def find_routes_below(names: Container[str] | None = None) -> dict[str, Callable[[], list[Any]]]:
    """What loads the routes below a prefix, by the prefix."""
    return {
        prefix: partial(_load, modules)
        for domain in _named(names)
        for prefix, modules in domain.routes_below.items()
    }


def _named(names: Container[str] | None) -> list[Domain]:
    return [domain for domain in DOMAINS if names is None or domain.name in names]


def _load(modules: tuple[str, ...]) -> list[Any]:
    return [import_module(f"functions.{module}").routes for module in modules]


def load_consumers() -> dict[str, Callable[[Sequence[Accepted]], None]]:
    """What stores spooled items, all or none, by the message's kind."""
    return {
        kind: import_module(f"functions.{module}").consume
        for domain in DOMAINS
        for kind, module in domain.consumers.items()
    }


def load_maintenance() -> dict[str, Maintenance]:
    """What domains do for their own tables, by the domain's name, of those that do anything and
    live in the store that is worked on."""
    from functions.shared import stores

    return {
        domain.name: import_module(f"functions.{domain.maintenance}").maintenance
        for domain in DOMAINS
        if domain.maintenance and stores.is_here(domain.name)
    }


def load_lake_tables() -> list[RawTable]:
    """The raw tables of all domains that the lake writes."""
    return [
        table
        for domain in DOMAINS
        if domain.lake
        for table in import_module(f"functions.{domain.lake}").tables
    ]
