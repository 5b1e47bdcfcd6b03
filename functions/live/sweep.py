"""The sweep: what nobody else sees to, every minute.

Turns whose time is over, posts that a dead sender left, sockets that were never brought up to
date, sockets that the gateway lost, users who may not be there any more, and what is kept for a
while only.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from functions.live import (
    aging,
    catch_up,
    closing,
    connections,
    fanout,
    later,
    management,
    overdue,
    presence,
)
from functions.shared import db

_PAGE = 1000  # rooms or sockets
_TURNS = 0.5  # of the time, at most, for turns


@dataclass
class Report:
    """What a sweep found: rooms, sockets, and users whose last socket nobody saw closing.

    `warned` sockets are too old to stay for long, `kept` ones were silent.
    """

    overdue: int = 0
    refused: int = 0
    gone: int = 0
    left: int = 0
    late: int = 0
    unsent: int = 0
    warned: int = 0
    kept: int = 0


def sweep(seconds: float) -> Report:
    """Sees to all of it once; for turns and lost sockets it has about `seconds` at most.

    What takes long is left to other invocations, so that no room and no socket waits for another.
    """
    began = time.monotonic()
    until = began + seconds
    report = Report()
    report.overdue = overdue.end_overdue(began + _TURNS * seconds)
    report.unsent = _deliver()
    report.refused = closing.close_refused()
    report.gone = _close_gone(until)
    report.left = _find_left()
    presence.leave(None)
    report.late = _bring_up()
    report.warned = aging.warn_old()
    report.kept = aging.keep_silent()
    _forget_old()
    return report


def _deliver() -> int:
    rows = db.query("select room from live.list_unsent('', %s) as room", (_PAGE,))
    for row in rows:
        if not later.invoke("deliver", room=row["room"]):
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
        (_PAGE,),
    )
    for row in rows:
        name, is_greeted = row["connection_id"], row["is_greeted"]
        if not later.invoke("catch_up" if is_greeted else "welcome", connection_id=name):
            (catch_up.catch_up if is_greeted else catch_up.welcome)(name)
    return len(rows)


def _close_gone(until: float) -> int:
    """Forgets sockets that the gateway does not know any more."""
    found, after = 0, ""
    while time.monotonic() < until:
        rows = db.query(
            """
            select connection_id
            from live.connections
            where opened_at < clock_timestamp() - interval '10 seconds'
              and connection_id > %s
            order by connection_id
            limit %s
            """,
            (after, _PAGE),
        )
        if not rows:
            break
        after = rows[-1]["connection_id"]
        gone = management.check_all([row["connection_id"] for row in rows])
        if gone:
            connections.close(list(gone))
        found += len(gone)
    return found


def _find_left() -> int:
    """Users who are in a room without a socket: they came while their last one was closed."""
    rows = db.query(
        """
        update live.members as m
        set gone_at = clock_timestamp()
        where m.gone_at is null
          and not exists (
            select
            from live.connections as c
            where c.room = m.room
              and c.user_id = m.user_id
          )
        returning m.room
        """
    )
    for room in {row["room"] for row in rows}:
        later.delay(connections.GRACE, "leave", room=room)
    return len(rows)


def _forget_old() -> None:
    db.query("delete from live.tickets where expires_at < clock_timestamp()")
    db.query("delete from live.refs where stored_at < clock_timestamp() - interval '24 hours'")
