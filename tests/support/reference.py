"""The judge of every answer that the tests get: what was answered is what openapi.json declares."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from infra.openapi import TARGET

# What every answer may carry; all else is declared where it is used.
_EVERYWHERE = {"content-type", "cache-control", "vary", "content-encoding", "x-request-id"}
_EVERYWHERE |= {"x-content-type-options"}
_DECLARED = ("etag", "location", "retry-after", "x-")
Operation = dict[str, Any]
seen: set[tuple[str, int]] = set()  # what was answered in this session, right or wrong


def check(method: str, url: str, status: int, headers: dict[str, str], text: str | bytes) -> None:
    """Fails when an answer's status, media type, headers or body are not the declared ones.

    `headers` by lower-case name. Paths and methods that are not in the reference are 404 and 405.
    """
    operation = find("GET" if method == "HEAD" else method, url)
    if operation is None:
        assert status in (404, 405) or method == "OPTIONS", f"{method} {url}: {status}"
        return
    seen.add((operation["operationId"], status))
    where = f"{operation['operationId']}: {status}"
    response = operation["responses"].get(str(status))
    assert response, f"{where} is not declared, only {sorted(operation['responses'])}"
    _check_headers(response.get("headers", {}), headers, where)
    if method != "HEAD":
        _check_body(response.get("content", {}), headers, text, where)


def find(method: str, url: str) -> Operation | None:
    """The declared operation that serves a URL."""
    path = url.partition("?")[0].rstrip("/") or "/"
    # As the gateway does: a path that is spelled out comes before one with parameters.
    for declared in sorted(document()["paths"], key=lambda declared: declared != path):
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", declared), path):
            found: Operation | None = document()["paths"][declared].get(method.lower())
            return found
    return None


def scopes(operation: Operation) -> set[str]:
    """What a key must be for; empty where none is asked."""
    return {
        scope for one in operation.get("security", []) for named in one.values() for scope in named
    }


@cache
def document() -> dict[str, Any]:
    """The committed reference."""
    read: dict[str, Any] = json.loads(TARGET.read_text(encoding="utf-8"))
    return read


def never_answered() -> list[tuple[str, int]]:
    """What is declared and was not seen in this session: operation and status."""
    operations = [one for methods in document()["paths"].values() for one in methods.values()]
    declared = {(one["operationId"], int(code)) for one in operations for code in one["responses"]}
    return sorted(declared - seen)


def _check_headers(declared: dict[str, Any], sent: dict[str, str], where: str) -> None:
    by_name = {name.lower(): one for name, one in declared.items()}
    for name in sent.keys() - _EVERYWHERE:
        if name.startswith(_DECLARED):
            assert name in by_name, f"{where} does not declare the header {name}"
    for name, one in by_name.items():
        if name not in sent:
            assert not one.get("required"), f"{where} lacks the header {name}"
        elif one["schema"].get("type") == "integer":
            assert re.fullmatch("[0-9]+", sent[name]), f"{where}: {name} is {sent[name]}"
        elif "enum" in one["schema"]:
            assert sent[name] in one["schema"]["enum"], f"{where}: {name} is {sent[name]}"


def _check_body(
    declared: dict[str, Any], headers: dict[str, str], text: str | bytes, where: str
) -> None:
    if not declared:
        assert text in ("", b"", "{}", b"{}"), f"{where} declares no body"
        return
    kind = headers["content-type"].partition(";")[0]
    assert kind in declared, f"{where} is {kind}, not {sorted(declared)}"
    if kind == "application/json" or kind.endswith("+json"):
        try:
            _validator(json.dumps(declared[kind]["schema"])).validate(json.loads(text))
        except jsonschema_rs.ValidationError as error:
            at = "/".join(map(str, error.instance_path))
            raise AssertionError(f"{where}, at {at or 'the top'}: {error.message[:500]}") from None


@cache
def _validator(schema: str) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {**json.loads(schema), "components": _closed()}, validate_formats=True
    )


@cache
def _closed() -> dict[str, Any]:
    """The models, which to a test hold no field but the declared ones; readers ignore others."""
    schemas = {
        name: {"additionalProperties": False, **schema} if "properties" in schema else schema
        for name, schema in document()["components"]["schemas"].items()
    }
    return {"schemas": schemas}
