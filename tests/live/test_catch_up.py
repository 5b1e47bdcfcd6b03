"""Catching up: what a socket gets live and by `resume` is the room's events, once, in order."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from functions.live import catch_up, connections, fanout, management
from functions.live.kinds import Greeting
from functions.shared import db, tokens
from tests.support.connections import own_connections
from tests.support.game import in_threads
from tests.support.live import door, rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"


def resume(name: str, last_seq: int, epoch: str | None = None) -> None:
    said = "null" if epoch is None else f'"{epoch}"'
    rooms.send(name, f'{{"type": "resume", "last_seq": {last_seq}, "epoch": {said}}}')


def epoch() -> str:
    return str(db.fetch_value("select epoch from live.rooms where room = %s", (ROOM,)))


def test_resume_gives_what_was_missed_then_says_so(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    rooms.open_socket(cloud)
    for word in "abc":
        rooms.append(ROOM, word)
    cloud.frames["s"].clear()
    resume("s", 1, epoch())
    assert cloud.frames["s"] == [
        {"type": "said", "seq": 2, "word": "b"},
        {"type": "said", "seq": 3, "word": "c"},
        {"type": "resumed", "room": ROOM, "from_seq": 2, "to_seq": 3, "complete": True},
    ]
    rooms.append(ROOM, "d")
    assert cloud.events("s") == [2, 3, 4]


def test_who_missed_nothing_is_told_so(store: str, cloud: Gateway, left: list[object]) -> None:
    rooms.open_socket(cloud)
    rooms.append(ROOM, "a")
    cloud.frames["s"].clear()
    resume("s", 1)
    resumed = {"type": "resumed", "room": ROOM, "from_seq": 2, "to_seq": 1, "complete": True}
    assert cloud.frames["s"] == [resumed]


@pytest.mark.parametrize(("last_seq", "other"), [(1, True), (7, False)])
def test_another_epoch_or_a_number_beyond_the_head_gives_a_snapshot(
    store: str, cloud: Gateway, left: list[object], last_seq: int, other: bool
) -> None:
    """Regression in spirit: a restored backup uses numbers again that clients have seen."""
    rooms.open_socket(cloud)
    rooms.append(ROOM, "a")
    cloud.frames["s"].clear()
    resume("s", last_seq, "of another life" if other else epoch())
    assert cloud.frames["s"] == [{"type": "snapshot", "seq": 1, "epoch": epoch()}]
    rooms.append(ROOM, "b")
    assert cloud.events("s") == [2]


@pytest.mark.parametrize(("missed", "kind"), [(500, "resumed"), (501, "snapshot")])
def test_500_events_are_resumed_and_no_more(
    store: str, cloud: Gateway, left: list[object], missed: int, kind: str
) -> None:
    rooms.open_socket(cloud, batch=True)
    db.query(
        "select live.append(%s, 'said', '{\"word\": \"w\"}') from generate_series(1, %s)",
        (ROOM, missed),
    )
    resume("s", 0)
    assert cloud.frames["s"][-1]["type"] == kind
    assert cloud.events("s") == (list(range(1, 501)) if kind == "resumed" else [])


def test_batches_stay_below_32_kb(store: str, cloud: Gateway, left: list[object]) -> None:
    rooms.open_socket(cloud, batch=True)
    db.query(
        "select live.append(%s, 'said', jsonb_build_object('word', repeat('ö', 1000)))"
        " from generate_series(1, 100)",
        (ROOM,),
    )
    resume("s", 0)
    assert cloud.events("s") == list(range(1, 101))
    sizes = cloud.sizes["s"]
    assert max(sizes) <= 32 * 1024
    assert len(sizes) < 20


@pytest.mark.commits
def test_an_event_between_snapshot_and_joining_is_not_missed(
    store: str, cloud: Gateway, left: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer for each of many sockets that open at the same moment, again and again."""
    with own_connections(store, monkeypatch):

        def work(n: int) -> None:
            for word in range(25):
                if n % 2:
                    name = f"s{n}.{word}"
                    rooms.connect(name, ROOM, 1000 * n + word)
                    cloud.open.add(name)
                    catch_up.welcome(name)
                else:
                    rooms.append(ROOM, f"{n}.{word}")

        in_threads(8, work)
        rooms.append(ROOM, "last")
        fanout.deliver(ROOM)  # which the room is too large for a writer to do
    head = 4 * 25 + 1
    for name in list(cloud.open):
        [connected] = [f for f in cloud.frames[name] if f["type"] == "connected"]
        assert cloud.events(name) == list(range(connected["seq"] + 1, head + 1)), name


@pytest.mark.commits
def test_in_1000_tries_no_event_between_snapshot_and_joining_is_missed(
    store: str, cloud: Gateway, left: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each somebody writes from the moment on in which a socket's snapshot was taken: once until
    the socket goes on, and once as fast as both can. Another socket is there already, so that a
    sender takes the events before the new one takes part."""
    tries = 1000
    taken, written = ([threading.Event() for _ in range(tries)] for _ in range(2))

    def greet(connection: connections.Connection) -> Greeting:
        greeting, number = rooms.greet(connection), connection.user_id
        if number < tries:
            taken[number].set()
            assert number % 2 or written[number].wait(60)
        return greeting

    monkeypatch.setattr(catch_up, "kind_of", lambda _: rooms.kind._replace(greet=greet))
    # The gateway itself, without HTTP between: that is most of the time.
    monkeypatch.setattr(management, "_request", lambda _, name, body, __: cloud.post(name, body))

    def open_socket(name: str, number: int, user_id: int) -> None:
        rooms.connect(name, f"room:{number}", user_id)
        cloud.open.add(name)
        catch_up.welcome(name)

    def work(n: int) -> None:
        for number in range(n // 2, tries, 3):
            if n % 2:
                open_socket(f"first{number}", number, tries + number)
                open_socket(f"new{number}", number, number)
            else:
                assert taken[number].wait(60)
                rooms.append(f"room:{number}", "a")
                written[number].set()
                rooms.append(f"room:{number}", "b")

    with own_connections(store, monkeypatch):
        in_threads(6, work)
    for number in range(tries):
        [greeting] = [f for f in cloud.frames[f"new{number}"] if f["type"] == "connected"]
        assert greeting["seq"] == 0
        for name in (f"first{number}", f"new{number}"):
            assert cloud.events(name) == [1, 2], name


@pytest.mark.commits
def test_resuming_while_ten_write(
    store: str,
    cloud: Gateway,
    left: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After each `resume` a client that drops what it has seen has every event, in order."""
    cloud.jitter = 0.004
    done = threading.Event()
    with own_connections(store, monkeypatch):
        rooms.open_socket(cloud)

        def work(n: int) -> None:
            if n == 0:
                while not done.is_set():
                    seen = cloud.events("s")
                    resume("s", max(seen, default=0))
                return
            try:
                for word in range(12):
                    rooms.append(ROOM, f"{n}.{word}")
            finally:
                done.set()

        in_threads(11, work)
        rooms.append(ROOM, "last")
    applied: list[int] = []
    for seq in cloud.events("s"):
        if seq == len(applied) + 1:
            applied.append(seq)
        else:
            assert seq <= len(applied), "a gap"
    assert applied == list(range(1, 122))


def test_who_is_greeted_with_nothing_is_told_of_once_the_socket_is_open(
    store: str, cloud: Gateway, left: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: in a room without a word yet the first post came too soon, and the socket was
    taken for gone."""
    kind = rooms.kind._replace(greet=lambda _: Greeting([], 0))
    monkeypatch.setattr(catch_up, "kind_of", lambda _: kind)
    rooms.connect("s", ROOM)
    opening = threading.Timer(0.3, cloud.open.add, ["s"])
    opening.start()
    catch_up.welcome("s")
    opening.join()
    assert [frame["type"] for frame in cloud.frames["s"]] == ["player_joined"]
    rooms.append(ROOM, "a")
    assert cloud.events("s") == [1]


def test_who_never_opens_is_not_told_of(
    store: str, cloud: Gateway, left: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = rooms.kind._replace(greet=lambda _: Greeting([], 0))
    monkeypatch.setattr(catch_up, "kind_of", lambda _: kind)
    rooms.connect("s", ROOM)
    catch_up.welcome("s")
    assert db.query("select 1 from live.members") == []


def test_one_alone_brings_a_socket_up_to_date(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    """Who finds it in other hands leaves it there: frames of two would come in no order."""
    rooms.open_socket(cloud)
    db.query("select live.set_aside('{s}', '{0}')")
    db.query("select live.append(%s, 'said', '{}')", (ROOM,))
    assert connections.take("s")
    catch_up.catch_up("s")
    catch_up.welcome("s")
    assert cloud.frames["s"] == []
    db.query("update live.connections set busy_until = clock_timestamp() - interval '1 second'")
    catch_up.catch_up("s")
    assert cloud.events("s") == [1]


# --- who asks while somebody else is at it ---


def numbered(cloud: Gateway, name: str) -> list[tuple[str, int]]:
    """What a socket was sent, but for presence, with its number."""
    return [
        (frame["type"], frame["to_seq"] if frame["type"] == "resumed" else frame["seq"])
        for frame in cloud.frames[name]
        if not frame["type"].startswith("player_")
    ]


def test_who_has_the_socket_answers_what_is_asked_meanwhile(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    """Regression: after five seconds nobody did."""
    rooms.open_socket(cloud)
    for word in "abc":
        rooms.append(ROOM, word)
    db.query("select live.set_aside('{s}', '{3}')")
    connection = connections.take("s")
    assert connection
    cloud.frames["s"].clear()
    resume("s", 1)
    assert cloud.frames["s"] == []
    catch_up.join(connection, 3)
    assert numbered(cloud, "s") == [("said", 2), ("said", 3), ("resumed", 3)]
    rooms.append(ROOM, "d")
    assert cloud.events("s") == [2, 3, 4]


def test_what_was_asked_is_answered_although_who_had_the_socket_died(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    rooms.open_socket(cloud)
    for word in "abc":
        rooms.append(ROOM, word)
    db.query("select live.set_aside('{s}', '{3}')")
    assert connections.take("s")
    cloud.frames["s"].clear()
    resume("s", 2)
    db.query("update live.connections set busy_until = clock_timestamp() - interval '1 second'")
    catch_up.catch_up("s")
    assert numbered(cloud, "s") == [("said", 3), ("resumed", 3)]


def test_who_asks_before_the_greeting_gets_both(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    """Regression: the socket was then nobody's to greet, and it never got `connected`."""
    rooms.append(ROOM, "a")
    rooms.append(ROOM, "b")
    rooms.connect("s", ROOM)
    cloud.open.add("s")
    resume("s", 1)
    assert cloud.frames["s"] == []
    catch_up.welcome("s")
    assert numbered(cloud, "s") == [("connected", 2), ("said", 2), ("resumed", 2)]
    rooms.append(ROOM, "c")
    assert cloud.events("s") == [2, 3]


def test_who_dies_while_resuming_is_followed_from_there(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    """Regression: it went on from where the socket once had begun to take part."""
    rooms.open_socket(cloud)
    for word in "abc":
        rooms.append(ROOM, word)
    cloud.frames["s"].clear()
    assert connections.leave_sender("s", connections.Resumption(2, None), 500)
    db.query("update live.connections set busy_until = clock_timestamp() - interval '1 second'")
    catch_up.catch_up("s")
    assert cloud.events("s") == [3]


@pytest.mark.parametrize(("last_seq", "other"), [(2, True), (9, False)])
def test_a_number_that_counts_for_nothing_loses_no_event(
    store: str, cloud: Gateway, left: list[object], last_seq: int, other: bool
) -> None:
    """Who died had answered nothing: it goes on from what the socket has got for certain."""
    rooms.open_socket(cloud)
    db.query("select live.append(%s, 'said', '{}') from generate_series(1, 3)", (ROOM,))
    asked = connections.Resumption(last_seq, "other" if other else None)
    assert connections.leave_sender("s", asked, 500)
    db.query("update live.connections set busy_until = clock_timestamp() - interval '1 second'")
    catch_up.catch_up("s")
    assert cloud.events("s") == [1, 2, 3]


def test_who_is_being_posted_to_is_not_taken_from_who_resumes(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    """Regression: a sender that could not post to a socket left it to a third one, too."""
    rooms.open_socket(cloud)
    rooms.append(ROOM, "a")
    assert connections.leave_sender("s", connections.Resumption(0, None), 500)
    db.query("select live.set_aside('{s}', '{0}')")
    assert connections.take("s") is None


def test_a_sender_that_may_be_posting_is_waited_for(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    """Who waits has the socket already: it is nobody else's to take, and what is asked meanwhile is
    answered after it."""
    rooms.open_socket(cloud)
    db.query("select live.append(%s, 'said', '{}')", (ROOM,))
    claim = "select * from live.claim_events(%s, 'sender', %s, '60 seconds', 100, 1000)"
    assert db.query(claim, (ROOM, None))
    asked = connections.Resumption(0, None)
    behind = connections.leave_sender("s", asked, 500)
    assert behind
    assert (behind.wait_for, behind.frames) == (1, None)
    assert connections.take("s") is None
    assert connections.leave_sender("s", connections.Resumption(1, None), 500) is None
    assert connections.leave_sender("s", asked, 500, 1) == behind
    assert db.query(claim, (ROOM, 1)) == []
    behind = connections.leave_sender("s", asked, 500, 1)
    assert behind
    assert (behind.wait_for, len(behind.frames or [])) == (None, 1)
    connection = connections.load("s")
    assert connection
    catch_up.join(connection, 1)
    assert numbered(cloud, "s") == [("resumed", 1)]


# --- a resume in the address ---


@pytest.mark.parametrize(
    ("last_seq", "expected"),
    [
        ("0", [("connected", 3), ("said", 1), ("said", 2), ("said", 3), ("resumed", 3)]),
        ("2", [("connected", 3), ("said", 3), ("resumed", 3)]),
        ("3", [("connected", 3), ("resumed", 3)]),
        ("4", [("connected", 3), ("snapshot", 3)]),
        ("-1", [("connected", 3)]),
        ("", [("connected", 3)]),
        ("9" * 400, [("connected", 3)]),
        ("9007199254740992", [("connected", 3)]),
        ("1e3", [("connected", 3)]),
        ("NaN", [("connected", 3)]),
        ("\0", [("connected", 3)]),
    ],
)
def test_the_address_asks_for_what_was_missed(
    store: str, cloud: Gateway, left: list[dict[str, Any]], last_seq: str, expected: list[Any]
) -> None:
    for word in "abc":
        rooms.append(ROOM, word)
    door.open_socket(cloud, left, "s", {"room": "1", "token": token(), "last_seq": last_seq})
    assert numbered(cloud, "s") == expected
    rooms.append(ROOM, "d")
    assert cloud.events("s")[-1] == 4


@pytest.mark.parametrize("wrong", ["other", "x" * 5000, "\0", "é", "; drop table live.rooms"])
def test_another_epoch_in_the_address_gives_a_snapshot(
    store: str, cloud: Gateway, left: list[dict[str, Any]], wrong: str
) -> None:
    rooms.append(ROOM, "a")
    query = {"room": "1", "token": token(), "last_seq": "0"}
    door.open_socket(cloud, left, "s", query | {"epoch": wrong})
    assert numbered(cloud, "s") == [("connected", 1), ("snapshot", 1)]
    door.open_socket(cloud, left, "t", query | {"epoch": epoch()})
    assert numbered(cloud, "t") == [("connected", 1), ("said", 1), ("resumed", 1)]


def token() -> str:
    return tokens.issue("game", 1, "1@example.org", 0)
