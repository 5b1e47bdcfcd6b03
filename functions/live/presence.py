"""Presence: who is in a room. Users come and leave, not sockets."""

from __future__ import annotations

from functions.live import connections, fanout, later, management
from functions.live.connections import Connection
from functions.live.kinds import Frame, Presence, kind_of
from functions.shared import db, log
from functions.shared.settings import settings

_SHOWN = 100  # members in a message
_LARGE_ROOM = 50  # sockets; in a larger room presence is told once a second at most


def enter(connection: Connection) -> None:
    """Counts a user as in the room, and tells it if they were not."""
    if db.fetch_value("select live.enter(%s)", (connection.connection_id,)):
        tell(connection.room, "joined", connection.member)
        _record(connection.room, "joined", connection.member)


def leave(room: str | None) -> None:
    """Users who have been gone for some seconds have left, of a room or of all rooms."""
    for row in db.query(
        "select room, member from live.leave(%s, make_interval(secs => %s))",
        (room, connections.GRACE - 0.5),
    ):
        tell(row["room"], "left", row["member"])
        _record(row["room"], "left", row["member"])


def _record(room: str, presence: Presence, member: Frame) -> None:
    if record := kind_of(room).record_presence:
        record(room, presence, member)


def tell(room: str, presence: Presence, member: Frame, *, is_due: bool = False) -> None:
    """Tells all in a room who came or left; in a large one at most once a second.

    Over the budget of posts it is put off, and becomes one message with whatever comes meanwhile.
    """
    kind = kind_of(room)
    if kind.coalesces_presence and not _may_tell(room, presence, member, is_due):
        return  # who is here is read for those alone who tell it
    row = db.fetch_one(
        """
        select
          (
            select coalesce(jsonb_agg(c.connection_id), '[]')
            from live.connections as c
            where c.room = %(room)s
              and c.greeted_at is not null
          ) as sockets,
          (
            select count(*)
            from live.members as m
            where m.room = %(room)s
          ) as members,
          (
            select coalesce(jsonb_agg(shown.member), '[]')
            from (
              select m.member
              from live.members as m
              where m.room = %(room)s
              order by m.user_id
              limit %(shown)s
            ) as shown
          ) as shown
        """,
        {"room": room, "shown": _SHOWN},
    )
    assert row
    frames = kind.tell_presence(room, presence, member, row["shown"], row["members"])
    if not frames or not row["sockets"]:
        return
    encoded = [fanout.encode(frame) for frame in frames]
    if not kind.coalesces_presence:
        fanout.charge_posts(len(encoded) * len(row["sockets"]))
    outcomes = management.post_all(dict.fromkeys(row["sockets"], encoded), 1.4)
    fanout.settle(outcomes, {})


def _may_tell(room: str, presence: Presence, member: Frame, is_due: bool) -> bool:
    """Whether presence may be posted now; else another invocation posts it later."""
    plan = db.fetch_value(
        "select live.plan_presence(%s, %s, %s, %s)",
        (room, is_due, _LARGE_ROOM, settings().fanout_rate),
    )
    if plan == "over":
        log.event("live.postponed", level="WARNING", sockets=1, what="presence")
        log.metric("SocketsPostponed", 1)
    if plan in ("later", "over"):
        later.delay(1, "presence", room=room, presence=presence, member=member)
    return bool(plan == "now")
