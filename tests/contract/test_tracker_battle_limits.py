"""Requests of battles are counted by the statement that serves them; tracker.md 1.3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Answered, Client
from tests.support.tracker import check_error
from tests.support.tracker_battles import Duel, make_duel


@pytest.fixture
def duel(tracker_keys: None) -> Duel:
    """Two players, who each have an army."""
    return make_duel()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are sent, each of them a round trip."""
    sent: list[str] = []
    real = db.query

    def query(statement: Any, *args: Any, **options: Any) -> list[db.Row]:
        sent.append(str(statement))
        return real(statement, *args, **options)

    monkeypatch.setattr(db, "query", query)
    return sent


def remaining(answered: Answered) -> int:
    return int(answered.headers["x-ratelimit-remaining"])


def get_if_other(client: Client, url: str, version: int) -> Answered:
    return client.get(url, headers=client.headers | {"If-None-Match": f'"{version}"'})


def test_every_request_of_a_battle_counts_once(duel: Duel) -> None:
    url = f"/v1/battles/{duel.make()['id']}"
    key = duel.mira.headers | {"Idempotency-Key": "a"}
    left = remaining(duel.mira.get(url))
    for status, answered in (
        (200, duel.mira.get(f"{url}/events")),
        (422, duel.mira.get(f"{url}/events?since=x")),
        (201, duel.mira.post(f"{url}/ws-ticket")),
        (200, duel.mira.patch(url, {"action": "start"}, headers=key)),
        (200, duel.mira.patch(url, {"action": "start"}, headers=key)),
        (409, duel.mira.patch(url, {"action": "start"})),
        (422, duel.mira.patch(url, {"action": "no"})),
        (400, duel.mira.patch(url, "nonsense")),
        (422, duel.mira.patch(url, {}, headers=duel.mira.headers | {"Idempotency-Key": "é"})),
        (200, duel.mira.post(f"{url}/advance-round")),
        (404, duel.mira.get(f"{url}x")),
        (200, duel.mira.post(f"{url}/complete")),
    ):
        left -= 1
        assert (answered.status, remaining(answered)) == (status, left), answered.text
    db.query("update accounts.sessions set revoked_at = now()")
    answered = duel.mira.get(url)
    assert (answered.status, remaining(answered)) == (401, left - 1)


def test_one_request_too_many_does_nothing(duel: Duel, setting: Callable[..., None]) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}"
    setting(GENERAL_REQUESTS=str(1000 - remaining(duel.mira.get(url)) + 1))
    assert remaining(duel.mira.get(url)) == 0
    for answered in (
        duel.mira.get(url),
        get_if_other(duel.mira, url, 1),
        duel.mira.get(f"{url}/events"),
        duel.mira.post(f"{url}/ws-ticket"),
        duel.mira.patch(url, {"action": "start"}),
        duel.mira.patch(url, "nonsense"),
        duel.mira.post(f"{url}/advance-round"),
        duel.mira.post(f"{url}/complete"),
    ):
        check_error(answered, 429, "RATE_LIMITED", scope="general")
        assert remaining(answered) == 0
        assert int(answered.headers["retry-after"]) >= 1
    assert duel.nils.get(url).json["battle"] == battle, "the limit is each user's own"
    assert db.query("select key from shared.rate_limits where key like 'battle:%%'") == []


def test_what_has_not_changed_is_free(duel: Duel, setting: Callable[..., None]) -> None:
    url = f"/v1/battles/{duel.make()['id']}"
    left = remaining(duel.mira.get(url))
    for _ in range(2):
        answered = get_if_other(duel.mira, url, 1)
        assert (answered.status, remaining(answered)) == (304, left)
        assert int(answered.headers["x-ratelimit-reset"]) > 0
    answered = get_if_other(duel.mira, url, 9)
    assert (answered.status, remaining(answered)) == (200, left - 1)
    answered = get_if_other(duel.mira, f"{url}x", 1)
    assert (answered.status, remaining(answered)) == (404, left - 2)
    setting(GENERAL_REQUESTS=str(1000 - left + 2))
    check_error(get_if_other(duel.mira, url, 1), 429, "RATE_LIMITED", scope="general")
    setting(GENERAL_REQUESTS="1000")
    assert remaining(duel.mira.get(url)) == left - 3, "what is refused by a look is not counted"


def test_a_new_window_begins_with_a_request(duel: Duel) -> None:
    url = f"/v1/battles/{duel.make()['id']}"
    db.query("update shared.rate_limits set window_start = window_start - 3601")
    answered = get_if_other(duel.mira, url, 1)
    assert (answered.status, remaining(answered)) == (304, 1000)
    assert remaining(duel.mira.get(url)) == 999


def test_a_read_is_one_round_trip_and_a_change_two(duel: Duel, statements: list[str]) -> None:
    url = f"/v1/battles/{duel.make()['id']}"
    duel.mira.get(url)  # loads the public keys
    for most, ask in (
        (1, lambda: duel.mira.get(url)),
        (1, lambda: get_if_other(duel.mira, url, 1)),
        (2, lambda: duel.mira.patch(url, {"action": "start"})),
        (2, lambda: get_if_other(duel.mira, url, 1)),
    ):
        statements.clear()
        assert ask().status in (200, 304)
        assert len(statements) == most, statements


def test_without_a_counter_battles_are_read(duel: Duel, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"/v1/battles/{duel.make()['id']}"
    duel.mira.get(url)  # loads the public keys
    capsys.readouterr()
    with db.transaction():
        db.query("set local transaction_read_only = on")  # as after a failover
        answered = duel.mira.get(url)
        unchanged = get_if_other(duel.mira, url, 1)
    assert (answered.status, unchanged.status) == (200, 304)
    assert "x-ratelimit-remaining" not in answered.headers
    assert "x-ratelimit-remaining" in unchanged.headers
    assert capsys.readouterr().out.count('"limits.failed"') == 1
