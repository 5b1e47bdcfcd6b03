"""`/v1/health`: whether the tracker can answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from functions.shared import db, general_limit
from functions.shared.fields import ResponseModel
from functions.shared.request import Request
from functions.shared.routing import Routes

routes = Routes(__name__, family="v1", limiter=general_limit)


class TrackerHealth(ResponseModel):
    """That the tracker can answer."""

    status: Literal["healthy"]


@routes.get("/v1/health", answers={HTTPStatus.OK: TrackerHealth})
def get_health(request: Request) -> dict[str, Any]:
    """Whether the tracker can answer: 503 while its database is away. Public."""
    db.fetch_value("select 1 as one")
    return {"status": "healthy"}
