"""Old and silent sockets: their clients hear from us before the gateway closes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.live import aging, catch_up, kinds
from functions.shared import db
from tests.support.live import rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"
TICK = {"type": "timer_update", "cause": "tick", "room": ROOM}


def pass_seconds(seconds: float) -> None:
    """Everything that ever happened was earlier."""
    db.query(
        """
        update live.connections
        set opened_at = opened_at - make_interval(secs => %(seconds)s),
          seen_at = seen_at - make_interval(secs => %(seconds)s),
          kept_at = kept_at - make_interval(secs => %(seconds)s)
        """,
        {"seconds": seconds},
    )
    db.query(
        "update live.rooms set last_event_at = last_event_at - make_interval(secs => %s)",
        (seconds,),
    )


@pytest.fixture
def unaware(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind whose clients know of neither message, as the game's."""
    kind = rooms.kind._replace(keep_alive=None, knows_reconnect=False)
    monkeypatch.setattr(kinds, "load_kinds", lambda: {"room": kind})


def test_an_old_socket_is_asked_to_reconnect_once(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    rooms.open_socket(cloud)
    rooms.append(ROOM, "word")
    cloud.frames["s"].clear()
    pass_seconds(6800)
    assert aging.warn_old() == 0
    pass_seconds(200)
    rooms.open_socket(cloud, "young", 2)
    cloud.frames["s"].clear()
    assert aging.warn_old() == 1
    assert aging.warn_old() == 0
    assert cloud.frames["s"] == [{"type": "reconnect", "room": ROOM, "reason": "max_age", "seq": 1}]
    assert cloud.frames["young"] == []


def test_a_silent_socket_is_kept_and_again_later(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    rooms.open_socket(cloud)
    pass_seconds(400)
    assert aging.keep_silent() == 0
    pass_seconds(100)
    assert (aging.keep_silent(), aging.keep_silent()) == (1, 0)
    assert cloud.frames["s"] == [TICK]
    pass_seconds(500)
    assert aging.keep_silent() == 1
    assert cloud.frames["s"] == [TICK, TICK]


def test_who_says_or_hears_something_is_not_silent(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    for n, name in enumerate(("talks", "hears", "waits")):
        rooms.open_socket(cloud, name, n)
    pass_seconds(500)
    rooms.send("talks", '{"type": "ping"}')
    assert aging.keep_silent() == 2
    pass_seconds(500)
    db.query("update live.connections set is_live = false where connection_id = 'waits'")
    rooms.append(ROOM, "word")
    for name in ("talks", "hears", "waits"):
        cloud.frames[name].clear()
    assert aging.keep_silent() == 1
    assert [len(cloud.frames[name]) for name in ("talks", "hears", "waits")] == [0, 0, 1]


def test_who_could_not_be_posted_to_is_tried_again(
    store: str, cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aging, "_SECONDS", 0.2)
    rooms.open_socket(cloud)
    pass_seconds(7000)
    cloud.statuses["s"] = [429] * 1000
    assert (aging.warn_old(), aging.keep_silent()) == (1, 1)
    cloud.statuses["s"] = []
    assert cloud.frames["s"] == []
    assert (aging.warn_old(), aging.keep_silent()) == (1, 1)
    assert [frame["type"] for frame in cloud.frames["s"]] == ["reconnect", "timer_update"]


def test_who_was_not_greeted_yet_is_left_alone(store: str, cloud: Gateway, left: list[Any]) -> None:
    rooms.connect("s", ROOM)
    cloud.open.add("s")
    pass_seconds(7000)
    assert (aging.warn_old(), aging.keep_silent()) == (0, 0)
    catch_up.welcome("s")
    assert [frame["type"] for frame in cloud.frames["s"]] == ["connected", "player_joined"]


@pytest.mark.usefixtures("unaware")
def test_clients_that_know_of_neither_get_neither(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    rooms.open_socket(cloud)
    pass_seconds(7000)
    assert (aging.warn_old(), aging.keep_silent()) == (0, 0)
    assert cloud.frames["s"] == []


def test_the_limits_are_settings(
    store: str, cloud: Gateway, left: list[Any], setting: Callable[..., None]
) -> None:
    """As for a stack whose edge closes sockets earlier."""
    rooms.open_socket(cloud)
    setting(LIVE_IDLE="10", LIVE_AGE="240")
    pass_seconds(9)
    assert (aging.warn_old(), aging.keep_silent()) == (0, 1)
    pass_seconds(222)
    assert (aging.warn_old(), aging.keep_silent()) == (1, 1)
