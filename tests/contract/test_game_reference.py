"""What the reference declares of the game is what is answered: what may happen on any route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support import reference
from tests.support.client import Client
from tests.support.game import BODIES, make_operator, to_url


def _operations(status: str) -> list[Any]:
    return [
        pytest.param(method.upper(), path, operation, id=operation["operationId"])
        for path, methods in sorted(reference.document()["paths"].items())
        for method, operation in sorted(methods.items())
        if operation["tags"] in (["game"], ["live"])
        if status in (*operation["responses"], *operation)
    ]


@pytest.fixture
def mira(store: str) -> Client:
    """Somebody who plays the game and may run it."""
    return make_operator("Mira_K")


@pytest.mark.parametrize(("method", "path", "operation"), _operations("413"))
def test_a_body_that_is_too_large(mira: Client, method: str, path: str, operation: Any) -> None:
    assert mira.call(method, to_url(path), '"' + "x" * 70_000 + '"').status == 413


@pytest.mark.parametrize(("method", "path", "operation"), _operations("requestBody"))
def test_bodies_that_cannot_be_understood(
    mira: Client, method: str, path: str, operation: Any
) -> None:
    for body in ("nonsense", "[]", "7"):
        answered = mira.call(method, to_url(path), body)
        assert answered.status == 400
        assert answered.json.keys() == {"detail"}


@pytest.mark.parametrize(("method", "path", "operation"), _operations("requestBody"))
def test_a_body_is_taken_with_what_it_requires(
    mira: Client, method: str, path: str, operation: Any
) -> None:
    url = to_url(path)
    assert mira.call(method, url, BODIES[f"{method} {path}"]).status in (200, 400, 404)
    is_required = operation["requestBody"]["required"]
    assert (mira.call(method, url).status == 422) == is_required
    assert (mira.call(method, url, " ").status == 422) == is_required


@pytest.mark.parametrize(("method", "path", "operation"), _operations("parameters"))
def test_a_parameter_that_cannot_be_understood(
    mira: Client, method: str, path: str, operation: Any
) -> None:
    """It is refused, or counts as absent where the reference knows no 422."""
    is_refused = "422" in operation["responses"]
    url, body = to_url(path), BODIES.get(f"{method} {path}")
    for one in operation["parameters"]:
        if one["in"] == "query" and one["schema"].get("type") != "string":
            answered = mira.call(method, f"{url}?{one['name']}=%0A", body)
            assert (answered.status == 422) <= is_refused, one["name"]


@pytest.mark.parametrize(
    "url",
    [
        "/api/battles/history",
        "/api/battles/history/me",
        "/api/player/progression/table",
        "/api/shop/history",
    ],
)
def test_a_wrong_limit_counts_as_none(mira: Client, url: str) -> None:
    for query in ("limit=x&max_level=x", "limit=&max_level=", "limit=%00&max_level=nan"):
        assert mira.get(f"{url}?{query}").json == mira.get(url).json


@pytest.mark.parametrize("path", ["/api/battles/{}/resurrect", "/battles/{}/resurrect"])
def test_a_resurrection_must_make_sense(mira: Client, path: str) -> None:
    assert mira.post(path.format(1) + "?use_potion=x").status == 422
    assert mira.post(path.format("x")).status == 422


@pytest.mark.parametrize(("method", "path", "operation"), _operations("503"))
def test_while_the_database_is_down(
    mira: Client, away: Callable[[], None], method: str, path: str, operation: Any
) -> None:
    away()
    answered = mira.call(method, to_url(path), BODIES.get(f"{method} {path}"))
    assert answered.status == 503
    assert isinstance(answered.json["detail"], str)


@pytest.mark.parametrize(("method", "path", "operation"), _operations("409"))
def test_the_same_key_again_and_with_another_body(
    mira: Client, method: str, path: str, operation: Any
) -> None:
    """What is refused is no answer to keep: the key is seen as one of an earlier success."""
    db.query(
        """
        insert into game.idempotency (user_id, path, key, body_hash, status, response)
        select user_id, %s, 'k', '', 200, '{}'
        from game.players
        """,
        (to_url(path),),
    )
    headers = mira.headers | {"Idempotency-Key": "k"}
    body = BODIES.get(f"{method} {path}")
    assert mira.call(method, to_url(path), body, headers=headers).status == 409
    for key in ("", "x" * 129):
        headers = mira.headers | {"Idempotency-Key": key}
        answered = mira.call(method, to_url(path), body, headers=headers)
        assert (answered.status == 422) == bool(key)


@pytest.mark.parametrize(("method", "path", "operation"), _operations("200"))
def test_a_slash_at_the_end_makes_no_difference(
    mira: Client, method: str, path: str, operation: Any
) -> None:
    body = BODIES.get(f"{method} {path}")
    assert mira.call(method, to_url(path) + "/", body).status in (200, 201, 400, 404)


@pytest.mark.parametrize(("method", "path", "operation"), _operations("responses"))
def test_a_browser_may_ask_from_anywhere(
    mira: Client, method: str, path: str, operation: Any
) -> None:
    answered = mira.call("OPTIONS", to_url(path), headers={"Origin": "null"})
    assert answered.status == 200
    assert answered.headers["access-control-allow-origin"] == "*"
    allowed = answered.headers["access-control-allow-headers"]
    assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(allowed.split(", "))
    assert method in answered.headers["access-control-allow-methods"].split(", ")
