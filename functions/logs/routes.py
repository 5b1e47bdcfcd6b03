"""`/api/site-config` and `/api/transactions`."""

from __future__ import annotations

from typing import Any, NoReturn

from functions.logs import site_config
from functions.logs.guards import get_author, staff
from functions.shared.errors import NotImplementedYet
from functions.shared.request import Request
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


@routes.get("/api/site-config", answers={200: site_config.Config}, etag=True)
def get_config(request: Request) -> dict[str, Any]:
    """The site's configuration, with what the home page needs filled in."""
    return site_config.get_config()


@routes.put(
    "/api/site-config",
    guard=staff,
    body=site_config.NewConfig,
    raw_body=True,
    answers={200: site_config.Config},
)
def set_config(request: Request) -> dict[str, Any]:
    """Replaces the site's configuration, and with it the rules of what is not stored."""
    return site_config.set_config(request.text(site_config.MAX_BYTES), get_author(request))


@routes.get("/api/transactions", guard=staff, answers={200: site_config.Transactions})
def list_transactions(request: Request) -> list[Any]:
    """None: money is not part of this product."""
    return []


def _refuse(request: Request) -> NoReturn:
    """Money is not part of this product."""
    raise NotImplementedYet


for path, register in (
    ("/api/transactions", routes.post),
    ("/api/transactions/{transaction_id}", routes.put),
    ("/api/transactions/{transaction_id}", routes.patch),
    ("/api/transactions/{transaction_id}", routes.delete),
):
    register(path, guard=staff, answers={501: "Not implemented"})(_refuse)
