"""Presence: users come and leave, not sockets; a large room is told once a second at most."""

from __future__ import annotations

from typing import Any

import pytest

from functions.live import connections, handlers, presence
from functions.shared import db
from tests.support.connections import own_connections
from tests.support.game import in_threads
from tests.support.live import door, rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"


def told(cloud: Gateway, name: str) -> list[tuple[str, str, int]]:
    """What a socket was told of who came and left."""
    return [
        (frame["type"], frame["username"], frame["player_count"])
        for frame in cloud.frames[name]
        if frame["type"].startswith("player_")
    ]


def pass_seconds(seconds: float) -> None:
    db.query("update live.members set gone_at = gone_at - make_interval(secs => %s)", (seconds,))


def crowd(cloud: Gateway, count: int) -> None:
    """Other sockets in the room, each of another user."""
    for n in range(100, 100 + count):
        rooms.connect(f"c{n}", ROOM, n)
        cloud.open.add(f"c{n}")
    db.query("update live.connections set is_live = true, greeted_at = clock_timestamp()")
    db.query(
        """
        insert into live.members (room, user_id, member)
        select room, user_id, member
        from live.connections
        """
    )


def test_a_second_tab_is_nobodys_coming_nor_going(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    rooms.open_socket(cloud, "watcher", 1)
    rooms.open_socket(cloud, "tab1", 2)
    rooms.open_socket(cloud, "tab2", 2)
    door.disconnect("tab1")
    assert left == []
    assert told(cloud, "watcher") == [("player_joined", "user 2", 2)]
    door.disconnect("tab2")
    assert left == [{"work": "leave", "in": 5, "room": ROOM}]
    presence.leave(ROOM)
    assert len(told(cloud, "watcher")) == 1
    pass_seconds(5)
    presence.leave(ROOM)
    presence.leave(ROOM)
    assert told(cloud, "watcher")[1:] == [("player_left", "user 2", 1)]


def test_a_reload_is_no_going(store: str, cloud: Gateway, left: list[Any]) -> None:
    rooms.open_socket(cloud, "watcher", 1)
    rooms.open_socket(cloud, "before", 2)
    door.disconnect("before")
    rooms.open_socket(cloud, "after", 2)
    pass_seconds(5)
    presence.leave(ROOM)
    assert told(cloud, "watcher") == [("player_joined", "user 2", 2)]


def test_a_large_room_is_told_once_and_later(store: str, cloud: Gateway, left: list[Any]) -> None:
    """Twenty who come at once to a room of sixty: one message now, one a second later."""
    crowd(cloud, 60)
    for n in range(20):
        rooms.open_socket(cloud, f"s{n}", n + 1)
    assert told(cloud, "c100") == [("player_joined", "user 1", 61)]
    [later] = left
    assert (later["work"], later["in"], later["presence"]) == ("presence", 1, "joined")
    handlers.sockets({name: later[name] for name in later if name != "in"}, None)
    assert told(cloud, "c100")[1:] == [("player_joined", "user 2", 80)]
    assert len(left) == 1


def test_a_small_room_is_told_of_each(store: str, cloud: Gateway, left: list[Any]) -> None:
    crowd(cloud, 40)
    for n in range(5):
        rooms.open_socket(cloud, f"s{n}", n + 1)
    expected = [("player_joined", f"user {n + 1}", 41 + n) for n in range(5)]
    assert told(cloud, "c100") == expected
    assert left == []


def test_at_most_a_hundred_are_shown_and_all_are_counted(
    store: str, cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []
    kind = rooms.kind._replace(
        tell_presence=lambda room, side, member, members, count: (
            shown.extend([len(members), count]) or []
        )
    )
    monkeypatch.setattr(presence, "kind_of", lambda _: kind)
    crowd(cloud, 120)
    presence.tell(ROOM, "joined", {"username": "user 1"})
    assert shown == [100, 120]


@pytest.mark.commits
def test_ten_tabs_that_close_at_once_are_one_going(
    store: str, cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sees the others' sockets until all are closed: one of them has to be the last."""
    with own_connections(store, monkeypatch):
        rooms.open_socket(cloud, "watcher", 1)
        for n in range(10):
            rooms.open_socket(cloud, f"s{n}", 2)
        in_threads(10, lambda n: connections.close([f"s{n}"]))
        assert db.fetch_value("select gone_at is not null from live.members where user_id = 2")
        pass_seconds(5)
        in_threads(4, lambda _: presence.leave(ROOM))
    assert told(cloud, "watcher") == [("player_joined", "user 2", 2), ("player_left", "user 2", 1)]
