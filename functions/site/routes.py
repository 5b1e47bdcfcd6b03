"""`/`, `/openapi.json` and `/docs`: what Tiltyard says about itself."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import RootModel

from functions.shared import fields
from functions.shared.errors import NotFound
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain", uses_database=False)

_HERE = Path(__file__).parent
_SWAGGER_UI = _HERE / "swagger_ui"  # vendored: see its SHA256SUMS
_CACHED = {"Cache-Control": "public, max-age=300"}
_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}


class Index(fields.ResponseModel):
    """What this is, and where its reference is."""

    name: str
    docs: str
    openapi: str


class Reference(RootModel[dict[str, Any]]):
    """This reference: OpenAPI 3.1."""


@cache
def _file(name: str) -> str:
    folder = _SWAGGER_UI if name in _ASSETS else _HERE
    return (folder / name).read_text(encoding="utf-8")


def _send(name: str, content_type: str) -> Response:
    return Response(_file(name), headers={**_CACHED, "Content-Type": content_type})


@routes.get("/", answers={200: Index})
def get_index(request: Request) -> dict[str, Any]:
    """What this is, and where to read on."""
    return {"name": "Tiltyard", "docs": "/docs", "openapi": "/openapi.json"}


@routes.get("/openapi.json", answers={200: Reference}, etag=True)
def get_openapi(request: Request) -> Response:
    """The API reference for machines."""
    return _send("openapi.json", "application/json")


@routes.get(
    "/docs",
    answers={200: "A page", 302: "From /docs/, where the page's links would lead nowhere"},
    also={"text/html": "HTML"},
    response_headers=("Location",),
    etag=True,
)
def get_docs(request: Request) -> Response:
    """The API reference for people; the page loads nothing from other hosts."""
    if request.path.endswith("/"):
        # The page's links are relative.
        return Response({}, HTTPStatus.FOUND, {"Location": "../docs"})
    return _send("docs.html", "text/html; charset=utf-8")


@routes.get(
    "/docs/{name}",
    answers={200: "A file of the page", 404: "No such file"},
    also={"text/css": "A style sheet", "text/javascript": "A script"},
    etag=True,
)
def get_asset(request: Request) -> Response:
    """The files of Swagger UI that the page is made of."""
    name = request.query()["name"]
    if name not in _ASSETS:
        raise NotFound
    return _send(name, _ASSETS[name])
