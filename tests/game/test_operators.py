"""Who runs the game: the role is looked at by the statement that serves the request."""

from __future__ import annotations

from typing import Any

import pytest

from functions.shared import db
from tests.support.accounts import bearer, make_user
from tests.support.client import Client

URLS = ("/api/admin/reports", "/api/admin/contribution")


@pytest.mark.parametrize("url", URLS)
def test_a_role_is_read_at_each_request_in_one_round_trip(
    store: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = make_user("Rita", "staff")
    clients = [bearer(rita), bearer(rita, "panel")]
    sent, real = list[Any](), db.query

    def count(*args: Any, **more: Any) -> list[db.Row]:
        sent.append(args)
        return real(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(db, "query", count)
        assert [client.get(url).status for client in clients] == [200, 200]
    assert len(sent) == 2
    db.query("update accounts.users set role = 'player'")
    assert bearer(rita).get(url).json == {"detail": "Not allowed"}
    db.query("update accounts.users set role = 'admin', token_version = 1")
    assert bearer(rita).get(url).json == {"detail": "Could not validate credentials"}
    db.query("update accounts.users set is_active = false")
    assert bearer(rita).get(url).json == {"detail": "Inactive user"}
    assert db.fetch_value("select count(*) from accounts.audit") == 2


def test_nobody_without_a_token(store: str) -> None:
    for url in URLS:
        answered = Client().get(url)
        assert (answered.status, answered.json) == (401, {"detail": "Authentication required"})
