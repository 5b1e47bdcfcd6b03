"""Messages of clients: whatever they say, the socket stays open and they learn what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.live import connections, messages
from functions.shared import db
from tests.support.live.gateway import Gateway
from tests.support.live.rooms import open_socket, send


def test_a_command_is_done(store: str, cloud: Gateway, left: list[object]) -> None:
    open_socket(cloud)
    send("s", '{"type": "say", "word": "hello"}')
    assert cloud.frames["s"] == [{"type": "said", "seq": 1, "word": "hello"}]


def test_a_ping_says_how_far_the_room_is(store: str, cloud: Gateway, left: list[object]) -> None:
    open_socket(cloud)
    send("s", '{"type": "say", "word": "hello"}')
    send("s", '{"type": "ping"}')
    pong = cloud.frames["s"][-1]
    assert (pong["type"], pong["seq"], pong["room"]) == ("pong", 1, "room:1")
    assert pong["server_time"].endswith("Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "null",
        "NaN",
        "[" * 100_000,
        '{"type": "say"}',
        '{"type": "say", "word": 3}',
        '{"type": "say", "word": NaN}',
        '{"type": 3}',
        '{"type": ["say"], "word": "x"}',
        '{"type": "$connect"}',
        '{"type": "resume", "last_seq": -1}',
        '{"type": "resume", "last_seq": 1e400}',
        '{"type": "resume", "last_seq": 9007199254740992}',
        '{"type": "resume", "last_seq": 0, "epoch": 1}',
        json.dumps({"type": "say", "word": "x" * 5000}),
        "\ud800",
    ],
)
def test_what_says_nothing_is_answered(
    store: str, cloud: Gateway, left: list[object], text: str
) -> None:
    open_socket(cloud)
    send("s", text)
    [error] = cloud.frames["s"]
    assert error["type"] == "error"
    assert error["message"]
    assert "s" in cloud.open


def test_the_twentieth_unreadable_message_of_a_minute_closes(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    open_socket(cloud)
    connection = connections.load("s")
    assert connection
    for _ in range(20):
        assert connections.load("s")
        messages.receive(connection, "garbage")
    assert connections.load("s") is None
    assert len(cloud.frames["s"]) == 20
    assert "s" not in cloud.open


def test_the_121st_message_of_a_minute_is_refused(
    store: str, cloud: Gateway, left: list[object]
) -> None:
    open_socket(cloud)
    connection = connections.load("s")
    assert connection
    messages.receive(connection._replace(messages=120), '{"type": "ping"}')
    messages.receive(connection._replace(messages=121), '{"type": "ping"}')
    answers = [(frame["type"], frame.get("code")) for frame in cloud.frames["s"]]
    assert answers == [("pong", None), ("error", "TOO_MANY_REQUESTS")]


def test_messages_are_counted_by_the_minute(store: str, cloud: Gateway, left: list[Any]) -> None:
    open_socket(cloud)
    for _ in range(3):
        last = connections.receive("s")
    assert last
    assert last.messages in (1, 2, 3)  # a minute may have ended
    db.query("update live.connections set minute = minute - interval '1 minute'")
    first = connections.receive("s")
    assert first
    assert (first.messages, first.bad_messages) == (1, 0)
