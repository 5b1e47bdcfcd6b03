"""Closing sockets of who may not be there any more: at once, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from functions.accounts import sessions
from functions.live import catch_up, closing, handlers, kinds, later
from functions.live.kinds import Watcher
from functions.shared import db
from tests.support.accounts import make_user
from tests.support.live import rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"


def open_socket(
    cloud: Gateway, name: str, user_id: int, room: str = ROOM, session_id: str | None = None
) -> None:
    rooms.connect(name, room, user_id, session_id=session_id)
    cloud.open.add(name)
    catch_up.welcome(name)


@pytest.fixture
def users(store: str) -> dict[str, int]:
    return {name: make_user(name)["id"] for name in ("mira", "otto")}


def do(work: list[dict[str, Any]]) -> None:
    """Does the work that was left, but for what is due later."""
    for one in [one for one in work if "in" not in one]:
        handlers.sockets(one, None)


def test_a_session_that_ends_closes_its_own_sockets(
    users: dict[str, int], cloud: Gateway, left: list[Any], setting: Callable[..., None]
) -> None:
    setting(TRACKER_KEY="t" * 40)
    row = db.fetch_one("select * from accounts.users where id = %s", (users["mira"],))
    assert row
    ended, other = sessions.open_session(row), sessions.open_session(row)
    open_socket(cloud, "ended", users["mira"], session_id=ended.id)
    open_socket(cloud, "other", users["mira"], session_id=other.id)
    open_socket(cloud, "game", users["mira"])
    sessions.revoke(ended.id)
    assert left == [{"work": "close_user", "user_id": users["mira"]}]
    do(left)
    assert cloud.open == {"other", "game"}
    last = cloud.frames["ended"][-1]
    assert (last["type"], last["code"], last["closing"]) == ("error", "UNAUTHORIZED", True)


def test_a_session_that_never_was_opens_nothing_for_long(
    users: dict[str, int], cloud: Gateway, left: list[Any]
) -> None:
    open_socket(cloud, "s", users["mira"], session_id=str(uuid4()))
    assert closing.close_refused() == 1
    assert cloud.open == set()


def test_a_user_is_looked_at_alone(users: dict[str, int], cloud: Gateway, left: list[Any]) -> None:
    for name in users:
        open_socket(cloud, name, users[name])
    db.query("update accounts.users set token_version = token_version + 1")
    assert closing.close_refused(user_id=users["mira"]) == 1
    assert cloud.open == {"otto"}


def test_who_lost_the_right_to_watch_is_sent_away(
    users: dict[str, int], cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Watcher] = []

    def find_refused(watchers: Any) -> list[Watcher]:
        asked.extend(watchers)
        return [one for one in watchers if one.user_id == users["mira"]]

    kind = rooms.kind._replace(find_refused=find_refused)
    monkeypatch.setattr(kinds, "load_kinds", lambda: {"room": kind})
    open_socket(cloud, "a", users["mira"])
    open_socket(cloud, "b", users["mira"])
    open_socket(cloud, "c", users["otto"])
    open_socket(cloud, "d", users["mira"], "room:2")
    closing.announce_room(ROOM)
    assert left == [{"work": "close_room", "room": ROOM}]
    do(left)
    assert sorted(asked) == sorted(Watcher(ROOM, user) for user in users.values())
    assert cloud.open == {"c", "d"}
    last = cloud.frames["a"][-1]
    assert (last["type"], last["code"], last["closing"]) == ("error", "FORBIDDEN", True)
    assert closing.close_refused() == 1
    assert cloud.open == {"c"}


def test_what_cannot_be_announced_fails_nobody(
    users: dict[str, int], cloud: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise ValueError

    monkeypatch.setattr(later, "invoke", fail)
    closing.announce_sign_out(users["mira"], is_connected=True)
    closing.announce_room(ROOM)


def test_nobody_is_asked_for_who_has_no_socket(
    users: dict[str, int], cloud: Gateway, left: list[Any]
) -> None:
    closing.announce_sign_out(users["mira"], is_connected=False)
    closing.announce_sign_out(None, is_connected=True)
    assert left == []
