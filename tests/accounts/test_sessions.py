"""Refresh tokens that are used at once, and what ends them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from functions.accounts import sessions, users
from functions.shared import db
from tests.support.accounts import PASSWORD
from tests.support.connections import own_connections

# The statement of an exchange, as functions/accounts/sessions.py sends it.
EXCHANGE = "select outcome from accounts.exchange_refresh_token(%s, %s, %s, %s, %s, 604800, 'ip')"


def make_session() -> sessions.Opened:
    user = users.create(users.NewUser("mira", "mira@example.com", PASSWORD))
    return sessions.open_session(user)


def reason(token: str, age: float = 0.0) -> str:
    with pytest.raises(sessions.RefreshTokenError) as refused:
        sessions.refresh(token, time.time() - age, "ip")
    return str(refused.value.extra["reason"])


@pytest.mark.commits
def test_twenty_refreshes_at_once_get_one_successor(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each was received before the first exchange had committed: browsers refresh in parallel."""
    opened, start = make_session(), threading.Barrier(20)
    received = time.time()

    def one(_: int) -> str:
        db.query("select 1")  # opens the connection
        start.wait()
        return sessions.refresh(opened.refresh_token, received, "ip").refresh_token

    with own_connections(store, monkeypatch), ThreadPoolExecutor(20) as pool:
        [successor] = set(pool.map(one, range(20)))
    [row] = db.query("select generation, revoked_at from accounts.sessions")
    assert row == {"generation": 1, "revoked_at": None}
    assert sessions.refresh(successor, time.time(), "ip").refresh_token != successor


@pytest.mark.commits
def test_a_refresh_that_waits_for_the_first_gets_its_successor(store: str) -> None:
    """However late the second says it was received: its statement began before the commit."""
    opened = make_session()
    session, generation = sessions.parse(opened.refresh_token)
    successor = sessions._hash(sessions._derive(session, 1))
    values = (session, generation, sessions._hash(opened.refresh_token), successor, 0.0)
    with (
        psycopg.connect(store, row_factory=dict_row) as first,
        psycopg.connect(store, row_factory=dict_row, autocommit=True) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        assert first.execute(EXCHANGE, values).fetchone() == {"outcome": "exchanged"}
        waiting = pool.submit(lambda: second.execute(EXCHANGE, values).fetchone())
        wait_until_blocked(store)
        first.commit()
        assert waiting.result() == {"outcome": "same"}


def wait_until_blocked(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as watcher:
        for _ in range(500):
            found = watcher.execute(
                "select 1 from pg_stat_activity where wait_event_type = 'Lock' and "
                "query like '%exchange_refresh_token%' and datname = current_database()"
            ).fetchone()
            if found:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.commits
def test_after_the_commit_there_is_no_grace(store: str) -> None:
    opened = make_session()
    sessions.refresh(opened.refresh_token, time.time(), "ip")
    assert reason(opened.refresh_token) == "reused"
    assert db.query("select revoked_at is null as open from accounts.sessions") == [{"open": False}]


@pytest.mark.commits
def test_a_request_that_was_received_before_gets_the_successor_however_late(store: str) -> None:
    """A cold start may hold the second request for seconds."""
    opened = make_session()
    received = time.time()
    first = sessions.refresh(opened.refresh_token, time.time(), "ip")
    time.sleep(0.5)
    second = sessions.refresh(opened.refresh_token, received - 0.01, "ip")
    assert second.refresh_token == first.refresh_token
    third = sessions.refresh(first.refresh_token, time.time(), "ip")
    # Two generations back is no parallel request any more.
    assert reason(opened.refresh_token, 5.0) == "reused"
    assert reason(third.refresh_token) == "revoked"


def test_a_raised_version_ends_sessions(store: str) -> None:
    opened = make_session()
    db.query("update accounts.users set token_version = token_version + 1")
    assert reason(opened.refresh_token) == "revoked"


def test_a_token_of_the_replaced_key_is_exchanged(store: str, setting: Any) -> None:
    opened = make_session()
    setting(TRACKER_KEY="another tracker key, which is long enough")
    assert reason(opened.refresh_token) == "malformed"
    setting(TRACKER_KEY_PREVIOUS="the tracker key of the tests, which is long enough")
    assert sessions.refresh(opened.refresh_token, time.time(), "ip").refresh_token


def test_only_a_hash_of_the_token_is_stored(store: str) -> None:
    opened = make_session()
    [row] = db.query("select s::text as row from accounts.sessions as s")
    assert opened.refresh_token.removeprefix("rt_")[30:] not in row["row"]


def test_a_changed_token_is_malformed(store: str) -> None:
    token = make_session().refresh_token
    for place in range(3, len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert reason(changed) == "malformed"
