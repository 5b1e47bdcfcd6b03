"""Kinds of rooms: what a domain says of its own, for sockets to be opened to them.

A domain names its modules in functions/domains.py; each has `kind`. The live domain knows nothing
else of what a room is about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from functions.domains import DOMAINS
from functions.live.connections import Connection, Seat
from functions.shared.errors import Problem
from functions.shared.tokens import Identity

Frame = dict[str, Any]
Presence = Literal["joined", "left"]


class Greeting(NamedTuple):
    """What a new socket is sent, in order, and up to which event that tells of the room."""

    frames: Sequence[Frame]
    seq: int


class Command(NamedTuple):
    """A message that clients may send, and what it does; what it returns goes to its sender."""

    model: type[BaseModel]
    run: Callable[[Connection, Any], Sequence[Frame]]


class Overdue(NamedTuple):
    """A room whose turn is over though nobody has ended it, and since when."""

    due_at: datetime
    room: str


class Turns(NamedTuple):
    """Turns that end by the clock; functions/live/clock.py is one."""

    # The overdue rooms that come after one, in the order of `Overdue`, at most so many.
    list_overdue: Callable[[Overdue, int], Sequence[Overdue]]
    # Ends the overdue turns of a room in the caller's transaction, each by an event of the time
    # when it was over (`live.append_at`); whether there were any. It looks itself whether there
    # still are, behind the lock of the room's writers, and leaves a room alone that is locked.
    end_overdue: Callable[[str], bool]


class Watcher(NamedTuple):
    """A user who has sockets open to a room."""

    room: str
    user_id: int


class Kind(NamedTuple):
    """A kind of room."""

    name: str  # what comes before the colon in a room's name, and names it in a query
    # Whom a token names that counts for this kind; raises WrongTokenError.
    verify: Callable[[str], Identity]
    # Whether whom a token names may come in; raises the problem that refuses them.
    admit: Callable[[Identity, str], Seat]
    greet: Callable[[Connection], Greeting]
    # The whole room as a message, in answer to a `resume` that is too old.
    snapshot: Callable[[Connection], Greeting]
    # What all are told when a user came or left, given who is here (at most 100) and how many.
    tell_presence: Callable[[str, Presence, Frame, Sequence[Frame], int], Sequence[Frame]]
    # Messages by their `type`; "" for those without one.
    commands: Mapping[str, Command]
    # The message that refuses another one: given the problem and the `ref` that the client gave.
    describe_problem: Callable[[Problem, str | None], Frame]
    # Whether one message may stand for several who came or left, since it tells who is here; else
    # each is told, also in a large room.
    coalesces_presence: bool = True
    # Where turns end though nobody does anything.
    turns: Turns | None = None
    # Keeps that a user came or left, where that is an event of the room.
    record_presence: Callable[[str, Presence, Frame], None] | None = None
    # How many messages a minute a socket may send, and how many that cannot be read.
    messages_a_minute: int | None = None
    bad_messages_a_minute: int | None = None
    max_bytes: int = 16 * 1024  # of a message
    # The fields of every message to a room that the live domain makes, beside those of its type.
    describe_room: Callable[[str], Frame] = lambda room: {}
    # Messages for rooms in which nothing happens, to keep their sockets open; None: they may close.
    keep_alive: Callable[[Sequence[str]], Mapping[str, Frame]] | None = None
    # Whether clients understand `reconnect`, which comes before the gateway closes old sockets.
    knows_reconnect: bool = False
    # Those who may not watch any more; None: who came in may stay.
    find_refused: Callable[[Sequence[Watcher]], Collection[Watcher]] | None = None
    # Messages that other servers' clients send and that mean nothing here.
    ignored: frozenset[str] = frozenset()


@cache
def load_kinds() -> Mapping[str, Kind]:
    """All kinds of rooms, by name."""
    return {
        name: import_module(f"functions.{module}").kind
        for domain in DOMAINS
        for name, module in domain.rooms.items()
    }


def kind_of(room: str) -> Kind:
    """The kind of a room."""
    return load_kinds()[room.partition(":")[0]]
