"""What clients send: each message is one of the commands of its room's kind, or of every kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from functions.live import catch_up, connections, fanout, giving_up, management
from functions.live.connections import Connection, Resumption
from functions.live.kinds import Command, Frame, Kind, kind_of
from functions.live.rooms import get_head
from functions.shared import json_codec
from functions.shared.errors import Invalid, Problem, TooManyRequests

MAX_REF = 64  # characters of a client's own name of a command
MAX_EPOCH = 64  # characters
_SECONDS = 3.0  # for answers


class Ping(BaseModel):
    """Asks how far the room is, and in which epoch."""


class Resume(BaseModel):
    """Asks for what was missed after `last_seq`, a number of the room's `epoch`."""

    last_seq: Annotated[int, Field(ge=0, lt=1 << 53)]
    epoch: Annotated[str, Field(max_length=MAX_EPOCH)] | None = None
    batch: bool = False

    def to_resumption(self) -> Resumption:
        """The same for who answers; an epoch that cannot be one of ours is none that ever was."""
        epoch = self.epoch
        if epoch is not None and not (epoch.isascii() and epoch.isalnum()):
            epoch = ""
        return Resumption(self.last_seq, epoch)


def _pong(connection: Connection, _: Ping) -> Sequence[Frame]:
    head = get_head(connection.room) or {"seq": 0, "epoch": None}
    now = json_codec.format_time(datetime.now(UTC))
    described = kind_of(connection.room).describe_room(connection.room)
    return [{"type": "pong", **described, **head, "server_time": now}]


def _resume(connection: Connection, message: Resume) -> Sequence[Frame]:
    takes_batches = connection.takes_batches or message.batch
    catch_up.resume(connection._replace(takes_batches=takes_batches), message.to_resumption())
    return []


COMMANDS = {
    "ping": Command(Ping, _pong),
    "resume": Command(Resume, _resume),
    "hello": Command(Resume, _resume),
}


def receive(connection: Connection, text: str) -> None:
    """Does what a message says, and answers its sender.

    The socket stays open whatever it says, but for a kind that counts what cannot be read.
    """
    kind = kind_of(connection.room)
    if kind.messages_a_minute and connection.messages > kind.messages_a_minute:
        answer(connection, [_refuse(kind, connection, TooManyRequests("Too many messages"))])
        return
    try:
        frames = _run(kind, connection, text)
    except _Unreadable as problem:
        answer(connection, [_refuse(kind, connection, Invalid(str(problem)))])
        _count_bad(kind, connection)
        return
    answer(connection, frames)


def answer(connection: Connection, frames: Sequence[Frame]) -> None:
    """Posts frames to one socket."""
    if frames:
        encoded = [fanout.encode(frame) for frame in frames]
        fanout.settle(management.post_all({connection.connection_id: encoded}, _SECONDS), {})


def _count_bad(kind: Kind, connection: Connection) -> None:
    most = kind.bad_messages_a_minute
    if most and connections.count_bad_message(connection.connection_id) >= most:
        giving_up.close_sockets([connection.connection_id])
        connections.close([connection.connection_id])


def _run(kind: Kind, connection: Connection, text: str) -> Sequence[Frame]:
    message = _read(text, kind.max_bytes)
    name, ref = message.get("type", ""), message.get("ref")
    if not isinstance(name, str):
        raise _Unreadable("The type of a message is a text.")
    if name in kind.ignored:
        return []
    command = {**COMMANDS, **kind.commands}.get(name)
    if command is None:
        raise _Unreadable("The type of this message is not known.")
    try:
        return command.run(connection, command.model.model_validate(message))
    except ValidationError as problem:
        raise _Unreadable(_describe(problem)) from None
    except Problem as problem:
        short = ref if isinstance(ref, str) and len(ref) <= MAX_REF else None
        return [_refuse(kind, connection, problem, short)]


def _refuse(kind: Kind, connection: Connection, problem: Problem, ref: str | None = None) -> Frame:
    return {**kind.describe_room(connection.room), **kind.describe_problem(problem, ref)}


class _Unreadable(Exception):  # noqa: N818  like a problem
    """A message that says nothing."""


def _read(text: str, max_bytes: int) -> dict[str, Any]:
    if len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise _Unreadable(f"A message has at most {max_bytes} bytes.")
    try:
        message = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _Unreadable("The message is not JSON.") from None
    if not isinstance(message, dict):
        raise _Unreadable("The message is not a JSON object.")
    return message


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _describe(problem: ValidationError) -> str:
    first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg']}" if field else str(first["msg"])
