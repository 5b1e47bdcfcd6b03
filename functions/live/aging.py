"""Old and silent sockets: the gateway closes both, so their clients hear from us before.

Only rooms of kinds whose clients understand it: others would take it for something else.
"""

from __future__ import annotations

from functions.live import fanout, kinds, management
from functions.live.kinds import Frame, kind_of
from functions.live.management import Outcome
from functions.shared import db
from functions.shared.settings import settings

_PAGE = 1000  # sockets
_SECONDS = 5.0  # for posts
# Parts of the gateway's limits: five minutes before two hours, and eight minutes of ten.
_OLD = 23 / 24
_SILENT = 4 / 5


def warn_old() -> int:
    """Asks the clients of old sockets to open others; how many there were. Two round trips."""
    knowing = [name for name, kind in kinds.load_kinds().items() if kind.knows_reconnect]
    if not knowing:
        return 0
    rows = db.query(
        """
        update live.connections as c
        set warned_at = clock_timestamp()
        from (
          select connection_id
          from live.connections
          where warned_at is null
            and greeted_at is not null
            and opened_at < clock_timestamp() - make_interval(secs => %s)
            and split_part(room, ':', 1) = any(%s)
          order by connection_id
          limit %s
          for update skip locked
        ) as due
        where c.connection_id = due.connection_id
        returning c.connection_id, c.room, (select head_seq from live.get_head(c.room)) as seq
        """,
        (settings().live_age * _OLD, knowing, _PAGE),
    )
    frames = {
        row["connection_id"]: {
            "type": "reconnect",
            **kind_of(row["room"]).describe_room(row["room"]),
            "reason": "max_age",
            "seq": row["seq"],
        }
        for row in rows
    }
    if missed := _post(frames):
        db.query(
            "update live.connections set warned_at = null where connection_id = any(%s)", (missed,)
        )
    return len(rows)


def keep_silent() -> int:
    """Sends something to sockets that were silent for long; how many there were."""
    hooks = {name: kind.keep_alive for name, kind in kinds.load_kinds().items()}
    keeping = [name for name, keep_alive in hooks.items() if keep_alive]
    if not keeping:
        return 0
    rows = db.query(
        """
        update live.connections as c
        set kept_at = clock_timestamp()
        from (
          select s.connection_id
          from live.connections as s
          join live.rooms as r using (room)
          where s.greeted_at is not null
            and split_part(s.room, ':', 1) = any(%s)
            and greatest(s.seen_at, s.kept_at, case when s.is_live then r.last_event_at end)
              < clock_timestamp() - make_interval(secs => %s)
          order by s.connection_id
          limit %s
          for update of s skip locked
        ) as due
        where c.connection_id = due.connection_id
        returning c.connection_id, c.room
        """,
        (keeping, settings().live_idle * _SILENT, _PAGE),
    )
    said: dict[str, Frame] = {}
    for name, keep_alive in hooks.items():
        rooms = sorted({row["room"] for row in rows if row["room"].partition(":")[0] == name})
        if rooms and keep_alive:
            said |= keep_alive(rooms)
    frames = {row["connection_id"]: said[row["room"]] for row in rows if row["room"] in said}
    if missed := _post(frames):
        db.query(
            "update live.connections set kept_at = null where connection_id = any(%s)", (missed,)
        )
    return len(frames)


def _post(frames: dict[str, Frame]) -> list[str]:
    """Those of some sockets that took nothing, and are there still."""
    if not frames:
        return []
    # They cannot wait for posts that others have spent: the gateway would close these sockets.
    fanout.charge_posts(len(frames))
    encoded = {name: [fanout.encode(frame)] for name, frame in frames.items()}
    outcomes = management.post_all(encoded, _SECONDS)
    fanout.settle(outcomes, {})
    return [name for name, posted in outcomes.items() if posted.outcome is Outcome.BUSY]
