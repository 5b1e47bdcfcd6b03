"""The tavern as a room: one for all, with the last messages for who comes in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from functions.game import battle_room, calls, chat
from functions.live.connections import Connection, Seat
from functions.live.kinds import Command, Frame, Greeting, Kind, Presence
from functions.shared import db, json_codec, tokens
from functions.shared.fields import RequestModel
from functions.shared.roles import check

_REPLAYED = 100  # messages that a new socket is sent


class Words(RequestModel):
    """What a user says; who it is, the socket knows."""

    text: str


def admit(user: tokens.Identity, target: str) -> Seat:
    """The seat of a user; raises Unauthorized and Forbidden."""
    row = check(
        db.fetch_one(
            """
            select username, is_active
            from accounts.caller(%s, %s)
            """,
            (user.user_id, user.version),
        )
    )
    return Seat(chat.TAVERN, "member", {"username": row["username"]})


def greet(connection: Connection) -> Greeting:
    """The last messages, oldest first."""
    row = _load()
    return Greeting(row["messages"], row["head_seq"])


def snapshot(connection: Connection) -> Greeting:
    """The last messages again, for who missed too much; a client drops the ids that it has seen."""
    row = _load()
    frame = {"type": "snapshot", "seq": row["head_seq"], "epoch": row["epoch"]}
    return Greeting([*row["messages"], frame], row["head_seq"])


def tell_presence(
    room: str, presence: Presence, member: Frame, members: Sequence[Frame], count: int
) -> list[Frame]:
    """`online_count`."""
    now = json_codec.format_time(datetime.now(UTC))
    return [{"type": "online_count", "count": count, "timestamp": now}]


def record_presence(room: str, presence: Presence, member: Frame) -> None:
    """Who came or left is a message, kept like the others."""
    verb = "entered" if presence == "joined" else "left"
    chat.post_system_message(f"{member['username']} has {verb} the tavern")


def say(connection: Connection, message: Words) -> list[Frame]:
    """Tells all in the tavern, the sender too; a blank text is ignored."""
    if not chat.is_blank(message.text):
        call = calls.make_call(connection.user_id, connection.version)
        chat.post_message(call, chat.TAVERN, message.text)
    return []


def _load() -> db.Row:
    row = db.fetch_one(
        "select messages, head_seq, epoch from game.greet_to_tavern(%s)", (_REPLAYED,)
    )
    assert row  # a socket's room is made when it is opened
    return row


kind = Kind(
    name="tavern",
    verify=lambda token: tokens.verify(token, "game"),
    admit=admit,
    greet=greet,
    snapshot=snapshot,
    tell_presence=tell_presence,
    commands={"": Command(Words, say)},
    describe_problem=battle_room.describe_problem,
    record_presence=record_presence,
)
