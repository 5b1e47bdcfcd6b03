"""`/api/admin/health`: whether everything that runs by itself does."""

from __future__ import annotations

from http import HTTPStatus

from functions.health import health
from functions.shared.auth import RequireScope
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")
admin = RequireScope("admin", at_once=True)


@routes.get("/api/admin/health", guard=admin, answers={HTTPStatus.OK: health.Health})
def get_health(_: Request) -> Response:
    """Returns how far rollups lag, when jobs ran, what waits in queues, and who is connected.

    A part that cannot be read is null; the others are answered all the same.
    """
    return health.get_health()
