"""Fan-out: each socket gets a room's events in order, once, whoever writes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from functions.live import catch_up, connections, fanout
from functions.shared import db
from tests.support.connections import own_connections
from tests.support.game import in_threads
from tests.support.live import rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"


def open_socket(cloud: Gateway, name: str, user_id: int = 1, *, batch: bool = False) -> None:
    rooms.connect(name, ROOM, user_id, takes_batches=batch)
    cloud.open.add(name)
    catch_up.welcome(name)


def test_events_reach_every_socket_in_order(store: str, cloud: Gateway, left: list[object]) -> None:
    for n in range(3):
        open_socket(cloud, f"s{n}", n + 1)
    for word in "abc":
        rooms.append(ROOM, word)
    assert [cloud.events(f"s{n}") for n in range(3)] == [[1, 2, 3]] * 3
    assert left == []


def test_what_was_said_before_is_not_posted(store: str, cloud: Gateway, left: list[object]) -> None:
    rooms.append(ROOM, "before")
    open_socket(cloud, "s")
    rooms.append(ROOM, "after")
    assert cloud.frames["s"][0]["seq"] == 1
    assert cloud.events("s") == [2]


def test_a_socket_that_is_gone_is_forgotten_and_nobody_else(
    store: str, cloud: Gateway, left: list[dict[str, object]]
) -> None:
    open_socket(cloud, "stays", 1)
    open_socket(cloud, "gone", 2)
    cloud.open.discard("gone")
    rooms.append(ROOM, "a")
    assert cloud.events("stays") == [1]
    assert db.query("select connection_id from live.connections") == [{"connection_id": "stays"}]
    assert [work["work"] for work in left] == ["leave"]


def test_a_busy_gateway_is_asked_again(store: str, cloud: Gateway, left: list[object]) -> None:
    open_socket(cloud, "s")
    cloud.statuses["s"] = [429, 500, 429]
    rooms.append(ROOM, "a")
    assert cloud.events("s") == [1]


def test_who_stays_busy_is_set_aside_and_catches_up(
    store: str, cloud: Gateway, impatient: None, left: list[dict[str, object]]
) -> None:
    open_socket(cloud, "slow", 1)
    open_socket(cloud, "quick", 2)
    cloud.statuses["slow"] = [429] * 1000
    rooms.append(ROOM, "a")
    rooms.append(ROOM, "b")
    assert cloud.events("quick") == [1, 2]
    assert cloud.events("slow") == []
    assert left == [{"work": "catch_up", "in": 1, "connection_id": "slow"}]
    cloud.statuses["slow"] = []
    catch_up.catch_up("slow")
    rooms.append(ROOM, "c")
    assert cloud.events("slow") == [1, 2, 3]


def test_who_does_not_answer_holds_nobody_and_is_closed(
    store: str, cloud: Gateway, impatient: None, left: list[object]
) -> None:
    open_socket(cloud, "stuck", 1)
    open_socket(cloud, "quick", 2)
    cloud.seconds["stuck"] = 300
    rooms.append(ROOM, "a")
    assert cloud.events("quick") == [1]
    assert "stuck" not in cloud.open


def test_batches_hold_events_for_those_who_take_them(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    open_socket(cloud, "batch", 1, batch=True)
    open_socket(cloud, "plain", 2)
    for _ in range(3):
        db.query("select live.append(%s, 'said', '{}')", (ROOM,))
    fanout.deliver(ROOM)
    assert [frame["type"] for frame in cloud.frames["plain"]][-3:] == ["said"] * 3
    assert cloud.frames["batch"][-1]["type"] == "batch"
    assert cloud.events("batch") == cloud.events("plain") == [1, 2, 3]


@pytest.mark.commits
def test_ten_writers_at_once_and_sockets_that_come_meanwhile(
    store: str,
    cloud: Gateway,
    invoked: list[threading.Thread],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud.jitter = 0.01
    with own_connections(store, monkeypatch):
        open_socket(cloud, "first")

        def work(n: int) -> None:
            if n % 4 == 3:
                open_socket(cloud, f"s{n}", n)
            else:
                for word in range(10):
                    rooms.append(ROOM, f"{n}.{word}")

        in_threads(16, work)
        fanout.deliver(ROOM)
        head = db.fetch_value("select head_seq from live.rooms where room = %s", (ROOM,))
        assert head == 120
        assert cloud.events("first") == list(range(1, head + 1))
        for n in range(3, 16, 4):
            events = cloud.events(f"s{n}")
            [connected] = [f for f in cloud.frames[f"s{n}"] if f["type"] == "connected"]
            assert events == list(range(connected["seq"] + 1, head + 1)), n
        for thread in invoked:
            thread.join()


def test_what_cannot_be_posted_fails_no_writer(
    store: str, cloud: Gateway, left: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the writer did is committed: an error now would have its client do it again."""
    open_socket(cloud, "s")

    def fail(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as patch:
        patch.setattr(fanout, "deliver", fail)
        assert rooms.append(ROOM, "a") == 1
    rooms.append(ROOM, "b")
    assert cloud.events("s") == [1, 2]


def test_over_the_budget_spectators_wait_and_players_do_not(
    store: str,
    cloud: Gateway,
    left: list[dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
    setting: Callable[..., None],
) -> None:
    for n in range(4):
        role = "spectator" if n % 2 == 0 else "player"
        monkeypatch.setattr(rooms, "admit", lambda *_, role=role: connections.Seat(ROOM, role, {}))
        open_socket(cloud, f"s{n}", n + 1)
    db.query("select live.append(%s, 'said', '{}')", (ROOM,))
    setting(FANOUT_RATE="3")
    db.query("delete from live.budget")
    fanout.deliver(ROOM)
    assert [len(cloud.events(f"s{n}")) for n in (1, 3)] == [1, 1]
    assert sorted(len(cloud.events(f"s{n}")) for n in (0, 2)) == [0, 1]
    [late] = [work["connection_id"] for work in left if work["work"] == "catch_up"]
    db.query("delete from live.budget")
    catch_up.catch_up(str(late))
    assert [cloud.events(f"s{n}") for n in range(4)] == [[1]] * 4


def test_events_in_a_batch_are_one_post_of_the_budget(
    store: str, cloud: Gateway, left: list[object], setting: Callable[..., None]
) -> None:
    open_socket(cloud, "batch", 1, batch=True)
    for _ in range(20):
        db.query("select live.append(%s, 'said', '{}')", (ROOM,))
    setting(FANOUT_RATE="1")
    db.query("delete from live.budget")
    fanout.deliver(ROOM)
    assert cloud.events("batch") == list(range(1, 21))
    assert left == []
