"""Writes functions/site/openapi.json from the routes and their models; `--check` only compares."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from http import HTTPStatus
from inspect import cleandoc
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions.domains import load_routes
from functions.shared import errors, fields
from functions.shared.routing import Operation
from infra import error_schemas
from infra.request_examples import add_example
from infra.version import get_version

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "functions/site/openapi.json"
_REF = "#/components/schemas/{model}"
_LONG = re.compile(r"functions__([a-z]+)__[a-z_]+?__([A-Z]\w*)")
_PROBLEMS = {
    HTTPStatus.BAD_REQUEST: "A field is missing or wrong; `error` says which",
    HTTPStatus.UNAUTHORIZED: "No key was sent",
    HTTPStatus.FORBIDDEN: "The key is wrong or lacks the scope",
    HTTPStatus.CONFLICT: "The Idempotency-Key was sent with another body",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field is missing or wrong; the body says which",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests; `Retry-After` says when to try again",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database is down; the request may be repeated",
}


_ABOUT = """The serverless backend for game communities.

Every answer carries `X-Request-Id` and may be read from any origin. `HEAD` is answered like `GET`,
without a body; a path that is not listed is 404, a method that is not listed is 405. A fault on
our side is 500 with an `error` and the `requestId` under which our log has the cause."""
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ETag": ("For If-None-Match", {"type": "string"}),
    "Idempotency-Replayed": ("That it is the answer of an earlier request", {"enum": ["true"]}),
    "Location": ("Where the answer is", {"type": "string"}),
    "Retry-After": ("Seconds to wait before the next attempt", {"type": "integer"}),
    "X-Dirty-Buckets": (
        "Dirty buckets of the range, which are left out unless dirty=include",
        {"type": "integer"},
    ),
    "X-Has-More": ("Whether there is more than this page", {"enum": ["true", "false"]}),
    "X-Next-Cursor": ("The `cursor` of the next page", {"type": "string"}),
    "X-Next-Offset": ("The `offset` of the next page", {"type": "integer"}),
    "X-RateLimit-Limit": ("Requests a minute", {"type": "integer"}),
    "X-RateLimit-Remaining": ("Requests left in this minute", {"type": "integer"}),
    "X-RateLimit-Reset": ("Unix second when the next minute begins", {"type": "integer"}),
    "X-Row-Count": ("Rows of the file", {"type": "integer"}),
    "X-Total-Count": ("How many there are on all pages", {"type": "integer"}),
}
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token that a login answers, or where a scope is named an API key",
    },
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "An API key: `make key`, or `POST /api/admin/keys`",
    },
    "query": {
        "type": "apiKey",
        "in": "query",
        "name": "api_key",
        "description": "The same, for game servers that send no headers",
    },
    "server": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Server-Key",
        "description": "A game server's key, shown by `POST /api/servers`",
    },
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "For 24 hours the same key gets the first successful answer again",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}
_WITH_ETAG = (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)
_UNCOUNTED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)  # by the rate limits
_LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def build_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of every domain."""
    _, schemas = _schemas()
    paths: dict[str, Any] = {}
    for one in _operations():
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tiltyard",
            "version": get_version(),
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "./"}],  # beside this document, whatever stage that is
        "paths": paths,
        "components": {
            "schemas": {
                **schemas,
                **error_schemas.list_schemas(),
            },
            "securitySchemes": _SCHEMES,
        },
    }


def _operations() -> list[Operation]:
    return [operation for routes in load_routes() for operation in routes.operations]


@cache
def _schemas() -> tuple[dict[type[BaseModel], str], dict[str, Any]]:
    """Of each model its name, and the schemas by name.

    A name that two domains use gets its domain in front, instead of pydantic's whole module path.
    """
    models = sorted({model for one in _operations() for model in _models(one)}, key=str)
    sides = [(model, "validation") for model in models]
    refs, schemas = models_json_schema(sides, ref_template=_REF)  # type: ignore[arg-type]
    names = {name: _short(name) for name in schemas["$defs"]}
    assert len(set(names.values())) == len(names), "two models of a domain have one name"
    text = _LONG.sub(lambda found: _short(found[0]), json.dumps(_without_null(schemas["$defs"])))
    found = {model: _short(ref["$ref"].rpartition("/")[2]) for (model, _), ref in refs.items()}
    return found, json.loads(text)  # type: ignore[return-value]


def _without_null(part: Any) -> Any:
    """Without null as a default: it means absent, and the page would send it as an example."""
    if isinstance(part, list):
        return [_without_null(one) for one in part]
    if isinstance(part, dict):
        kept = {name: one for name, one in part.items() if (name, one) != ("default", None)}
        return {name: _without_null(one) for name, one in kept.items()}
    return part


def _short(name: str) -> str:
    long = _LONG.fullmatch(name)
    return long[1].title() + long[2] if long else name


def _models(one: Operation) -> list[type[BaseModel]]:
    answers = [model for model in one.answers.values() if not isinstance(model, str)]
    return [*answers, *([one.body] if one.body else [])]


def _operation(one: Operation) -> dict[str, Any]:
    words = cleandoc(one.view.__doc__ or "")
    # Every part of the path in the id, since two methods may share a view's name.
    name = re.sub(r"\W+", "_", f"{one.method.lower()} {one.path}").strip("_")
    spelled: dict[str, Any] = {
        "operationId": name,
        "tags": [one.view.__module__.split(".")[1]],
        "summary": re.split(r"\.\s", words)[0].rstrip("."),
        "description": words,
        "parameters": _parameters(one),
        "responses": _responses(one),
    }
    if one.body:
        content = _json(one.body)
        spelled["requestBody"] = {"required": not one.body_is_optional, "content": content}
    if one.guard:
        spelled["security"] = [{form: [one.guard.scope]} for form in one.guard.sent_as]
        if one.guard.optional_when:
            spelled["security"].append({})  # a setting makes keys optional
    add_example(f"{one.method} {one.path}", spelled)
    return spelled


def _parameters(one: Operation) -> list[dict[str, Any]]:
    in_path = set(re.findall(r"{(\w+)}", one.path))
    schema = one.query.model_json_schema() if one.query else {"properties": {}}
    listed = {name: {"type": "string"} for name in in_path} | schema["properties"]
    header = [_IDEMPOTENCY_KEY] if one.idempotent else []
    return header + [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in schema.get("required", []),
            **({"description": words} if (words := described.get("description")) else {}),
            "schema": _of_text(described),
        }
        for name, described in sorted(listed.items())
        if described.get("type") != "null"  # what is only there to be refused
    ]


def _of_text(described: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema without null, which no address can spell: it stands for its absence."""
    spelled = {name: value for name, value in described.items() if name != "anyOf"}
    choices = [one for one in described.get("anyOf", []) if one.get("type") != "null"]
    if spelled.get("default", 0) is None:
        del spelled["default"]
    return spelled | (choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})


def _responses(one: Operation) -> dict[str, Any]:
    answers = _problems(one) | dict(one.answers)
    if one.etag:
        answers[HTTPStatus.NOT_MODIFIED] = "The caller's ETag is still right; there is no body"
    return {str(status): _response(one, status, answers[status]) for status in sorted(answers)}


def _problems(one: Operation) -> dict[int, Any]:
    """What a route can be refused with for what it declares."""
    is_lenient = one.query is None or issubclass(one.query, fields.Lenient)
    invalid = errors.get_status(errors.Invalid(), one.family)
    statuses = {invalid} if one.body or not is_lenient else set()
    if one.body and one.family != "plain":  # beside 422: what is no JSON
        statuses |= {HTTPStatus.BAD_REQUEST}
    statuses |= set(one.guard.refused_as) if one.guard else set()
    statuses |= {HTTPStatus.REQUEST_ENTITY_TOO_LARGE} if one.body else set()
    statuses |= {HTTPStatus.TOO_MANY_REQUESTS} if one.rate_limited else set()
    statuses |= {HTTPStatus.CONFLICT, invalid} if one.idempotent else set()
    statuses |= {HTTPStatus.SERVICE_UNAVAILABLE} if one.uses_database else set()
    return {status: _PROBLEMS[status] for status in statuses}


def _response(one: Operation, status: int, declared: type[BaseModel] | str) -> dict[str, Any]:
    if isinstance(declared, str):
        content = {} if status < 400 else _error_content(one, status)
    else:
        content = _json(declared)
    content = content | (_also(one) if status == HTTPStatus.OK else {})
    headers = _headers(one, status)
    return {
        "description": declared if isinstance(declared, str) else cleandoc(declared.__doc__ or ""),
        **({"content": content} if content else {}),
        **({"headers": headers} if headers else {}),
    }


def _headers(one: Operation, status: int) -> dict[str, Any]:
    """The headers of an answer; required are those that always come."""
    required = {"Retry-After"} if status == HTTPStatus.TOO_MANY_REQUESTS else set()
    required |= {"ETag"} if one.etag and status in _WITH_ETAG else set()
    optional = {"Retry-After"} if status == HTTPStatus.SERVICE_UNAVAILABLE else set()
    optional |= set(one.response_headers) if status < 400 else set()
    is_counted = status not in _UNCOUNTED or one.family == "v1"
    optional |= set(_LIMITS) if one.rate_limited and is_counted else set()
    return {
        name: {
            "description": _HEADERS[name][0],
            "schema": _HEADERS[name][1],
            **({"required": True} if name in required else {}),
        }
        for name in sorted(required | optional)
    }


def _also(one: Operation) -> dict[str, Any]:
    return {
        kind: {"schema": {"type": "string", "description": words}}
        for kind, words in one.also.items()
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=_schemas()[0][model])}}}


def _error_content(one: Operation, status: int) -> dict[str, Any]:
    is_plain_413 = status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and one.family == "plain"
    model = "TooLarge" if is_plain_413 else error_schemas.NAMES[one.family]
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}


def main() -> None:
    """`python -m infra.openapi [--check]`: writes the reference, or fails when it is stale."""
    text = json.dumps(build_document(), indent=1, sort_keys=True) + "\n"
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit("functions/site/openapi.json is stale: run `make openapi` and commit it.")


if __name__ == "__main__":
    main()
