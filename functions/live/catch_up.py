"""Catching up: sockets that were just opened, that resume, or that were too slow.

Such a socket is no room's sender's: whoever brings it up to date is the only one who posts to it,
until it has got all that a sender has taken, and takes part from there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from functions.live import connections, fanout, later, management, presence
from functions.live.connections import Behind, Connection, Missed, Resumption
from functions.live.kinds import Frame, kind_of
from functions.live.management import Outcome
from functions.shared import log

MOST_MISSED = 500  # events; who missed more gets the room as it is
_PAUSE = 0.05  # seconds
_SECONDS = 20.0  # for the posts of one catching up
_PUT_OFF = (1, 3)  # seconds, at random, so that not all come again at once


def welcome(connection_id: str) -> None:
    """Greets a new socket and lets it take part: the gateway takes no post while it opens one."""
    connection = connections.take(connection_id)
    if connection is None:
        return
    greeting = kind_of(connection.room).greet(connection)
    if greeting.frames:
        is_there = _post(connection, _encode(connection, greeting.frames), is_opening=True)
    else:  # as in a room where nothing was said yet: what is posted next must find it open
        is_there = management.wait_open(connection_id)
    if not is_there:
        return
    connections.mark_greeted(connection_id, greeting.seq)
    presence.enter(connection)
    join(connection, greeting.seq)


def join(connection: Connection, seen: int | None) -> None:
    """Posts what a socket has not got yet, and lets it take part; None for one that is gone."""
    while seen is not None and (
        joined := connections.join_room(connection.connection_id, seen, MOST_MISSED)
    ):
        if joined.is_live:
            fanout.deliver(connection.room)
            return
        if joined.resume_seq is not None:
            seen = _answer_later(connection, Resumption(joined.resume_seq, joined.resume_epoch))
        else:
            is_there = _post(connection, _encode(connection, joined.frames or ()))
            seen = (joined.last_seq or seen) if is_there else None


def catch_up(connection_id: str) -> None:
    """Goes on with a socket that was too slow, or whose own invocation died."""
    if connection := connections.take(connection_id):
        join(connection, connection.after_seq)


def resume(connection: Connection, asked: Resumption) -> None:
    """Posts the events after a number, then `resumed`; the room as it is to who missed too many, or
    knows another epoch's numbers.

    Where somebody else brings the socket up to date, or greets it, that one answers.
    """
    if behind := _leave_sender(connection, asked):
        missed = Missed(behind.head_seq, behind.epoch, behind.frames)
        join(connection, _answer(connection, asked, missed))


def _answer_later(connection: Connection, asked: Resumption) -> int | None:
    """Answers a `resume` that came while the socket was the caller's already."""
    missed = connections.read_missed(connection.room, asked.last_seq, MOST_MISSED + 1)
    return _answer(connection, asked, missed or Missed(None, None, None))


def _answer(connection: Connection, asked: Resumption, missed: Missed) -> int | None:
    """Up to which event a socket has got them all now; None for one that is gone."""
    frames = missed.frames or []
    if (
        (asked.epoch is not None and asked.epoch != missed.epoch)
        or asked.last_seq > (missed.head_seq or 0)
        or len(frames) > MOST_MISSED
    ):
        log.event("live.resumed", level="INFO", events=None)
        log.metric("SocketsResumed", 1)
        greeting = kind_of(connection.room).snapshot(connection)
        reason = "too_old" if len(frames) > MOST_MISSED else "epoch"
        whole = [
            frame | {"reason": reason} if "reason" in frame else frame for frame in greeting.frames
        ]
        is_there = _post(connection, _encode(connection, whole), asked=asked)
        return greeting.seq if is_there else None
    log.event("live.resumed", level="INFO", events=len(frames))
    log.metric("SocketsResumed", 1)
    to_seq = frames[-1]["seq"] if frames else asked.last_seq
    resumed = {
        "type": "resumed",
        **kind_of(connection.room).describe_room(connection.room),
        "from_seq": asked.last_seq + 1,
        "to_seq": to_seq,
        "complete": True,
    }
    encoded = [*_encode(connection, frames), fanout.encode(resumed)]
    return to_seq if _post(connection, encoded, asked=asked) else None


def _leave_sender(connection: Connection, asked: Resumption) -> Behind | None:
    """Waits until nobody else posts to a socket, at most for a sender's lease; None where it is not
    the caller's."""
    waited_for = None
    while behind := connections.leave_sender(
        connection.connection_id, asked, MOST_MISSED + 1, waited_for
    ):
        if behind.wait_for is None:
            return behind
        waited_for = behind.wait_for
        time.sleep(_PAUSE)
    return None


def _encode(connection: Connection, frames: Sequence[Frame]) -> list[bytes]:
    encoded = [fanout.encode(frame) for frame in frames]
    if connection.takes_batches and all("seq" in frame for frame in frames):
        return fanout.encode_batches(encoded)
    return encoded


def _post(
    connection: Connection,
    frames: Sequence[bytes],
    *,
    asked: Resumption | None = None,
    is_opening: bool = False,
) -> bool:
    """Whether a socket took all of these; over the budget it is left to somebody later, who also
    answers what was asked."""
    name = connection.connection_id
    if not fanout.take_posts(len(frames), is_spectator=connection.role == "spectator"):
        log.event("live.postponed", level="WARNING", sockets=1, what="catching up")
        log.metric("SocketsPostponed", 1)
        connections.put_off(name, asked)
        pause = random.randint(*_PUT_OFF)  # noqa: S311  no secret
        later.delay(pause, "welcome" if is_opening else "catch_up", connection_id=name)
        return False
    posted = management.post(name, frames, time.monotonic() + _SECONDS, is_opening=is_opening)
    if posted.outcome is Outcome.POSTED:
        return True
    # It is closed rather than left behind for ever: its client opens another one.
    fanout.settle({name: posted._replace(outcome=_end(posted.outcome))}, {})
    return False


def _end(outcome: Outcome) -> Outcome:
    return Outcome.GONE if outcome is Outcome.GONE else Outcome.UNSURE
