"""Each route's example, in a store where it succeeds, with something odd in one place of it.

What is right but for one value comes further than what is made up: to the verbs and the store.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared import db
from infra.request_examples import load_examples
from tests.support import example_worlds, odd, reference
from tests.support.client import Client
from tests.support.fuzzing import made_up

EXAMPLES = 8  # for each route
HEADERS = ("If-Match", "If-None-Match", "Idempotency-Key", "Content-Type", "X-Forwarded-Host")
_HEADER_TEXTS = [
    *("*", '"1"', 'W/"1"', "1", '"' * 9, "x" * 200, "application/json; charset=utf-16", "text/csv"),
    *("\N{SNOWMAN}", "multipart/form-data; boundary=x", '"999999999999999999999"', "a, b", " "),
]
OPERATIONS = [
    pytest.param(f"{method.upper()} {path}", operation, id=operation["operationId"])
    for path, methods in sorted(reference.document()["paths"].items())
    for method, operation in sorted(methods.items())
    if operation["parameters"] or "requestBody" in operation
]


@pytest.fixture
def way() -> str:
    """Not behind a pooler too: what is made up here is about forms."""
    return "direct"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a body has values, and where it has none yet."""
    found = [path]
    if isinstance(value, dict):
        found += [place for key, one in value.items() for place in places(one, (*path, key))]
        found += [(*path, "__proto__"), (*path, "role")]
    if isinstance(value, list):
        found += [place for n, one in enumerate(value) for place in places(one, (*path, n))]
    return found


def put(value: Any, path: tuple[Any, ...], odd_one: Any) -> Any:
    """A body with something else in one place."""
    if not path:
        return odd_one
    changed = value.copy()
    inner = value.get(path[0]) if isinstance(value, dict) else value[path[0]]
    changed[path[0]] = put(inner, path[1:], odd_one)
    return changed


def send(client: Client, route: str, values: dict[str, Any], body: Any, more: Any) -> None:
    """Sends what is left of an example; the answer is held against the reference."""
    method, path = route.split()
    spelled = {name: quote(_spell(value), safe="") for name, value in values.items()}
    url = re.sub(r"{(\w+)}", lambda found: spelled.pop(found[1]) or "%20", path)
    url += "?" + "&".join(f"{name}={value}" for name, value in spelled.items())
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    served = reference.find(method, url)
    if served != reference.document()["paths"][path][method.lower()]:
        return  # "live" for an id is the address of another operation
    answered = client.call(method, url, text, headers={**client.headers, **more})
    assert answered.status < 500 or answered.status == 501, (answered.text, url, text)


def _spell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize(("route", "operation"), OPERATIONS)
def test_an_example_with_something_odd_in_it_is_answered_as_declared(
    request: pytest.FixtureRequest, route: str, operation: dict[str, Any]
) -> None:
    world = example_worlds.make(request, route, operation)
    example = load_examples().get(route, {})
    values = example_worlds.put_names(example.get("parameters", {}), world.names)
    body = example_worlds.put_names(example["body"], world.names) if "body" in example else None
    names = sorted({one["name"] for one in operation["parameters"] if one["in"] != "header"})
    changes = [
        st.tuples(st.just("value"), st.sampled_from(names), odd.values) if names else st.nothing(),
        st.tuples(st.just("body"), st.sampled_from(places(body)), odd.values),
        st.tuples(st.just("text"), st.none(), odd.spelled),
        st.tuples(st.just("header"), st.sampled_from(HEADERS), st.sampled_from(_HEADER_TEXTS)),
    ]

    @made_up(EXAMPLES)
    @given(st.one_of(changes if body is not None else [changes[0], changes[3]]))
    def check(change: tuple[str, Any, Any]) -> None:
        what, place, value = change
        with db.connection().transaction(force_rollback=True):
            if what == "value":
                send(world.client, route, {**values, place: value}, body, {})
            elif what == "body":
                send(world.client, route, values, put(body, place, value), {})
            elif what == "text":
                send(world.client, route, values, value, {})
            else:
                send(world.client, route, values, body, {place: value})

    check()
