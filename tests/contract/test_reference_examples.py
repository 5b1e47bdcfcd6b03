"""The example of each route in the reference, sent over HTTP: its answer is the declared one.

What the answers hold against the reference is tests/support/reference.py.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from infra.request_examples import load_examples
from tests.support import example_worlds, reference

OPERATIONS = [
    pytest.param(f"{method.upper()} {path}", operation, id=operation["operationId"])
    for path, methods in sorted(reference.document()["paths"].items())
    for method, operation in sorted(methods.items())
]


@pytest.fixture
def way() -> str:
    """Not behind a pooler too: what is sent is sent there by other tests."""
    return "direct"


@pytest.mark.parametrize(("route", "operation"), OPERATIONS)
def test_an_example_is_answered_as_declared(
    request: pytest.FixtureRequest, route: str, operation: dict[str, Any]
) -> None:
    world = example_worlds.make(request, route, operation)
    example, (method, path) = load_examples().get(route, {}), route.split()
    values = example_worlds.put_names(example.get("parameters", {}), world.names)
    in_path = re.findall(r"{(\w+)}", path)
    url = re.sub(r"{(\w+)}", lambda found: quote(str(values[found[1]]), safe=""), path)
    query = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in values.items()
        if name not in in_path
    }
    body = example_worlds.put_names(example["body"], world.names) if "body" in example else None
    answered = world.client.call(method, f"{url}?{urlencode(query)}" if query else url, body)
    expected = example.get("status")
    assert answered.status == expected if expected else answered.status < 300, answered.text


def test_every_route_that_needs_something_has_an_example_and_no_other_has() -> None:
    needing = {
        route
        for route, operation in (one.values for one in OPERATIONS)
        if any(one["required"] for one in operation["parameters"])
        or operation.get("requestBody", {}).get("required")
    }
    known = {one.values[0] for one in OPERATIONS}
    assert needing <= load_examples().keys() <= known
    for route, operation in (one.values for one in OPERATIONS):
        declared = {one["name"] for one in operation["parameters"]}
        assert load_examples().get(route, {}).get("parameters", {}).keys() <= declared, route
