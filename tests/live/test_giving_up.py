"""Giving sockets up: whatever the gateway is busy with, none stays open of which nobody knows."""

from __future__ import annotations

import math
from typing import Any

import pytest

from functions.live import catch_up, giving_up, handlers
from functions.shared import db
from tests.support.live import rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"


def do_all(left: list[dict[str, Any]]) -> None:
    """Does the delayed work that was left so far."""
    due = list(left)
    left.clear()
    for work in due:
        handlers.sockets({name: value for name, value in work.items() if name != "in"}, None)


def test_a_gateway_that_is_busy_for_a_minute_leaves_no_socket_behind(
    store: str,
    cloud: Gateway,
    impatient: None,
    left: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Regression: such a socket was forgotten and stayed open, and its user saw nothing more."""
    monkeypatch.setattr(catch_up, "_SECONDS", 0.2)
    rooms.open_socket(cloud, "s")
    cloud.busy_until = math.inf
    rooms.append(ROOM, "a")
    assert left == [{"work": "catch_up", "in": 1, "connection_id": "s"}]
    do_all(left)  # it waits as long as it may, and gives the socket up
    for _ in range(3):
        assert db.query("select 1 from live.connections") == []
        assert cloud.open == {"s"}
        [again] = [work for work in left if work["work"] == "close"]
        assert (again["connection_id"], again["in"]) == ("s", 10)
        do_all(left)
    cloud.busy_until = 0
    do_all(left)
    assert cloud.open == set()
    assert [work for work in left if work["work"] == "close"] == []
    rooms.connect("again", ROOM)
    cloud.open.add("again")
    catch_up.welcome("again")
    assert cloud.frames["again"][0]["seq"] == 1
    rooms.append(ROOM, "b")
    assert cloud.events("again") == [2]


def test_what_can_never_be_closed_is_given_up(
    store: str,
    cloud: Gateway,
    left: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    cloud.open.add("s")
    cloud.busy_until = math.inf
    giving_up.close_sockets(["s", "t"], tries=2)
    assert sorted(work["connection_id"] for work in left) == ["s", "t"]
    do_all(left)
    assert left == []
    assert capsys.readouterr().out.count('"level": "ERROR"') == 2


def test_only_what_is_left_is_closed_again(
    store: str, cloud: Gateway, left: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.open |= {"a", "b"}
    close = cloud.close
    monkeypatch.setattr(cloud, "close", lambda name: 503 if name == "a" else close(name))
    giving_up.close_sockets(["a", "b", "gone"])
    assert [work["connection_id"] for work in left] == ["a"]
    assert cloud.open == {"a"}
    giving_up.close_sockets([])
