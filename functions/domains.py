"""The domains of the house: who joins it is named here, and nowhere else.

app.py, the migration, the API reference, the nightly job and the tests read this list.
"""

from __future__ import annotations

from collections.abc import Container
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # a cold start of the site needs no database
    from functions.shared.maintenance import Maintenance


class Domain(NamedTuple):
    """A folder of functions/, which is also the name of its Postgres schema if it has one."""

    name: str
    routes: tuple[str, ...]  # modules below functions/, each with `routes`
    has_schema: bool = True
    maintenance: str | None = None  # a module below functions/ with `maintenance`


DOMAINS = (
    Domain("site", ("site.routes",), has_schema=False),
    Domain("tilt", ("tilt.routes",)),
    Domain("ttt", ("ttt.routes",), maintenance="ttt.maintenance"),
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
        maintenance="logs.maintenance",
    ),
)
# Postgres schemas, in the order in which they are created.
SCHEMAS = ("shared", "rollups", *(domain.name for domain in DOMAINS if domain.has_schema))


def load_routes(names: Container[str] | None = None) -> list[Any]:
    """The routes of the named domains, or of all; only their modules are imported."""
    return [
        import_module(f"functions.{module}").routes
        for domain in DOMAINS
        if names is None or domain.name in names
        for module in domain.routes
    ]


def load_maintenance() -> dict[str, Maintenance]:
    """What domains do for their own tables, by the domain's name, of those that do anything."""
    return {
        domain.name: import_module(f"functions.{domain.maintenance}").maintenance
        for domain in DOMAINS
        if domain.maintenance
    }
