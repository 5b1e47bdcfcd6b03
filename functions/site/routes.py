"""`/`, `/openapi.json` and `/docs`: what Tiltyard says about itself."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from functions.shared.errors import NotFound
from functions.shared.http import Answer, Request, Routes

routes = Routes(__name__)

_HERE = Path(__file__).parent
_CACHED = {"Cache-Control": "public, max-age=300"}
_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}


@cache
def _file(name: str) -> tuple[str, str]:
    """A file's text and its entity tag."""
    text = (_swagger() if name in _ASSETS else _HERE).joinpath(name).read_text(encoding="utf-8")
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _swagger() -> Path:
    """Swagger UI's own files, from a package that is never imported (it would ask for Django)."""
    package = find_spec("drf_spectacular_sidecar")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("drf-spectacular-sidecar is not installed")
    root = Path(package.submodule_search_locations[0])
    return root / "static/drf_spectacular_sidecar/swagger-ui-dist"


def _send(request: Request, name: str, content_type: str) -> Answer:
    text, tag = _file(name)
    headers = {**_CACHED, "ETag": tag, "Content-Type": content_type}
    if tag in request.header("if-none-match"):
        return Answer("", 304, headers)
    return Answer(text, headers=headers)


@routes.get("/", answers={200: "What this is, and where its reference is"})
def index(request: Request) -> dict[str, Any]:
    """What this is, and where to read on."""
    return {"name": "Tiltyard", "docs": "/docs", "openapi": "/openapi.json"}


@routes.get("/openapi.json", answers={200: "This reference: OpenAPI 3.1"})
def openapi(request: Request) -> Answer:
    """The API reference for machines."""
    return _send(request, "openapi.json", "application/json")


@routes.get("/docs", answers={200: "A page (text/html)"})
def docs(request: Request) -> Answer:
    """The API reference for people; the page loads nothing from other hosts."""
    if request.path.endswith("/"):
        return Answer({}, 302, {"Location": "../docs"})  # the page's links are relative
    return _send(request, "docs.html", "text/html; charset=utf-8")


@routes.get("/docs/{name}", answers={200: "A file of the page", 404: "No such file"})
def asset(request: Request) -> Answer:
    """The files of Swagger UI that the page is made of."""
    name = request.query()["name"]
    if name not in _ASSETS:
        raise NotFound
    return _send(request, name, _ASSETS[name])
