"""What the reference declares of the tracker is what is answered: what may happen on any route."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support import reference
from tests.support.tracker_battles import Duel, make_duel
from tests.support.tracker_bodies import BODIES

# The tournaments' routes have tests of their own.
OWN = re.compile("/v1/(?:armies|users|battles|stats|health)")


def _operations(status: str) -> list[Any]:
    return [
        pytest.param(method.upper(), path, operation, id=operation["operationId"])
        for path, methods in sorted(reference.document()["paths"].items())
        for method, operation in sorted(methods.items())
        if operation["tags"] == ["tracker"] and OWN.match(path)
        if status in (*operation["responses"], *operation)
    ]


class Caller:
    """A player who has an army and a battle, and may change others' roles."""

    def __init__(self, duel: Duel) -> None:
        self.client = duel.mira
        db.query("update accounts.users set role = 'admin' where username = 'mira'")
        self.parts = {
            "army_id": duel.armies[0],
            "battle_id": duel.make()["id"],
            "user_id": duel.nils_id,
        }

    def url(self, path: str) -> str:
        url = re.sub(r"{(\w+)}", lambda found: self.parts[found[1]], path)
        return f"{url}?q=mira" if path == "/v1/users" else url


@pytest.fixture
def caller(tracker_keys: None) -> Caller:
    """A player."""
    return Caller(make_duel())


@pytest.mark.parametrize(("method", "path", "operation"), _operations("413"))
def test_a_body_that_is_too_large(caller: Caller, method: str, path: str, operation: Any) -> None:
    large = '"' + "x" * 300_000 + '"'
    assert caller.client.call(method, caller.url(path), large).status == 413


@pytest.mark.parametrize(("method", "path", "operation"), _operations("requestBody"))
def test_what_is_no_object(caller: Caller, method: str, path: str, operation: Any) -> None:
    for body in ("nonsense", "[]", "7"):
        answered = caller.client.call(method, caller.url(path), body)
        assert (answered.status, answered.json["error"]["code"]) == (400, "INVALID_JSON")


@pytest.mark.parametrize(("method", "path", "operation"), _operations("requestBody"))
def test_a_body_is_taken_with_what_it_requires(
    caller: Caller, method: str, path: str, operation: Any
) -> None:
    url = caller.url(path)
    is_required = operation["requestBody"]["required"]
    for empty in (None, " ", "{}"):
        answered = caller.client.call(method, url, empty)
        assert (answered.status == 422) == is_required, answered.text
        if empty is None and not is_required:
            assert answered.status == 200
            break


@pytest.mark.parametrize(("method", "path", "operation"), _operations("503"))
def test_while_the_database_is_down(
    caller: Caller, away: Callable[[], None], method: str, path: str, operation: Any
) -> None:
    url = caller.url(path)
    away()
    answered = caller.client.call(method, url, BODIES.get(f"{method} {path}"))
    assert (answered.status, answered.json["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")


@pytest.mark.parametrize(("method", "path", "operation"), _operations("429"))
def test_what_is_limited_says_so(
    caller: Caller, setting: Callable[..., None], method: str, path: str, operation: Any
) -> None:
    url = caller.url(path)
    setting(GENERAL_REQUESTS="1")
    answered = caller.client.call(method, url, BODIES.get(f"{method} {path}"))
    assert answered.status == 429
    assert answered.json["error"]["details"]["scope"] == "general"


@pytest.mark.parametrize(("method", "path", "operation"), _operations("409"))
def test_the_same_key_with_another_body(
    caller: Caller, method: str, path: str, operation: Any
) -> None:
    url = caller.url(path)
    db.query(
        """
        insert into tracker.idempotency (
          user_id, target, key, body_hash, status, response, headers, expires_at
        )
        select id, %s, 'k', '', 200, '{}', '{}', now() + interval '1 hour'
        from accounts.users
        where username = 'mira'
        """,
        (f"{method} {url}",),
    )
    headers = caller.client.headers | {"Idempotency-Key": "k"}
    answered = caller.client.call(method, url, BODIES.get(f"{method} {path}"), headers=headers)
    assert (answered.status, answered.json["error"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    for key in ("x" * 129, "é"):
        headers = caller.client.headers | {"Idempotency-Key": key}
        assert caller.client.call(method, url, {}, headers=headers).status == 422


@pytest.mark.parametrize(("method", "path", "operation"), _operations("404"))
def test_what_is_not_there(caller: Caller, method: str, path: str, operation: Any) -> None:
    caller.parts = dict.fromkeys(caller.parts, "none")
    answered = caller.client.call(method, caller.url(path), BODIES.get(f"{method} {path}"))
    assert answered.status == 404
    assert answered.json["error"]["code"].endswith("_NOT_FOUND")


@pytest.mark.parametrize(("method", "path", "operation"), _operations("parameters"))
def test_a_parameter_that_cannot_be_understood(
    caller: Caller, method: str, path: str, operation: Any
) -> None:
    """It is refused, and before that whoever may not ask."""
    url = caller.url(path)
    joint = "&" if "?" in url else "?"
    queries = [one for one in operation["parameters"] if one["in"] == "query"]
    for one in queries:
        if one["schema"].get("type") == "integer":
            assert caller.client.call(method, f"{url}{joint}{one['name']}=x").status == 422
    db.query("update accounts.sessions set revoked_at = now()")
    if queries:
        assert caller.client.call(method, f"{url}{joint}limit=x").status == 401


@pytest.mark.parametrize(("method", "path", "operation"), _operations("responses"))
def test_a_browser_may_ask_from_anywhere(
    caller: Caller, method: str, path: str, operation: Any
) -> None:
    answered = caller.client.call("OPTIONS", caller.url(path), headers={"Origin": "null"})
    assert (answered.status, answered.text) == (204, "")
    assert answered.headers["access-control-allow-origin"] == "*"
    allowed = set(answered.headers["access-control-allow-headers"].split(", "))
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} <= allowed
    assert method in answered.headers["access-control-allow-methods"].split(", ")
    assert answered.headers["access-control-max-age"] == "600"
