"""Turns of battles whose time is over though nobody has looked: what the sweep ends."""

from __future__ import annotations

from functions.live.kinds import Overdue
from functions.shared import db
from functions.tracker.battles.changes import room_of, settle_battle


def list_overdue(last: Overdue, most: int) -> list[Overdue]:
    """The overdue battles that come after one, the longest overdue first. One round trip."""
    rows = db.query(
        "select due_at, id from tracker.list_overdue_battles(%s, %s, %s)",
        (last.due_at, last.room.partition(":")[2], most),
    )
    return [Overdue(row["due_at"], room_of(row["id"])) for row in rows]


def end_overdue(room: str) -> bool:
    """Does what a battle's clock has done, in the caller's transaction; whether there was anything.

    A battle that somebody changes at this moment is left alone: they see to it.
    """
    battle_id = room.partition(":")[2]
    is_free = db.fetch_one(
        """
        select id
        from tracker.battles
        where id = %s
          and due_at <= clock_timestamp()
        for no key update skip locked
        """,
        (battle_id,),
    )
    return bool(is_free and settle_battle(battle_id, announces=False).battle.events)
