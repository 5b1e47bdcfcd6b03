"""The budget of posts: greetings, catching up and presence spend it, and wait where it is empty."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.live import catch_up, connections, fanout, handlers, presence
from functions.shared import db
from tests.support.connections import own_connections
from tests.support.game import in_threads
from tests.support.live import rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"
DEBT = 10_000_000  # posts: more than the time that a test takes could pay back


def empty() -> None:
    """More was spent than there will be for long."""
    db.query("delete from live.budget")
    db.query(
        "insert into live.budget (posts_left, refilled_at) values (%s, clock_timestamp())",
        (-DEBT,),
    )


def fill() -> None:
    """As much as there ever is."""
    db.query("delete from live.budget")


def count_spent() -> int:
    return int(
        db.fetch_value("select coalesce(sum(posts_in_minute + posts_before), 0) from live.budget")
    )


def note_socket(cloud: Gateway, name: str, user_id: int = 1, **opening: Any) -> None:
    rooms.connect(name, ROOM, user_id, **opening)
    cloud.open.add(name)


def kinds(cloud: Gateway, name: str) -> list[str]:
    return [one["type"] for one in cloud.frames[name]]


def do(work: list[dict[str, Any]]) -> None:
    """Does what was put off."""
    for one in list(work):
        work.remove(one)
        handlers.sockets({name: value for name, value in one.items() if name != "in"}, None)


def test_greetings_catching_up_and_presence_are_spent(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    note_socket(cloud, "s")
    catch_up.welcome("s")
    assert kinds(cloud, "s") == ["connected", "player_joined"]
    assert count_spent() == 2
    rooms.append(ROOM, "a")
    assert count_spent() == 3
    rooms.send("s", '{"type": "resume", "last_seq": 0}')
    assert kinds(cloud, "s")[3:] == ["said", "resumed"]
    assert count_spent() == 5


def test_a_greeting_waits_and_is_made_up_for(
    store: str, cloud: Gateway, left: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    rooms.append(ROOM, "a")
    note_socket(cloud, "s", resumption=connections.Resumption(0, None))
    empty()
    catch_up.welcome("s")
    assert cloud.frames["s"] == []
    [work] = left
    assert (work["work"], work["connection_id"]) == ("welcome", "s")
    assert work["in"] in (1, 2, 3)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [line] = [line for line in lines if line["event"] == "live.postponed"]
    assert (line["level"], line["sockets"]) == ("WARNING", 1)
    rooms.append(ROOM, "b")
    fill()
    do(left)
    assert kinds(cloud, "s") == ["connected", "player_joined", "said", "said", "resumed"]
    rooms.append(ROOM, "c")
    assert cloud.events("s") == [1, 2, 3]


def test_who_catches_up_waits_and_misses_nothing(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    rooms.open_socket(cloud)
    db.query("select live.set_aside('{s}', '{0}')")
    rooms.append(ROOM, "a")
    empty()
    catch_up.catch_up("s")
    assert (cloud.events("s"), [work["work"] for work in left]) == ([], ["catch_up"])
    rooms.append(ROOM, "b")
    fill()
    do(left)
    assert (cloud.events("s"), left) == ([1, 2], [])


def test_a_resume_waits_and_is_answered(store: str, cloud: Gateway, left: list[Any]) -> None:
    rooms.open_socket(cloud)
    for word in "abc":
        rooms.append(ROOM, word)
    cloud.frames["s"].clear()
    empty()
    rooms.send("s", '{"type": "resume", "last_seq": 1}')
    assert cloud.frames["s"] == []
    fill()
    do(left)
    assert kinds(cloud, "s") == ["said", "said", "resumed"]
    assert cloud.events("s") == [2, 3]


def test_what_is_asked_while_another_waits_is_what_is_answered(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    rooms.open_socket(cloud)
    for word in "abc":
        rooms.append(ROOM, word)
    cloud.frames["s"].clear()
    empty()
    for last_seq in (0, 2):
        rooms.send("s", json.dumps({"type": "resume", "last_seq": last_seq}))
    fill()
    do(left)
    assert (kinds(cloud, "s"), cloud.events("s")) == (["said", "resumed"], [3])


def test_presence_waits_and_is_one_message(
    store: str, cloud: Gateway, left: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """In a small room too: who came meanwhile is counted in it."""
    rooms.open_socket(cloud, "watcher", 1)
    for n in range(2, 7):
        note_socket(cloud, f"s{n}", n)
        connections.mark_greeted(f"s{n}", 0)
    empty()
    for n in range(2, 7):
        connection = connections.load(f"s{n}")
        assert connection
        presence.enter(connection)
    assert cloud.frames["watcher"] == []
    [work] = left
    assert (work["work"], work["in"], work["presence"]) == ("presence", 1, "joined")
    do(left)
    [work] = left  # still nothing to spend
    fill()
    do(left)
    [told] = cloud.frames["watcher"]
    assert (told["type"], told["player_count"]) == ("player_joined", 6)
    assert left == []
    presence.tell(ROOM, "left", {"username": "user 6"})
    assert len(cloud.frames["watcher"]) == 2


def test_each_is_told_of_where_messages_do_not_tell_who_is_here(
    store: str, cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = rooms.kind._replace(coalesces_presence=False)
    monkeypatch.setattr(presence, "kind_of", lambda _: kind)
    monkeypatch.setattr(presence, "_LARGE_ROOM", 0)
    rooms.open_socket(cloud, "watcher", 1)
    fill()
    for n in range(2, 5):
        presence.tell(ROOM, "joined", {"username": f"user {n}"})
    assert kinds(cloud, "watcher") == ["player_joined"] * 3
    assert (left, count_spent()) == ([], 3)


def test_a_tenth_is_not_for_who_only_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(
        fanout.db, "fetch_value", lambda _, values: bool(asked.append(values)) or True
    )
    assert fanout.take_posts(5, is_spectator=True)
    assert fanout.take_posts(6, is_spectator=False)
    assert fanout.take_posts(0, is_spectator=True)
    assert asked == [(5, 2000, 200), (6, 2000, 0)]


def test_what_is_reserved_is_left(store: str) -> None:
    """More may be taken at once than there is: else what is longer would never be posted."""
    empty()
    take = "select live.take_posts(%s, 2000, %s)"
    assert not db.fetch_value(take, (5, 0))
    assert db.fetch_value(take, (5, -2 * DEBT))
    fill()
    assert db.fetch_value(take, (DEBT, 0))
    assert not db.fetch_value(take, (1, 0))
    assert db.fetch_value("select live.spend_posts(5, 2000)") == 0
    assert db.fetch_value("select posts_left from live.read_budget(2000)") == 0


@pytest.mark.commits
def test_presence_and_events_of_a_room_at_once_end_in_no_deadlock(
    store: str, cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lock the room's sender and the budget."""
    with own_connections(store, monkeypatch):
        rooms.open_socket(cloud, "watcher", 1)
        change = "update live.budget set posts_left = %s"

        def work(n: int) -> None:
            for word in range(15):
                if n % 3 == 0:
                    rooms.append(ROOM, f"{n}.{word}")
                elif n % 3 == 1:
                    presence.tell(ROOM, "joined", {"username": f"user {n}"})
                else:
                    db.query(change, (-DEBT if word % 2 else DEBT,))

        in_threads(9, work)
