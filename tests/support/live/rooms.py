"""A small kind of room, in which members say words: the live domain's own tests need no game."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from functions.live import catch_up, connections, fanout, messages
from functions.live.connections import Connection, Seat
from functions.live.kinds import Command, Frame, Greeting, Kind, Presence
from functions.shared import db, tokens
from functions.shared.errors import NotFound, Problem
from tests.support.live.gateway import Gateway


class Say(BaseModel):
    """A word."""

    word: str


def admit(user: tokens.Identity, target: str) -> Seat:
    if target == "closed":
        raise NotFound("No such room")
    return Seat(f"room:{target}", "member", {"username": f"user {user.user_id}"})


def greet(connection: Connection) -> Greeting:
    row = db.fetch_one("select head_seq, epoch from live.get_head(%s)", (connection.room,))
    head = row or {"head_seq": 0, "epoch": None}
    frame = {"type": "connected", "seq": head["head_seq"], "epoch": head["epoch"]}
    return Greeting([frame], head["head_seq"])


def snapshot(connection: Connection) -> Greeting:
    greeting = greet(connection)
    return Greeting([{**greeting.frames[0], "type": "snapshot"}], greeting.seq)


def tell_presence(
    room: str, presence: Presence, member: Frame, members: Sequence[Frame], count: int
) -> list[Frame]:
    return [{"type": f"player_{presence}", **member, "player_count": count}]


def say(connection: Connection, message: Say) -> list[Frame]:
    append(connection.room, message.word)
    return []


def append(room: str, word: str) -> int:
    """Appends a word as a domain's verb does, and has it posted."""
    row = db.fetch_once(
        "select live.append(%(room)s, 'said', %(payload)s) as seq,"
        " live.count_connections(%(room)s, 21) as sockets",
        {"room": room, "payload": Jsonb({"word": word})},
    )
    assert row
    fanout.announce(room, row)
    return int(row["seq"])


def describe_problem(problem: Problem, ref: str | None) -> Frame:
    return {"type": "error", "code": problem.code, "message": problem.message, "ref": ref}


def keep_alive(names: Sequence[str]) -> dict[str, Frame]:
    return {name: {"type": "timer_update", "cause": "tick", "room": name} for name in names}


kind = Kind(
    "room",
    lambda token: tokens.verify(token, "game"),
    admit,
    greet,
    snapshot,
    tell_presence,
    {"say": Command(Say, say)},
    describe_problem,
    messages_a_minute=120,
    bad_messages_a_minute=20,
    max_bytes=4 * 1024,
    describe_room=lambda room: {"room": room},
    keep_alive=keep_alive,
    knows_reconnect=True,
)


def connect(name: str, room: str, user_id: int = 1, **opening: Any) -> None:
    """Notes a socket, as `$connect` does; `opening`: what it is opened with beside its user."""
    seat = admit(tokens.Identity(user_id, 0), room.partition(":")[2])
    assert connections.open_connection(name, seat, connections.Opening(user_id, 0, **opening))


def open_socket(cloud: Gateway, name: str = "s", user_id: int = 1, *, batch: bool = False) -> None:
    """Opens a socket to the room `1` and forgets how it was greeted."""
    connect(name, "room:1", user_id, takes_batches=batch)
    cloud.open.add(name)
    catch_up.welcome(name)
    cloud.frames[name].clear()


def send(name: str, text: str) -> None:
    """Has a socket's client say something."""
    connection = connections.receive(name)
    assert connection
    messages.receive(connection, text)
