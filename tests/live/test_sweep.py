"""The sweep: sockets and posts that nobody else sees to any more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.live import catch_up, handlers, later, presence, sweep, tickets
from functions.shared import db
from tests.support.accounts import make_user
from tests.support.live import rooms
from tests.support.live.gateway import Gateway

ROOM = "room:1"


@pytest.fixture
def users(store: str) -> dict[str, int]:
    return {name: make_user(name)["id"] for name in ("mira", "otto")}


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch, left: list[dict[str, Any]]) -> list[Any]:
    """Work that is left for another invocation at once is done here at once."""
    monkeypatch.setattr(
        later, "invoke", lambda work, **f: bool(handlers.sockets({"work": work, **f}, None))
    )
    return left


def open_socket(cloud: Gateway, name: str, user_id: int, *, seconds_ago: int = 60) -> None:
    """A socket that takes part, opened some time ago."""
    note_socket(cloud, name, user_id, seconds_ago=seconds_ago)
    catch_up.welcome(name)


def note_socket(cloud: Gateway, name: str, user_id: int, *, seconds_ago: int = 60) -> None:
    """A socket of which nothing but its opening is known."""
    rooms.connect(name, ROOM, user_id)
    cloud.open.add(name)
    db.query(
        """
        update live.connections
        set opened_at = opened_at - make_interval(secs => %s)
        where connection_id = %s
        """,
        (seconds_ago, name),
    )


def list_sockets() -> list[str]:
    rows = db.query("select connection_id as name from live.connections order by 1")
    return [row["name"] for row in rows]


def list_members() -> list[int]:
    rows = db.query("select user_id from live.members where room = %s order by 1", (ROOM,))
    return [row["user_id"] for row in rows]


def run() -> dict[str, int]:
    """What a sweep reports, but for zeros."""
    return {name: count for name, count in vars(sweep.sweep(20)).items() if count}


def test_where_all_is_well_nothing_happens(
    users: dict[str, int], cloud: Gateway, left: list[Any]
) -> None:
    open_socket(cloud, "a", users["mira"])
    rooms.append(ROOM, "word")
    before = len(cloud.frames["a"])
    assert run() == {}
    assert (list_sockets(), len(cloud.frames["a"]), left) == (["a"], before, [])


@pytest.mark.parametrize(
    "change",
    [
        "is_active = false",
        "token_version = token_version + 1",
        """
        username = null, email = null, password_hash = null, is_active = false, deleted_at = now(),
        token_version = token_version + 1
        """,
    ],
    ids=["banned", "logged out", "erased"],
)
def test_who_may_not_be_there_any_more_is_signed_out(
    users: dict[str, int], cloud: Gateway, left: list[Any], change: str
) -> None:
    for name, user in (("a", "mira"), ("b", "otto"), ("c", "mira")):
        open_socket(cloud, name, users[user])
    db.query(f"update accounts.users set {change} where id = %s", (users["mira"],))  # type: ignore[arg-type]
    assert run() == {"refused": 2}
    assert (cloud.open, list_sockets()) == ({"b"}, ["b"])
    for name in ("a", "c"):
        last = cloud.frames[name][-1]
        assert (last["type"], last["closing"]) == ("error", True)
    assert not any("closing" in frame for frame in cloud.frames["b"])
    assert {"work": "leave", "in": 5, "room": ROOM} in left
    assert run() == {}


def test_a_socket_that_cannot_be_closed_is_tried_again(
    users: dict[str, int], cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        open_socket(cloud, name, users["mira"])
    db.query("update accounts.users set is_active = false")
    close, answers = cloud.close, [503, 503, 503, 503]

    def fail(name: str) -> int:
        return answers.pop() if name == "a" and answers else close(name)

    monkeypatch.setattr(cloud, "close", fail)
    assert run() == {"refused": 1}
    assert list_sockets() == ["a"]
    assert run() == {"refused": 1}
    assert (list_sockets(), cloud.open) == ([], set())


def test_sockets_that_the_gateway_lost_are_forgotten(
    users: dict[str, int], cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, however many there are, but for those that may be opening still."""
    monkeypatch.setattr(sweep, "_PAGE", 3)
    names = [f"s{n}" for n in range(8)]
    for name in names:
        open_socket(cloud, name, users["otto" if name == "s7" else "mira"])
    note_socket(cloud, "new", users["mira"], seconds_ago=0)
    cloud.open -= {"s1", "s4", "s7", "new"}
    assert run() == {"gone": 3}
    assert list_sockets() == ["new", "s0", "s2", "s3", "s5", "s6"]
    assert left[-1] == {"work": "leave", "in": 5, "room": ROOM}
    db.query("update live.members set gone_at = gone_at - interval '5 seconds'")
    run()
    assert list_members() == [users["mira"]]
    assert cloud.frames["s0"][-1]["type"] == "player_left"


def test_a_gateway_that_does_not_answer_loses_no_socket(
    users: dict[str, int], cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_socket(cloud, "a", users["mira"])
    monkeypatch.setattr(sweep.management, "_request", lambda *_: None)
    assert run() == {}
    monkeypatch.setattr(sweep.management, "_request", lambda *_: 429)
    assert run() == {}
    assert list_sockets() == ["a"]


def test_what_a_dead_sender_left_is_posted(
    users: dict[str, int], cloud: Gateway, worked: list[Any]
) -> None:
    open_socket(cloud, "a", users["mira"])
    db.query("select live.append(%s, 'said', '{}')", (ROOM,))
    db.query("select live.append(%s, 'said', '{}')", (ROOM,))
    claim = "select * from live.claim_events(%s, 'dead', null, '2 seconds', 100, 1000)"
    assert db.query(claim, (ROOM,))
    assert run() == {}  # it may be alive
    assert cloud.events("a") == []
    db.query("update live.senders set lease_until = clock_timestamp() - interval '1 second'")
    assert run() == {"unsent": 1}
    assert cloud.events("a") == [1, 2]
    assert run() == {}


def test_a_socket_that_was_never_welcomed_is(
    users: dict[str, int], cloud: Gateway, worked: list[Any]
) -> None:
    note_socket(cloud, "a", users["mira"])
    note_socket(cloud, "new", users["otto"], seconds_ago=0)
    assert run() == {"late": 1}
    assert cloud.frames["a"][0]["type"] == "connected"
    assert cloud.frames["new"] == []
    rooms.append(ROOM, "word")
    assert cloud.events("a") == [1]


def test_a_socket_that_was_set_aside_catches_up(
    users: dict[str, int], cloud: Gateway, worked: list[Any]
) -> None:
    open_socket(cloud, "a", users["mira"])
    db.query("select live.set_aside('{a}', '{0}')")
    rooms.append(ROOM, "word")
    db.query("update live.connections set busy_until = clock_timestamp() + interval '9 seconds'")
    assert run() == {}  # somebody is at it
    db.query("update live.connections set busy_until = null")
    assert run() == {"late": 1}
    assert cloud.events("a") == [1]
    assert [frame["type"] for frame in cloud.frames["a"]].count("connected") == 1


def test_one_that_cannot_be_handed_over_is_seen_to_here(
    users: dict[str, int], cloud: Gateway, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later, "invoke", lambda *_, **__: False)
    note_socket(cloud, "a", users["mira"])
    db.query("select live.append(%s, 'said', '{}')", (ROOM,))
    assert run() == {"late": 1}
    assert cloud.frames["a"][0]["type"] == "connected"


def test_who_came_while_their_socket_closed_leaves(
    users: dict[str, int], cloud: Gateway, left: list[Any]
) -> None:
    """Regression: such a member stayed in the room for ever."""
    open_socket(cloud, "a", users["mira"])
    db.query(
        "insert into live.members (room, user_id, member) values (%s, %s, '{}')",
        (ROOM, users["otto"]),
    )
    assert run() == {"left": 1}
    assert left == [{"work": "leave", "in": 5, "room": ROOM}]
    db.query("update live.members set gone_at = gone_at - interval '5 seconds'")
    presence.leave(ROOM)
    assert list_members() == [users["mira"]]
    assert cloud.frames["a"][-1]["type"] == "player_left"


def test_members_whose_time_is_over_leave_though_nobody_was_left_to_see_to_it(
    users: dict[str, int], cloud: Gateway, left: list[Any]
) -> None:
    open_socket(cloud, "a", users["mira"])
    db.query(
        """
        insert into live.members (room, user_id, member, gone_at)
        values (%s, %s, '{}', clock_timestamp() - interval '1 minute')
        """,
        (ROOM, users["otto"]),
    )
    assert run() == {}
    assert list_members() == [users["mira"]]


def test_tickets_and_refs_are_kept_for_their_time(users: dict[str, int]) -> None:
    for _ in range(2):
        tickets.issue(ROOM, users["mira"], 0)
    db.query(
        """
        update live.tickets
        set expires_at = clock_timestamp() - interval '1 second'
        where hash = (select hash from live.tickets limit 1)
        """
    )
    db.query(
        """
        insert into live.refs (user_id, ref, answer, stored_at)
        values
          (1, 'old', '{}', clock_timestamp() - interval '25 hours'),
          (1, 'young', '{}', clock_timestamp() - interval '23 hours')
        """
    )
    run()
    assert db.fetch_value("select count(*) from live.tickets") == 1
    assert db.query("select ref from live.refs") == [{"ref": "young"}]


def test_the_scheduled_function_logs_what_it_found(
    users: dict[str, int], cloud: Gateway, left: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    open_socket(cloud, "a", users["mira"])
    cloud.open.discard("a")
    report = handlers.sweep({}, None)
    assert {name for name, count in report.items() if count} == {"gone"}
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "sweep" in line]
    assert line["gone"] == 1
