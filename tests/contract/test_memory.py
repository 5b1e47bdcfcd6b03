"""Memory of a warm container: the last of many hostile requests take no more than those before.

Whoever sends another key, token or body each time must not fill what is kept between requests.
"""

from __future__ import annotations

import gc
import json
import secrets
import tracemalloc
from collections.abc import Callable

import pytest

from functions.shared import auth, tokens, tracker_tokens
from tests.support.client import call_gateway
from tests.support.credentials import make_all
from tests.support.gateway import gateway_event

REQUESTS = 700
MOST = 300_000  # bytes, of which the caches' turnover takes some


@pytest.fixture
def way() -> str:
    """Not behind a pooler too: what is kept is kept in front of it."""
    return "direct"


def test_the_last_of_many_requests_take_no_memory(
    tracker_keys: None, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    many = str(10**9)
    setting(LOGIN_FAILURES=many, ACCOUNT_FAILURES=many, REGISTRATIONS=many, GENERAL_REQUESTS=many)
    made = sorted(make_all().items())
    tracemalloc.start()
    try:
        grown = []
        for _ in range(3):
            before = tracemalloc.get_traced_memory()[0]
            for number in range(REQUESTS):
                _send(number, made[number % len(made)][1])
            capsys.readouterr()
            gc.collect()
            grown.append(tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
    assert grown[2] < MOST, grown
    assert len(auth._cache) < 1100
    assert len(tokens._verified) <= tokens.MAX_VERIFIED
    assert len(tracker_tokens._verified) <= tokens.MAX_VERIFIED


def _send(number: int, known: dict[str, str]) -> None:
    """One of several kinds of requests, each with something in it that was never sent before."""
    new = secrets.token_hex(32)
    kinds = (
        ("GET", f"/api/tilt/stats/{new}", None, {"X-Api-Key": f"ty_{new[:8]}_{new}"}),
        ("GET", f"/api/{new}", None, known),
        ("GET", f"/v1/armies?faction_id={new}", None, {"Authorization": f"Bearer {new}.{new}.x"}),
        ("POST", "/api/auth/login", {"email": f"{new}@example.com", "password": new}, {}),
        ("GET", f"/api/ttt/activity?timezone={new}", None, {"If-None-Match": new}),
        ("GET", f"/api/ttt/players?search={new}&cursor={new}", None, known),
        ("POST", "/api/ingest/logs", {"events": [{"type": new[:9], "timestamp": new}]}, known),
        ("GET", f"/api/rollups/{new}?columns={new}", None, known),
        ("GET", f"/console/{new}/{new}", None, {}),
    )
    method, url, body, headers = kinds[number % len(kinds)]
    text = None if body is None else json.dumps(body)
    assert call_gateway(gateway_event(method, url, text, headers))["statusCode"] < 500
