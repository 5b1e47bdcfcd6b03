"""What the reference declares of tournaments is what is answered: what may happen on any route."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support import reference
from tests.support.cups import Cup, make_cup
from tests.support.tournament_bodies import BODIES


def _operations(status: str) -> list[Any]:
    return [
        pytest.param(method.upper(), path, operation, id=operation["operationId"])
        for path, methods in sorted(reference.document()["paths"].items())
        for method, operation in sorted(methods.items())
        if operation["tags"] == ["tracker"] and path.startswith("/v1/tournaments")
        if status in (*operation["responses"], *operation)
    ]


class Organiser:
    """Who organises a tournament of two players, of which the first round is paired."""

    def __init__(self, cup: Cup) -> None:
        self.client = cup.organiser
        self.parts = {
            "tournament_id": cup.id,
            "user_id": cup.ids["A"],
            "number": "1",
            "battle_id": cup.find_battle("A-B")["battle_id"],
        }

    def url(self, path: str) -> str:
        return re.sub(r"{(\w+)}", lambda found: self.parts[found[1]], path)


@pytest.fixture
def caller(tracker_keys: None) -> Organiser:
    """An organiser."""
    cup = make_cup(2)
    cup.pair()
    return Organiser(cup)


@pytest.mark.parametrize(("method", "path", "operation"), _operations("413"))
def test_a_body_that_is_too_large(
    caller: Organiser, method: str, path: str, operation: Any
) -> None:
    large = '"' + "x" * 70_000 + '"'
    assert caller.client.call(method, caller.url(path), large).status == 413


@pytest.mark.parametrize(("method", "path", "operation"), _operations("requestBody"))
def test_what_is_no_object(caller: Organiser, method: str, path: str, operation: Any) -> None:
    for body in ("nonsense", "[]", "7"):
        answered = caller.client.call(method, caller.url(path), body)
        assert (answered.status, answered.json["error"]["code"]) == (400, "INVALID_JSON")


@pytest.mark.parametrize(("method", "path", "operation"), _operations("requestBody"))
def test_a_body_is_taken_with_what_it_requires(
    caller: Organiser, method: str, path: str, operation: Any
) -> None:
    is_required = operation["requestBody"]["required"]
    for empty in (None, " ", "{}"):
        answered = caller.client.call(method, caller.url(path), empty)
        assert (answered.status == 422) == is_required, answered.text


@pytest.mark.parametrize(("method", "path", "operation"), _operations("503"))
def test_while_the_database_is_down(
    caller: Organiser, away: Callable[[], None], method: str, path: str, operation: Any
) -> None:
    away()
    answered = caller.client.call(method, caller.url(path), BODIES.get(f"{method} {path}"))
    assert (answered.status, answered.json["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")


@pytest.mark.parametrize(("method", "path", "operation"), _operations("429"))
def test_what_is_limited_says_so(
    caller: Organiser, setting: Callable[..., None], method: str, path: str, operation: Any
) -> None:
    setting(GENERAL_REQUESTS="1")
    answered = caller.client.call(method, caller.url(path), BODIES.get(f"{method} {path}"))
    assert answered.status == 429
    assert answered.json["error"]["details"]["scope"] == "general"


@pytest.mark.parametrize(("method", "path", "operation"), _operations("409"))
def test_the_same_key_with_another_body(
    caller: Organiser, method: str, path: str, operation: Any
) -> None:
    url = caller.url(path)
    db.query(
        """
        insert into tracker.idempotency (
          user_id, target, key, body_hash, status, response, headers, expires_at
        )
        select u.id, %s, 'k', '', 200, '{}', '{}', now() + interval '1 hour'
        from accounts.users as u
        where u.role = 'organizer'
        """,
        (f"{method} {url}",),
    )
    headers = caller.client.headers | {"Idempotency-Key": "k"}
    answered = caller.client.call(method, url, BODIES.get(f"{method} {path}"), headers=headers)
    assert (answered.status, answered.json["error"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    headers = caller.client.headers | {"Idempotency-Key": "x" * 129}
    assert caller.client.call(method, url, {}, headers=headers).status == 422


@pytest.mark.parametrize(("method", "path", "operation"), _operations("404"))
def test_what_is_not_there(caller: Organiser, method: str, path: str, operation: Any) -> None:
    known = caller.parts
    for name in re.findall(r"{(\w+)}", path):
        if name == "number" and method != "GET":
            continue  # of a round that is not paired it is the state that does not fit
        for wrong in ("none", "%00", "x" * 500):
            caller.parts = known | {name: wrong}
            answered = caller.client.call(method, caller.url(path), BODIES.get(f"{method} {path}"))
            assert answered.status == 404, answered.text
            assert answered.json["error"]["code"].endswith("NOT_FOUND")


@pytest.mark.parametrize(("method", "path", "operation"), _operations("parameters"))
def test_who_may_not_ask_hears_that_before_what_is_wrong(
    caller: Organiser, method: str, path: str, operation: Any
) -> None:
    db.query("update accounts.sessions set revoked_at = now()")
    answered = caller.client.call(method, f"{caller.url(path)}?limit=x&round=x", "{}")
    assert answered.status == 401


@pytest.mark.parametrize(("method", "path", "operation"), _operations("responses"))
def test_a_browser_may_ask_from_anywhere(
    caller: Organiser, method: str, path: str, operation: Any
) -> None:
    answered = caller.client.call("OPTIONS", caller.url(path), headers={"Origin": "null"})
    assert (answered.status, answered.text) == (204, "")
    assert method in answered.headers["access-control-allow-methods"].split(", ")
