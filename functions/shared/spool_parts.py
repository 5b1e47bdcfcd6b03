"""Parts of spooled items: what no single queue message can carry is collected here when drained.

Messages arrive one by one, in any order and more than once. A part that never becomes whole, since
the others were not queued, is deleted when the queue itself would have forgotten it.
"""

from __future__ import annotations

from typing import Any

from functions.shared import db, spool


def collect_part(part: dict[str, Any]) -> Any:
    """Keeps a part; returns the whole item if no other part is missing, else None.

    Raises ValueError for what is no part. Two round trips.
    """
    item, number, parts, body = spool.read_part(part)
    db.query(
        """
        with forgotten as (
          delete from shared.spool_parts
          where received_at < now() - interval '360 hours'
        )
        insert into shared.spool_parts (item, part, body)
        values (%s, %s, %s)
        on conflict do nothing
        """,
        (item, number, body),
    )
    # Another statement, so that of two drains that keep the last parts one sees all of them.
    found = db.query(
        "select part, body from shared.spool_parts where item = %s order by part", (item,)
    )
    if [row["part"] for row in found] != list(range(parts)):
        return None
    return spool.join_parts(item, [row["body"] for row in found])


def delete_parts(part: dict[str, Any]) -> None:
    """Deletes all parts of the item that a part belongs to."""
    db.query("delete from shared.spool_parts where item = %s", (spool.read_part(part)[0],))
