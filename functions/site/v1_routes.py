"""`/v1/openapi.json`: the reference where clients of the tracker look for it."""

from __future__ import annotations

from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.site.routes import Reference, get_openapi

routes = Routes(__name__, family="v1", uses_database=False)


@routes.get("/v1/openapi.json", answers={200: Reference}, etag=True)
def get_reference(request: Request) -> Response:
    """The API reference for machines."""
    answer: Response = get_openapi(request)
    return answer
