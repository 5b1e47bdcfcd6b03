"""The sweep: what nobody else sees to, every minute.

Posts that a dead sender left, sockets that were never brought up to date, sockets that the gateway
lost, and users who may not be there any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from functions.live import catch_up, connections, fanout, management, presence
from functions.live.kinds import Frame, kind_of
from functions.shared import db
from functions.shared.errors import Unauthorized

_MOST = 1000  # rooms, and sockets of a kind, in one sweep


@dataclass
class Report:
    """What a sweep found."""

    unsent: int = 0
    late: int = 0
    refused: int = 0
    gone: int = 0


def sweep() -> Report:
    """Sees to all of it once."""
    report = Report()
    report.refused = _close_refused()
    report.gone = _close_gone()
    presence.leave(None)
    report.late = _bring_up()
    report.unsent = _deliver()
    return report


def _deliver() -> int:
    rows = db.query("select room from live.list_unsent('', %s) as room", (_MOST,))
    for row in rows:
        fanout.deliver(row["room"])
    return len(rows)


def _bring_up() -> int:
    rows = db.query(
        """
        select connection_id, greeted_at is not null as is_greeted
        from live.connections
        where not is_live
          and coalesce(busy_until < clock_timestamp(), true)
          and opened_at < clock_timestamp() - interval '10 seconds'
        order by opened_at
        limit %s
        """,
        (_MOST,),
    )
    for row in rows:
        bring_up = catch_up.catch_up if row["is_greeted"] else catch_up.welcome
        bring_up(row["connection_id"])
    return len(rows)


def _close_refused() -> int:
    """Closes the sockets of users whose tokens do not count any more."""
    rows = db.query(
        """
        select c.connection_id, c.room
        from live.connections as c
        where not exists (
          select
          from accounts.caller(c.user_id, c.version) as u
          where u.is_active
        )
        limit %s
        """,
        (_MOST,),
    )
    names = [row["connection_id"] for row in rows]
    if names:
        last = {
            row["connection_id"]: [fanout.encode(describe_closing(row["room"]))] for row in rows
        }
        management.post_all(last, 2.0)
        management.close_all(names)
        connections.close(names)
    return len(names)


def describe_closing(room: str) -> Frame:
    """The last message to a socket whose user may not be there any more."""
    frame = kind_of(room).describe_problem(Unauthorized("You are signed out."), None)
    return {**frame, "closing": True}


def _close_gone() -> int:
    """Forgets sockets that the gateway does not know any more."""
    rows = db.query(
        """
        select connection_id
        from live.connections
        where opened_at < clock_timestamp() - interval '10 seconds'
        order by seen_at
        limit %s
        """,
        (_MOST,),
    )
    gone = management.check_all([row["connection_id"] for row in rows])
    if gone:
        connections.close(list(gone))
    return len(gone)
