"""Turns of the small kind of room: two players, half a minute each, whose time is the test's.

Who lets it pass loses the turn; after two in a row the clock stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from functions.live.clock import Clock
from functions.live.kinds import Kind, Overdue, Turns
from functions.shared import db
from tests.support.live import rooms

START = datetime(2027, 2, 6, 9, 0, 0, 0, UTC)
LIMIT = timedelta(seconds=30)


class Table:
    """Where the rooms' time is `now`."""

    def __init__(self) -> None:
        self.now = START
        self.kind: Kind = rooms.kind._replace(turns=Turns(self.list_overdue, self.end_overdue))

    def begin(self, room: str) -> None:
        """The first player's turn."""
        self._append(room, 1, self.now, 0)

    def list_overdue(self, after: Overdue, most: int) -> Sequence[Overdue]:
        rows = db.query(
            """
            select t.due_at, t.room
            from (
              select distinct on (e.room) e.room, (e.payload ->> 'due_at')::timestamptz as due_at
              from live.events as e
              where e.type = 'turn'
              order by e.room, e.seq desc
            ) as t
            where t.due_at <= %s
              and (t.due_at, t.room) > (%s, %s)
            order by t.due_at, t.room
            limit %s
            """,
            (self.now, after.due_at, after.room, most),
        )
        return [Overdue(**row) for row in rows]

    def end_overdue(self, room: str) -> bool:
        if not db.query("select 1 from live.rooms where room = %s for update skip locked", (room,)):
            return False
        *_, turn = read_turns(room)
        is_over = False
        while turn["due_at"]:
            started_at = datetime.fromisoformat(turn["started_at"])
            over = Clock(LIMIT).start(started_at).expired_at(self.now)
            if over is None:
                break
            turn = self._append(room, 3 - turn["player"], over, turn["passes"] + 1)
            is_over = True
        return is_over

    def _append(self, room: str, player: int, at: datetime, passes: int) -> dict[str, Any]:
        due_at = Clock(LIMIT).start(at).deadline if passes < 2 else None
        turn = {
            "player": player,
            "started_at": at.isoformat(),
            "due_at": due_at and due_at.isoformat(),
            "passes": passes,
        }
        db.query("select live.append_at(%s, 'turn', %s, %s)", (room, Jsonb(turn), at))
        return turn


def read_turns(room: str) -> list[dict[str, Any]]:
    """The turns of a room, oldest first, each with when it was stored to have begun."""
    rows = db.query(
        """
        select payload, occurred_at
        from live.events
        where room = %s
          and type = 'turn'
        order by seq
        """,
        (room,),
    )
    return [{**row["payload"], "occurred_at": row["occurred_at"]} for row in rows]
