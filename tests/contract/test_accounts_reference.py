"""What the reference declares of accounts is what is answered: what may happen on any route."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from functions.accounts import sessions, signing_keys
from functions.shared import tracker_tokens
from tests.support import reference, tracker
from tests.support.accounts import BODIES, bearer, make_user
from tests.support.client import Client


def _operations(status: str) -> list[Any]:
    return [
        pytest.param(method.upper(), path, operation, id=operation["operationId"])
        for path, methods in sorted(reference.document()["paths"].items())
        for method, operation in sorted(methods.items())
        if operation["tags"] == ["accounts"] and status in operation["responses"]
    ]


def _url(path: str) -> str:
    return re.sub(r"{\w+}", "999999", path)


@pytest.fixture
def callers(store: str) -> Callable[[str], Client]:
    """Somebody who may call a path."""
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()
    ada = make_user("Ada", "admin")
    panel, player = bearer(ada, "panel"), bearer(ada)
    session = tracker.bearer(tracker.open_session())
    kinds = {"/v1/": session, "/api/player/": player}
    return lambda path: next((kinds[one] for one in kinds if path.startswith(one)), panel)


@pytest.mark.parametrize(("method", "path", "operation"), _operations("413"))
def test_a_body_that_is_too_large(
    callers: Callable[[str], Client], method: str, path: str, operation: dict[str, Any]
) -> None:
    assert callers(path).call(method, _url(path), '"' + "x" * 70_000 + '"').status == 413


@pytest.mark.parametrize(("method", "path", "operation"), _operations("400"))
def test_what_cannot_be_understood(
    callers: Callable[[str], Client], method: str, path: str, operation: dict[str, Any]
) -> None:
    if "requestBody" in operation:
        assert callers(path).call(method, _url(path), "nonsense").status == 400


@pytest.mark.parametrize(("method", "path", "operation"), _operations("503"))
def test_while_the_database_is_down(
    callers: Callable[[str], Client],
    away: Callable[[], None],
    method: str,
    path: str,
    operation: dict[str, Any],
) -> None:
    caller = callers(path)
    away()
    tracker_tokens.clear_cache()
    signing_keys.clear_cache()
    body = BODIES.get(f"{method} {path}")
    if path == "/v1/auth/refresh":  # one that must be looked up
        body = {"refresh_token": sessions._derive(UUID(int=1), 0)}
    answered = caller.call(method, _url(path), body)
    assert answered.status == 503, answered.text
    tracker_tokens.clear_cache()
    signing_keys.clear_cache()


@pytest.mark.parametrize(("method", "path", "operation"), _operations("429"))
def test_what_is_limited_says_so(
    callers: Callable[[str], Client],
    setting: Callable[..., None],
    method: str,
    path: str,
    operation: dict[str, Any],
) -> None:
    caller = callers(path)
    setting(GENERAL_REQUESTS="1", LOGIN_FAILURES="1", REGISTRATIONS="1")
    body = BODIES.get(f"{method} {path}")
    statuses = [caller.call(method, _url(path), body).status for _ in range(4)]
    assert 429 in statuses, statuses
