"""The judge of answers judges: what is not declared fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import reference

STATS = {
    "success": True,
    "userId": "ana",
    "totalEvents": 1,
    "averageTiltScore": 3.5,
    "maxTiltScore": 3.5,
    "lastEventAt": "2023-12-08T01:46:40.000Z",
    "eventsLast24h": 0,
    "eventsLast7d": 0,
}
KIND = {"content-type": "application/json"}


def check(body: Any, status: int = 200, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reference.check("GET", "/api/tilt/stats/ana", status, KIND | named, json.dumps(body))


def test_what_is_declared_passes() -> None:
    check(STATS)
    check({"error": "Database not connected"}, 503, retry_after="5")
    reference.check("GET", "/nowhere", 404, KIND, "{}")


@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (STATS, 201, {}),
        (STATS | {"other": 1}, 200, {}),
        ({name: value for name, value in STATS.items() if name != "userId"}, 200, {}),
        (STATS | {"totalEvents": "1"}, 200, {}),
        (STATS | {"lastEventAt": "yesterday"}, 200, {}),
        (STATS, 200, {"content_type": "text/plain"}),
        (STATS, 200, {"x_next_cursor": "abc"}),
        (STATS, 200, {"etag": '"abc"'}),
        ({"error": "no", "more": 1}, 400, {}),
    ],
)
def test_what_is_not_declared_fails(body: Any, status: int, headers: dict[str, str]) -> None:
    with pytest.raises(AssertionError):
        check(body, status, **headers)


def test_a_header_that_always_comes_must_come() -> None:
    limited = "/api/tilt/events"
    body = '{"error": "Too many requests; please slow down."}'
    reference.check("POST", limited, 429, KIND | {"retry-after": "5"}, body)
    with pytest.raises(AssertionError, match="retry-after"):
        reference.check("POST", limited, 429, KIND, body)


def test_an_answer_where_nothing_is_declared_fails() -> None:
    with pytest.raises(AssertionError):
        reference.check("GET", "/nowhere", 200, KIND, "{}")
