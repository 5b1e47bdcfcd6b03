"""Log lines: one JSON object a request, and never a secret or a person."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import auth, log
from functions.tilt import stats
from tests.support.client import Client


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.get("/api/tilt/trend/u?days=2")
    [line] = lines(capsys)
    assert {"route": "/api/tilt/trend/{user_id}", "status": 200, "rows": 3}.items() <= line.items()
    assert line["request_id"] == "the-request-id"
    assert line["ms"] > 0
    assert isinstance(line["cold"], bool)


def test_nothing_secret_or_personal_is_logged(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    key = auth.issue("bot", ["tilt:write", "tilt:read"])
    event = {
        "userId": "person-7",
        "timestamp": int(time.time() * 1000),
        "signals": ["private-words"],
        "tiltScore": 1,
    }
    headers = {"X-Api-Key": key, "X-Forwarded-For": "203.0.113.9"}
    client.post("/api/tilt/events", event, headers=headers)
    client.get("/api/tilt/stats/person-7?cursor=c", headers=headers)
    client.get("/api/tilt/person-7", headers=headers)
    printed = capsys.readouterr().out
    for secret in (key, key.split("_")[2], "person-7", "private-words", "203.0.113.9"):
        assert secret not in printed


def test_a_fault_is_500_with_the_request_id_and_its_cause_is_logged(
    client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(user_id: str) -> None:
        raise ZeroDivisionError(f"about {user_id}")

    monkeypatch.setattr(stats, "get_stats", broken)
    answered = client.get("/api/tilt/stats/person-7")
    assert answered.status == 500
    assert answered.json["requestId"] == "the-request-id"
    assert "ZeroDivision" not in answered.text
    failure, request = lines(capsys)
    assert (failure["error"], failure["request_id"]) == ("ZeroDivisionError", "the-request-id")
    assert any("test_log.py" in frame for frame in failure["stack"])
    assert request["status"] == 500
    assert "person-7" not in json.dumps(failure)


def test_the_level_is_a_setting(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(LOG_LEVEL="ERROR", DOMAINS="site")
    log.event("quiet")
    log.event("loud", level="ERROR")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


@pytest.mark.commits
def test_why_a_connection_was_not_made_is_logged_without_host_or_login(
    client: Client, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(DATABASE_URL="postgresql://some-login:hunter2@127.0.0.1:1/none")
    assert client.get("/api/tilt/stats/u").status == 503
    failure = lines(capsys)[0]
    assert failure["message"] == "Connection refused"
    for private in ("some-login", "hunter2", "127.0.0.1"):
        assert private not in json.dumps(failure)
