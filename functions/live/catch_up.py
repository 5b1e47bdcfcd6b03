"""Catching up: sockets that were just opened, that resume, or that were too slow.

Such a socket is no room's sender's: whoever brings it up to date is the only one who posts to it,
until it has got all that a sender has taken, and takes part from there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from functions.live import connections, fanout, management, presence
from functions.live.connections import Connection
from functions.live.kinds import Frame, kind_of
from functions.live.management import Outcome
from functions.shared import log

MOST_MISSED = 500  # events; who missed more gets the room as it is
_PAUSE = 0.05  # seconds
_WAIT = 5.0  # for a sender that may be posting still
_SECONDS = 20.0  # for the posts of one catching up


def welcome(connection_id: str) -> None:
    """Greets a new socket and lets it take part: the gateway takes no post while it opens one."""
    connection = connections.take(connection_id)
    if connection is None:
        return
    greeting = kind_of(connection.room).greet(connection)
    if greeting.frames:
        is_there = _post(connection, greeting.frames, is_opening=True)
    else:  # as in a room where nothing was said yet: what is posted next must find it open
        is_there = management.wait_open(connection_id)
    if not is_there:
        return
    connections.mark_greeted(connection_id)
    presence.enter(connection)
    join(connection, greeting.seq)


def join(connection: Connection, seen: int) -> None:
    """Posts what a socket has not got yet, and lets it take part."""
    while joined := connections.join_room(connection.connection_id, seen, MOST_MISSED):
        if joined.is_live:
            fanout.deliver(connection.room)
            return
        if not _post(connection, joined.frames or ()):
            return
        seen = joined.last_seq or seen


def catch_up(connection_id: str) -> None:
    """Goes on with a socket that was too slow, or whose own invocation died."""
    if connection := connections.take(connection_id):
        join(connection, connection.after_seq)


def resume(connection: Connection, last_seq: int, epoch: str | None) -> None:
    """Posts the events after a number, then `resumed`; the room as it is to who missed too many, or
    knows another epoch's numbers."""
    behind = _leave_sender(connection, last_seq)
    if behind is None:
        return
    head, missed = behind.head_seq or 0, behind.frames or []
    if (
        (epoch is not None and epoch != behind.epoch)
        or last_seq > head
        or len(missed) > MOST_MISSED
    ):
        log.event("live.resumed", level="INFO", events=None)
        greeting = kind_of(connection.room).snapshot(connection)
        if _post(connection, greeting.frames):
            join(connection, greeting.seq)
        return
    log.event("live.resumed", level="INFO", events=len(missed))
    to_seq = missed[-1]["seq"] if missed else last_seq
    resumed = {"type": "resumed", "from_seq": last_seq + 1, "to_seq": to_seq, "complete": True}
    if _post(connection, missed) and _post(connection, [resumed]):
        join(connection, to_seq)


def _leave_sender(connection: Connection, last_seq: int) -> connections.Behind | None:
    """Waits until nobody else posts to a socket; None if it is gone, or that takes too long."""
    until, waited_for = time.monotonic() + _WAIT, None
    while behind := connections.leave_sender(
        connection.connection_id, last_seq, MOST_MISSED + 1, waited_for
    ):
        if behind.wait_for is None:
            return behind
        if time.monotonic() > until:
            return None
        waited_for = behind.wait_for
        time.sleep(_PAUSE)
    return None


def _post(connection: Connection, frames: Sequence[Frame], *, is_opening: bool = False) -> bool:
    """Whether a socket took all of these."""
    encoded = [fanout.encode(frame) for frame in frames]
    if connection.takes_batches and all("seq" in frame for frame in frames):
        encoded = fanout.encode_batches(encoded)
    posted = management.post(
        connection.connection_id, encoded, time.monotonic() + _SECONDS, is_opening=is_opening
    )
    if posted.outcome is Outcome.POSTED:
        return True
    # It is closed rather than left behind for ever: its client opens another one.
    fanout.settle({connection.connection_id: posted._replace(outcome=_end(posted.outcome))}, {})
    return False


def _end(outcome: Outcome) -> Outcome:
    return Outcome.GONE if outcome is Outcome.GONE else Outcome.UNSURE
