"""Writes functions/site/openapi.json from the routes and their models; `--check` only compares."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions.shared.http import Operation

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "functions/site/openapi.json"
_REF = "#/components/schemas/{model}"
_LONG = re.compile(r"functions__([a-z]+)__[a-z_]+?__([A-Z]\w*)")
_PROBLEMS = {
    "400": "A field is missing or wrong; `error` says which",
    "401": "No key was sent",
    "403": "The key is wrong or lacks the scope",
    "413": "The body is too large",
    "429": "Too many requests; `Retry-After` says when to try again",
    "503": "The database is away; the request may be repeated",
}


_ETAG = {"ETag": {"description": "For If-None-Match", "schema": {"type": "string"}}}
_LIMITS = {
    f"X-RateLimit-{name}": {"description": words, "schema": {"type": "integer"}}
    for name, words in (
        ("Limit", "Requests a minute"),
        ("Remaining", "Requests left in this minute"),
        ("Reset", "Unix second when the next minute begins"),
    )
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of every domain."""
    _, schemas = _schemas()
    paths: dict[str, Any] = {}
    for one in _operations():
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tiltyard",
            "version": "0.1.0",
            "description": "The serverless backend for game communities.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "./"}],  # beside this document, whatever stage that is
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": _error()},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "api_key"},
                "server": {"type": "apiKey", "in": "header", "name": "X-Server-Key"},
            },
        },
    }


def _doors() -> tuple[str, ...]:
    """The names in app.py, read as text: importing it would need a database."""
    found = re.search(r"^DOORS = \((.*)\)", (ROOT / "app.py").read_text(), re.MULTILINE)
    assert found
    return tuple(re.findall(r'"([\w.]+)"', found[1]))


def _routes(door: str) -> Any:
    return import_module(f"functions.{door}").routes


def _operations() -> list[Operation]:
    return [one for door in _doors() for one in _routes(door).operations]


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
    text = _LONG.sub(lambda found: _short(found[0]), json.dumps(schemas["$defs"]))
    found = {model: _short(ref["$ref"].rpartition("/")[2]) for (model, _), ref in refs.items()}
    return found, json.loads(text)  # type: ignore[return-value]


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
        spelled["requestBody"] = {"required": True, "content": _json(one.body)}
    if one.guard:
        spelled["security"] = [{form: [one.guard.scope]} for form in one.guard.sent_as]
        if one.guard.waived:
            spelled["security"].append({})  # a setting makes keys optional
    return spelled


def _parameters(one: Operation) -> list[dict[str, Any]]:
    in_path = set(re.findall(r"{(\w+)}", one.path))
    schema = one.query.model_json_schema() if one.query else {"properties": {}}
    listed = {name: {"type": "string"} for name in in_path} | schema["properties"]
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in schema.get("required", []),
            **({"description": words} if (words := described.get("description")) else {}),
            "schema": described,
        }
        for name, described in sorted(listed.items())
        if described.get("type") != "null"  # what is only there to be refused
    ]


def _responses(one: Operation) -> dict[str, Any]:
    problems = {"400"} if one.body or one.query else set()
    problems |= set(one.guard.refused_as) if one.guard else set()
    problems |= {"413"} if one.body else set()
    problems |= {"429"} if one.is_limited else set()
    problems |= {"503"} if one.guard or one.query else set()
    answers: dict[str, Any] = {
        str(status): {"description": model}
        if isinstance(model, str)
        else {
            "description": cleandoc(model.__doc__ or ""),
            "content": _json(model) | _also(one),
            "headers": (_LIMITS if one.is_limited else {}) | (_ETAG if one.etag else {}),
        }
        for status, model in one.answers.items()
    }
    if one.etag:
        answers["304"] = {"description": "The caller's ETag is still right; there is no body"}
    error = {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}
    return answers | {
        status: {"description": _PROBLEMS[status], "content": error} for status in sorted(problems)
    }


def _also(one: Operation) -> dict[str, Any]:
    return {
        kind: {"schema": {"type": "string", "description": words}}
        for kind, words in one.also.items()
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=_schemas()[0][model])}}}


def _error() -> dict[str, Any]:
    detail = {
        "type": "object",
        "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
    }
    return {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {"type": "string", "description": "What is wrong, in a sentence"},
            "details": {"type": "array", "items": detail},
        },
    }


def main() -> None:
    """`python -m infra.openapi [--check]`: writes the reference, or fails when it is stale."""
    text = json.dumps(document(), indent=1, sort_keys=True) + "\n"
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit("functions/site/openapi.json is stale: run `make openapi` and commit it.")


if __name__ == "__main__":
    main()
