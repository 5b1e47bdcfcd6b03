"""Limits of logins: guessing is slow, and nobody can keep the owner out (tracker.md 1.3)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.accounts import login_limits, logins
from functions.shared import db
from functions.shared.errors import Problem
from tests.support.accounts import PASSWORD, log_in, register
from tests.support.client import Answered, Client
from tests.support.connections import own_connections

HOME = "198.51.100.7"


def wrong(address: str = HOME, email: str = "mira_k@example.com") -> Answered:
    return log_in(email, "wrong-password", address=address)


def test_after_five_failures_an_address_waits_for_the_minute_to_end(store: str) -> None:
    register()
    for _ in range(5):
        assert wrong().status == 401
    for answered in (wrong(), log_in(), wrong(email="nobody@example.com")):
        assert answered.status == 429
        assert answered.json == {"detail": "Too many failed logins. Try again later."}
        assert 1 <= int(answered.headers["retry-after"]) <= 60
        assert answered.headers["x-ratelimit-limit"] == "5"
        assert answered.headers["x-ratelimit-remaining"] == "0"
    assert log_in(address="198.51.100.8").status == 200
    db.query("update shared.rate_limits set window_start = window_start - 60")
    assert log_in().status == 200


def list_lockouts(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int | None]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(line["scope"], line["user_id"]) for line in lines if line["event"] == "login.locked"]


def test_a_lockout_is_logged_once(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Many of them are an alarm; what is refused meanwhile adds none."""
    register()
    user_id = db.fetch_value("select id from accounts.users")
    for _ in range(4):
        wrong()
    assert list_lockouts(capsys) == []
    for _ in range(3):
        wrong()
    assert list_lockouts(capsys) == [("login", user_id)]
    for number in range(8, 20):
        wrong(f"198.51.100.{number}")
    assert list_lockouts(capsys) == [("login_account", user_id)]
    for _ in range(5):
        wrong("198.51.100.30", "nobody@example.com")
    assert list_lockouts(capsys) == [("login", None)]


def test_guesses_of_resets_lock_an_address_too(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(6):
        login_limits.count_failure("an address")
    assert list_lockouts(capsys) == [("login", None)]


def test_right_logins_do_not_count(store: str) -> None:
    register()
    for _ in range(20):
        assert log_in().status == 200
    for _ in range(4):
        wrong()
    assert log_in().status == 200


def test_a_client_does_not_choose_its_address(store: str) -> None:
    register()
    body = {"email": "mira_k@example.com", "password": "wrong-password"}
    statuses = []
    for number in range(10):
        headers = {
            "X-Forwarded-For": f"203.0.113.{number}",
            "X-Real-IP": f"203.0.113.{number}",
            "CloudFront-Viewer-Address": f"203.0.113.{number}:443",
        }
        statuses.append(Client(headers).post("/api/auth/login", body).status)
    assert statuses == [401] * 5 + [429] * 5


def test_behind_the_distribution_its_word_counts(store: str, setting: Callable[..., None]) -> None:
    setting(ORIGIN_SECRET="the distribution's own secret")
    register()
    body = {"email": "mira_k@example.com", "password": "wrong-password"}

    def one(number: int, secret: str) -> int:
        headers = {
            "CloudFront-Viewer-Address": f"203.0.113.{number}:443",
            "X-Origin-Secret": secret,
        }
        return Client(headers).post("/api/auth/login", body).status

    assert [one(number, "the distribution's own secret") for number in range(8)] == [401] * 8
    assert [one(number, "a guess") for number in range(7)] == [401] * 5 + [429] * 2


def test_an_ipv6_network_is_one_address(store: str) -> None:
    register()
    statuses = [wrong(f"2001:db8:1:2::{number:x}").status for number in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert wrong("2001:db8:1:3::1").status == 401


def test_an_account_under_attack_lets_its_owner_in(store: str) -> None:
    register()
    assert log_in().status == 200  # from home, which is known from now on
    statuses = [wrong(f"203.0.113.{number}").status for number in range(13)]
    assert statuses == [401] * 10 + [429] * 3
    assert wrong(HOME).status == 401  # a known address guesses within its own limit
    assert log_in(address=HOME).status == 200
    elsewhere = log_in(address="203.0.113.99")
    assert elsewhere.status == 429
    assert 60 < int(elsewhere.headers["retry-after"]) <= 900
    db.query(
        "update accounts.known_addresses set last_login_at = now() - make_interval(secs => 2592001)"
    )
    assert log_in(address=HOME).status == 429
    db.query("update shared.rate_limits set window_start = window_start - 900")
    assert log_in(address="203.0.113.99").status == 200


def test_failures_from_a_known_address_do_not_lock_the_account(
    store: str, setting: Callable[..., None]
) -> None:
    setting(LOGIN_FAILURES="1000")
    register()
    assert log_in().status == 200
    assert [wrong().status for _ in range(30)] == [401] * 30
    assert log_in(address="203.0.113.99").status == 200


def test_an_unknown_account_is_limited_as_a_known_one(store: str) -> None:
    """Otherwise the limit would say who has an account."""
    statuses = [wrong(f"203.0.113.{n}", "Nobody@example.com").status for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2


def test_every_door_counts_on_one_account(store: str) -> None:
    register()
    for number in range(5):
        assert wrong(f"203.0.113.{number}").status == 401
    for number in range(5, 10):
        caller = Client(address=f"203.0.113.{number}")
        sent = {"username": "mira_k", "password": "wrong-password"}
        assert caller.post("/v1/auth/login", sent).status == 401
    caller = Client(address="203.0.113.99")
    answered = caller.post("/v1/auth/login", {"username": "mira_k", "password": PASSWORD})
    assert answered.status == 429
    assert answered.json["error"]["code"] == "RATE_LIMITED"
    assert answered.json["error"]["details"]["scope"] == "login_account"
    assert answered.json["error"]["details"]["limit"] == 10
    sent = {"emailOrUser": "mira_k", "password": PASSWORD}
    assert caller.post("/api/auth/login", sent).status == 429


def test_failures_and_lock_outs_are_audited_without_an_address(store: str) -> None:
    register()
    for _ in range(5):
        wrong()
    wrong(address="203.0.113.9", email="nobody@example.com")
    rows = db.query("select action, user_id, ip_hash from accounts.audit")
    [user] = db.query("select id from accounts.users")
    assert sorted(row["action"] for row in rows) == ["login.failed"] * 5 + ["login.locked"]
    assert {row["user_id"] for row in rows} == {user["id"], None}
    assert len({row["ip_hash"] for row in rows}) == 2
    assert "198.51" not in str(rows)
    assert "198.51" not in str(db.query("select * from shared.rate_limits"))
    assert "mira" not in str(db.query("select * from shared.rate_limits"))


@pytest.mark.commits
def test_of_twenty_guesses_at_once_no_more_are_answered_than_one_by_one(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    start = threading.Barrier(20)

    def one(number: int) -> int:
        start.wait()
        password = PASSWORD if number == 19 else "wrong-password"
        try:
            logins.log_in("mira_k@example.com", password, HOME)
        except Problem as problem:
            return int(problem.status)
        return 200

    with own_connections(store, monkeypatch), ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(one, range(20)))
    assert statuses.count(401) <= 5
    assert statuses.count(429) >= 14


def test_a_login_costs_two_round_trips(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    register()
    calls: list[Any] = []
    real = db.query
    monkeypatch.setattr(db, "query", lambda *sent: calls.append(1) or real(*sent))  # type: ignore[func-returns-value]
    for call in (log_in, wrong):
        assert call().status in (200, 401)
        assert len(calls) == 2
        calls.clear()


def test_registrations_of_one_address_are_limited(store: str, setting: Callable[..., None]) -> None:
    setting(REGISTRATIONS="3")
    assert [register(f"user_{number}").status for number in range(4)] == [201, 201, 201, 429]


def test_nobody_lacks_a_password_hash_of_their_own(store: str) -> None:
    """A user without a password, such as an erased one, is as unknown as nobody."""
    register()
    db.query("update accounts.users set password_hash = null")
    assert log_in().status == 401
    assert log_in(password="").status == 401
