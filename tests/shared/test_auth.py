"""API keys: issued once, hashed, scoped, rotated, revoked."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from functions.shared import auth, db
from tests.support.client import Client

STATS = "/api/tilt/stats/u"


def status(client: Client, key: str, method: str = "GET", url: str = STATS) -> int:
    return client.call(method, url, headers={"X-Api-Key": key}).status


def test_a_key_opens_what_its_scopes_name(client: Client) -> None:
    reader = auth.issue("dashboard", ["tilt:read"])
    assert status(client, reader) == 200
    assert status(client, reader, "DELETE", "/api/tilt/users/u") == 403


def test_only_a_hash_is_stored(store: str) -> None:
    key = auth.issue("bot", ["tilt:write"])
    [row] = db.query("select * from shared.api_keys")
    assert key not in str(row)
    assert key.split("_")[2] not in str(row)
    assert len(key.split("_")[2]) == 64  # 256 random bits


def test_the_same_id_with_another_secret_is_refused(client: Client) -> None:
    key = auth.issue("bot", ["tilt:read"])
    assert status(client, key[:-1] + ("0" if key[-1] != "0" else "1")) == 403
    assert status(client, key.upper()) == 403
    assert db.query("select last_used_at from shared.api_keys")[0]["last_used_at"] is None


def test_a_revoked_key_dies_within_the_cache_time(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = auth.issue("bot", ["tilt:read"])
    assert status(client, key) == 200
    assert auth.revoke(key.split("_")[1])
    assert not auth.revoke(key.split("_")[1])
    later = time.monotonic() + auth.CACHE_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert status(client, key) == 403


def test_an_expired_key_is_refused(client: Client) -> None:
    key = auth.issue("bot", ["tilt:read"])
    db.query("update shared.api_keys set expires_at = now() - interval '1 second'")
    assert status(client, key) == 403


def test_at_most_two_keys_of_a_name_are_live(client: Client) -> None:
    oldest, older, newest = (auth.issue("bot", ["tilt:read"]) for _ in range(3))
    assert [status(client, key) for key in (oldest, older, newest)] == [403, 200, 200]


def test_issue_and_revoke_are_audited_without_the_key(store: str) -> None:
    key = auth.issue("bot", ["tilt:read"])
    auth.revoke(key.split("_")[1])
    noted = db.query("select action, subject, actor from shared.audit order by action")
    assert [row["action"] for row in noted] == ["key.issue", "key.revoke"]
    assert {row["subject"] for row in noted} == {key.split("_")[1]}
    assert key not in str(noted)


def test_without_api_key_nothing_matches_it(client: Client, setting: Callable[..., None]) -> None:
    setting(API_KEY="")
    for key in ("", "x", "None"):
        assert status(client, key) in (401, 403)


def test_a_key_is_looked_up_once_a_minute(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = auth.issue("bot", ["tilt:read"])
    status(client, key)
    monkeypatch.setattr(auth, "_look_up", lambda *_: pytest.fail("looked up again"))
    assert status(client, key) == 200


def test_a_known_key_stays_good_while_the_database_is_away(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = auth.issue("bot", ["tilt:read"])
    known = auth.authenticate(key)
    later = time.monotonic() + auth.CACHE_SECONDS + 1

    def away(*_: object) -> None:
        raise db.DatabaseUnavailable

    monkeypatch.setattr(time, "monotonic", lambda: later)
    monkeypatch.setattr(auth, "_look_up", away)
    assert auth.authenticate(key) == known
    with pytest.raises(db.DatabaseUnavailable):
        auth.authenticate("ty_00000000_unknown")
