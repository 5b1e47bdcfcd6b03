"""`/`, `/console`, `/openapi.json` and `/docs`: what Tiltyard says about itself, and shows."""

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
from functions.site import console

routes = Routes(__name__, family="plain", uses_database=False)

_HERE = Path(__file__).parent
_SWAGGER_UI = _HERE / "swagger_ui"  # vendored: see its SHA256SUMS
_CACHED = {"Cache-Control": "public, max-age=300"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
# Nothing is fetched from elsewhere, and nothing in a page is run or styled but its own files.
_POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
_PAGE = {
    "Content-Security-Policy": _POLICY + "frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "same-origin",
}
_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
}


class Index(fields.ResponseModel):
    """What this is, and where its reference is."""

    name: str
    docs: str
    openapi: str


class Reference(RootModel[dict[str, Any]]):
    """This reference: OpenAPI 3.1."""


@cache
def _file(name: str, content_type: str) -> console.File:
    folder = _SWAGGER_UI if (_SWAGGER_UI / name).exists() else _HERE
    return console.File((folder / name).read_bytes(), content_type)


def _send(name: str, content_type: str, request: Request) -> Response:
    return _send_file(_file(name, content_type), request, _CACHED)


def _send_file(file: console.File, request: Request, headers: dict[str, str]) -> Response:
    headers = {**_PAGE, "Content-Type": file.content_type, "Vary": "Accept-Encoding", **headers}
    if not request.takes_gzip:
        return Response(file.content.decode(), headers=headers)
    return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"})


@routes.get(
    "/",
    answers={200: Index},
    also={"text/html": "The console, to who accepts HTML"},
    etag=True,
)
def get_index(request: Request) -> Response:
    """What this is, and where to read on; to who accepts HTML, the console.

    The page is checked at each visit, by its ETag; its files never change.
    """
    vary = {"Vary": "Accept, Accept-Encoding"}
    if "text/html" not in request.header("accept").lower():
        found = {"name": "Tiltyard", "docs": "/docs", "openapi": "/openapi.json"}
        return Response(found, headers=vary)
    fresh = {"Cache-Control": "no-cache"}
    return _send_file(console.load_index(), request, {**fresh, **vary})


def _send_asset(request: Request, name: str) -> Response:
    if request.query()["version"] != console.get_version():
        raise NotFound
    file = console.load_files().get(name)
    if file is None:
        raise NotFound
    return _send_file(file, request, _FOREVER)


_ASSET: dict[str, Any] = {
    "answers": {200: "A file of the console", 404: "No such file, or not of this version"},
    "also": {
        "text/css": "A style sheet",
        "text/javascript": "A module",
        "image/svg+xml": "The icon",
    },
    "etag": True,
}


@routes.get("/console/{version}/{name}", **_ASSET)
def get_console_file(request: Request) -> Response:
    """The files of the console; those of a version never change."""
    return _send_asset(request, request.query()["name"])


@routes.get("/console/{version}/{folder}/{name}", **_ASSET)
def get_console_page(request: Request) -> Response:
    """The console's pages, and what others made for it."""
    asked = request.query()
    return _send_asset(request, f"{asked['folder']}/{asked['name']}")


@routes.get("/openapi.json", answers={200: Reference}, etag=True)
def get_openapi(request: Request) -> Response:
    """The API reference for machines."""
    return _send("openapi.json", "application/json", request)


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
    return _send("docs.html", "text/html; charset=utf-8", request)


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
    return _send(name, _ASSETS[name], request)
