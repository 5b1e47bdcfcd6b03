"""The API reference: valid, complete, and the one that is committed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from openapi_spec_validator import validate

from infra import openapi


def test_it_is_valid_openapi_3_1() -> None:
    validate(openapi.build_document())


def test_the_committed_one_is_current() -> None:
    assert json.loads(openapi.TARGET.read_text()) == openapi.build_document()


def test_every_route_is_described() -> None:
    paths = openapi.build_document()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}"
            assert operation["responses"], f"{method} {path}"


def test_path_parameters_and_query_parameters_are_told_apart() -> None:
    operation = openapi.build_document()["paths"]["/api/tilt/history/{user_id}"]["get"]
    places = {one["name"]: (one["in"], one["required"]) for one in operation["parameters"]}
    assert places["user_id"] == ("path", True)
    assert places["days"] == ("query", False)


KEYWORDS = {
    *("$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum"),
    "examples",
    *("exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maximum", "minItems"),
    *("minLength", "minimum", "pattern", "properties", "required", "title", "type"),
}


def _schemas(part: Any) -> Iterator[dict[str, Any]]:
    """Every schema below a part of the document that is one."""
    yield part
    inner = [*part.get("properties", {}).values(), *part.get("anyOf", [])]
    for name in ("items", "additionalProperties"):
        inner += [part[name]] if isinstance(part.get(name), dict) else []
    for one in inner:
        yield from _schemas(one)


def test_models_say_only_what_json_schema_knows() -> None:
    """Regression: five bounds were published as `ge` and `le`, which no client can read."""
    for name, model in openapi.build_document()["components"]["schemas"].items():
        for schema in _schemas(model):
            assert schema.keys() <= KEYWORDS, name


def test_a_bound_is_a_minimum_and_a_maximum() -> None:
    models = openapi.build_document()["components"]["schemas"]
    port = models["NewServer"]["properties"]["port"]
    assert (port["minimum"], port["maximum"]) == (1, 65535)
    minutes = models["NewImport"]["properties"]["timezoneOffsetMinutes"]
    assert (minutes["minimum"], minutes["maximum"]) == (-1440, 1440)


def test_a_heartbeat_is_declared_as_it_is_read() -> None:
    """Regression: the reference had `players` in a required body, and no query parameters."""
    operation = openapi.build_document()["paths"]["/api/servers/heartbeat"]["post"]
    assert operation["requestBody"]["required"] is False
    assert {one["name"] for one in operation["parameters"]} == {"map", "playerCount"}
    body = openapi.build_document()["components"]["schemas"]["HeartbeatBody"]
    assert body["properties"].keys() == {"map", "playerCount"}


def test_no_parameter_is_null() -> None:
    """An address cannot spell null: what is not there is just not there."""
    for methods in openapi.build_document()["paths"].values():
        for operation in methods.values():
            for one in operation["parameters"]:
                assert "null" not in json.dumps(one["schema"])


def test_null_is_no_default() -> None:
    """Regression: the page's examples sent null in every field that may be absent."""
    assert '"default": null' not in json.dumps(openapi.build_document())
