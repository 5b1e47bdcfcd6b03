"""Open sockets: to which room, whose, and how far each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from functions.live import later
from functions.shared import db

MAX_PER_USER = 10
GRACE = 5  # seconds after a user's last socket, before the user has left
# For which whoever brings a socket up to date has it to themselves: longer than their posts take.
_BUSY = 30  # seconds


class Seat(NamedTuple):
    """What a user is in a room: what they may do there, and what others are shown of them."""

    room: str
    role: str
    member: dict[str, Any]


class Resumption(NamedTuple):
    """What a client asks for: the events after a number, which is of an epoch if that is given."""

    last_seq: int
    epoch: str | None


class Connection(NamedTuple):
    """An open socket."""

    connection_id: str
    room: str
    user_id: int
    version: int
    session_id: UUID | None
    role: str
    member: dict[str, Any]
    takes_batches: bool
    is_live: bool
    after_seq: int
    messages: int  # in this minute, with the one that was just received
    bad_messages: int


class Opening(NamedTuple):
    """What a socket is opened with: by whose token, and what its client asks for."""

    user_id: int
    version: int
    session_id: str | None = None
    takes_batches: bool = False
    resumption: Resumption | None = None


def open_connection(connection_id: str, seat: Seat, opening: Opening) -> bool:
    """Notes a socket that is being opened; False when the user has ten. One round trip."""
    asked = opening.resumption
    return bool(
        db.fetch_value(
            "select live.open_connection(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                connection_id,
                seat.room,
                opening.user_id,
                opening.version,
                opening.session_id,
                seat.role,
                Jsonb(seat.member),
                opening.takes_batches,
                asked.last_seq if asked else None,
                asked.epoch if asked else None,
                MAX_PER_USER,
            ),
        )
    )


def load(connection_id: str) -> Connection | None:
    """A socket; None if it is not known."""
    row = db.fetch_one(
        """
        select
          connection_id, room, user_id, version, session_id, role, member, takes_batches, is_live,
          after_seq, messages, bad_messages
        from live.connections
        where connection_id = %s
        """,
        (connection_id,),
    )
    return Connection(**row) if row else None


def take(connection_id: str) -> Connection | None:
    """A socket that is the caller's alone from now on, to be brought up to date; None for one that
    takes part already, is somebody else's, or is not known. One round trip."""
    row = db.fetch_once(
        """
        update live.connections as c
        set busy_until = clock_timestamp() + make_interval(secs => %s)
        where c.connection_id = %s
          and not c.is_live
          and coalesce(c.busy_until < clock_timestamp(), true)
        returning
          c.connection_id, c.room, c.user_id, c.version, c.session_id, c.role, c.member,
          c.takes_batches, c.is_live, c.after_seq, c.messages, c.bad_messages
        """,
        (_BUSY, connection_id),
    )
    return Connection(**row) if row else None


def receive(connection_id: str) -> Connection | None:
    """A socket by which a message has come, counted; None if it is not known. One round trip."""
    row = db.fetch_once(
        """
        update live.connections as c
        set seen_at = clock_timestamp(),
          messages = case when c.minute = this.minute then c.messages else 0 end + 1,
          bad_messages = case when c.minute = this.minute then c.bad_messages else 0 end,
          minute = this.minute
        from (select date_trunc('minute', clock_timestamp(), 'UTC') as minute) as this
        where c.connection_id = %s
        returning
          c.connection_id, c.room, c.user_id, c.version, c.session_id, c.role, c.member,
          c.takes_batches, c.is_live, c.after_seq, c.messages, c.bad_messages
        """,
        (connection_id,),
    )
    return Connection(**row) if row else None


def count_bad_message(connection_id: str) -> int:
    """How many messages of this minute could not be read, with one more."""
    return int(
        db.fetch_value(
            """
            update live.connections
            set bad_messages = bad_messages + 1
            where connection_id = %s
            returning bad_messages
            """,
            (connection_id,),
        )
        or 0
    )


def close(connection_ids: Sequence[str]) -> None:
    """Forgets sockets that are closed. Users whose last one it was leave in a few seconds."""
    rows = db.query("select room from live.close_connections(%s)", (list(connection_ids),))
    for room in {row["room"] for row in rows}:
        later.delay(GRACE, "leave", room=room)


def set_aside(seen: Mapping[str, int]) -> None:
    """Takes sockets from their room's sender; each has got the events up to a number."""
    db.query("select live.set_aside(%s, %s)", (list(seen), list(seen.values())))


class Missed(NamedTuple):
    """How far a room is, and its events after a number; neither, where nothing was ever opened."""

    head_seq: int | None
    epoch: str | None
    frames: list[dict[str, Any]] | None


class Behind(NamedTuple):
    """A socket that is the caller's alone, and what it missed, once nothing is waited for."""

    wait_for: int | None
    head_seq: int | None
    epoch: str | None
    frames: list[dict[str, Any]] | None


def leave_sender(
    connection_id: str, asked: Resumption, most: int, waited_for: int | None = None
) -> Behind | None:
    """Takes a socket from the room's sender, with the events after a number. One round trip.

    None for one that is gone, or somebody else's, who is asked to answer.
    """
    row = db.fetch_once(
        """
        select wait_for, head_seq, epoch, frames
        from live.leave_sender(%s, %s, make_interval(secs => %s), %s, %s, %s)
        """,
        (connection_id, waited_for, _BUSY, asked.last_seq, asked.epoch, most),
    )
    return Behind(**row) if row else None


def read_missed(room: str, last_seq: int, most: int) -> Missed | None:
    """A room's events after a number. One round trip."""
    row = db.fetch_one(
        "select head_seq, epoch, frames from live.read_missed(%s, %s, %s)", (room, last_seq, most)
    )
    return Missed(**row) if row else None


class Joined(NamedTuple):
    """Whether a socket takes part; else the next events to post to it, or what it asks for."""

    is_live: bool
    last_seq: int | None
    frames: list[dict[str, Any]] | None
    resume_seq: int | None
    resume_epoch: str | None


def join_room(connection_id: str, seen: int, most: int) -> Joined | None:
    """Lets a socket take part that has got the events up to a number. One round trip."""
    row = db.fetch_once(
        """
        select is_live, last_seq, frames, resume_seq, resume_epoch
        from live.join_room(%s, %s, make_interval(secs => %s), %s)
        """,
        (connection_id, seen, _BUSY, most),
    )
    return Joined(**row) if row else None


def put_off(connection_id: str, asked: Resumption | None) -> None:
    """Leaves a socket to whoever takes it later, with what its client asks for, unless that has
    asked again."""
    db.query(
        """
        update live.connections
        set busy_until = null,
          resume_seq = coalesce(resume_seq, %(seq)s::bigint),
          resume_epoch = case when resume_seq is null then %(epoch)s::text else resume_epoch end
        where connection_id = %(connection_id)s
        """,
        {
            "seq": asked.last_seq if asked else None,
            "epoch": asked.epoch if asked else None,
            "connection_id": connection_id,
        },
    )


def mark_greeted(connection_id: str, seen: int) -> None:
    """Notes that a socket was sent `connected`, which tells of the events up to a number."""
    db.query(
        """
        update live.connections
        set greeted_at = clock_timestamp(),
          after_seq = %s
        where connection_id = %s
        """,
        (seen, connection_id),
    )
