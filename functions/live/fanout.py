"""Fan-out: what happened in a room is posted to its sockets, in order, by one sender at a time.

Writers of a room run in parallel, and each of them tries to be the sender after its commit. Whoever
is posts until nothing is left; the others return at once.

What that costs the writer beyond its own statement: two round trips and the posts in a small room,
one where somebody posts already, and in a larger room none, but an invocation.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any

from functions.live import connections, giving_up, later, management
from functions.live.management import Outcome, Posted
from functions.shared import db, log
from functions.shared.settings import settings

SMALL_ROOM = 20  # sockets to which a writer posts itself; for more it asks another invocation
# What a writer asks `live.count_connections` for, at the end of its own statement.
COUNTED = SMALL_ROOM + 1
_LEASE = "2 seconds"
_ROUND = 1.4  # seconds of posting, so that a round ends before its lease does
_EVENTS = 100  # a round
_BATCH_BYTES = 32 * 1024


def announce(room: str, row: db.Row | None) -> None:
    """Has what was appended to a room posted, after its commit.

    `row` is the answer of the statement that appended, with `live.count_connections` as `sockets`.

    Never fails: what cannot be posted now is posted with the room's next event, or by the sweep.
    """
    if not row or not row["sockets"] or not management.is_available():
        return
    try:
        if row["sockets"] > SMALL_ROOM and later.invoke("deliver", room=room):
            return
        deliver(room)
    except Exception as error:  # noqa: BLE001  what the caller did is committed, whatever this is
        log.exception(error, room=room)


def deliver(room: str) -> None:
    """Posts what is new in a room to its sockets, unless another one is at it.

    Two round trips for an event: taking it, and finding that it was the last.
    """
    holder, posted = uuid.uuid4().hex, None
    while True:
        began = time.monotonic()
        row = db.fetch_once(
            """
            select last_seq, frames, connections, posts
            from live.claim_events(%s, %s, %s, %s::interval, %s, %s)
            """,
            (room, holder, posted, _LEASE, _EVENTS, settings().fanout_rate),
        )
        if row is None:
            return
        _post(room, row, began + _ROUND)
        posted = row["last_seq"]


def take_posts(count: int, *, is_spectator: bool) -> bool:
    """Whether the budget has posts for one socket that is brought up to date; then they are spent.

    A tenth of it is not for who only watches. One round trip.
    """
    if not count:
        return True
    rate = settings().fanout_rate
    reserve = rate // 10 if is_spectator else 0
    return bool(db.fetch_value("select live.take_posts(%s, %s, %s)", (count, rate, reserve)))


def charge_posts(count: int) -> None:
    """Spends posts that cannot wait, as far as the budget has them. One round trip."""
    db.query("select live.spend_posts(%s, %s)", (count, settings().fanout_rate))


def encode(frame: dict[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()


def encode_batches(frames: Sequence[bytes]) -> list[bytes]:
    """Messages of several events each, up to 32 KB, for clients that understand them."""
    batches: list[list[bytes]] = []
    size = _BATCH_BYTES
    for frame in frames:
        if size + len(frame) + 1 > _BATCH_BYTES - 64:
            batches.append([])
            size = 0
        batches[-1].append(frame)
        size += len(frame) + 1
    return [
        batch[0] if len(batch) == 1 else b'{"type":"batch","events":[%s]}' % b",".join(batch)
        for batch in batches
    ]


def _post(room: str, row: db.Row, until: float) -> None:
    """Posts a round of events; sockets that could not be served are set aside or closed."""
    events = [(frame["seq"], encode(frame)) for frame in row["frames"]]
    before = events[0][0] - 1

    @cache  # sockets share the frames, or a thousand would have a megabyte each
    def select(after: int, *, in_batches: bool) -> list[bytes]:
        frames = [frame for seq, frame in events if seq > after]
        return encode_batches(frames) if in_batches else frames

    wanted: dict[str, list[bytes]] = {}
    late: dict[str, int] = {}  # by socket, the last event that it has got
    left = row["posts"]
    # Who plays comes before who watches.
    for one in sorted(row["connections"], key=lambda one: one["role"] == "spectator"):
        after = max(one["after_seq"], before)
        own = select(after, in_batches=one["takes_batches"])
        if len(own) > left:
            late[one["connection_id"]] = after
        elif own:
            wanted[one["connection_id"]] = own
            left -= len(own)
    if late:
        log.event("live.postponed", level="WARNING", sockets=len(late))
        log.metric("SocketsPostponed", len(late))
    outcomes = management.post_all(wanted, until - time.monotonic()) if wanted else {}
    batching = {one["connection_id"] for one in row["connections"] if one["takes_batches"]}
    for name, posted in outcomes.items():
        if posted.outcome is Outcome.BUSY:
            late[name] = _last_seen(events, wanted[name], posted, name in batching)
    settle(outcomes, late)
    log.event(
        "live.fanout",
        level="DEBUG" if not late else "WARNING",
        events=len(events),
        posts=sum(posted.taken for posted in outcomes.values()),
        late=len(late),
    )


def _last_seen(
    events: Sequence[tuple[int, bytes]], wanted: Sequence[bytes], posted: Posted, in_batches: bool
) -> int:
    """The last event that a socket has got of those it was to get."""
    if in_batches:  # an event in a batch twice does no harm, and which were in it is not kept
        return events[0][0] - 1
    first = len(events) - len(wanted)
    return events[first + posted.taken - 1][0] if posted.taken else events[first][0] - 1


def settle(outcomes: dict[str, Posted], late: dict[str, int]) -> None:
    """Forgets sockets that are gone, closes those of which nobody knows what they have got, and has
    those that are late brought up to date."""
    gone = [name for name, posted in outcomes.items() if posted.outcome is Outcome.GONE]
    unsure = [name for name, posted in outcomes.items() if posted.outcome is Outcome.UNSURE]
    if unsure:
        giving_up.close_sockets(unsure)
        log.event("live.unsure", level="WARNING", sockets=len(unsure))
        log.metric("SocketsDropped", len(unsure))
    if gone or unsure:
        connections.close([*gone, *unsure])
    if late:
        connections.set_aside(late)
        later.delay_each(1, "catch_up", late)
