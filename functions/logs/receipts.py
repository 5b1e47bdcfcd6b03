"""Receipts: what became of everything that servers sent, counted by the hour of its receipt."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from functions.shared import db


def count(server_id: str, receipt: datetime, counts: Counter[tuple[str, str]]) -> None:
    """Adds (outcome, detail) counts to a server's hour. One round trip, none for no counts."""
    if not counts:
        return
    keys = sorted(counts)  # in one order, so that two requests never wait for each other crosswise
    db.run(
        """
        insert into logs.receipts as r (server_id, hour, outcome, detail, events)
        select %s, date_trunc('hour', %s::timestamptz, 'UTC'), c.outcome, c.detail, c.events
        from unnest(%s::text[], %s::text[], %s::bigint[]) as c (outcome, detail, events)
        on conflict on constraint receipts_pkey do update
        set events = r.events + excluded.events
        """,
        (
            server_id,
            receipt,
            [outcome for outcome, _ in keys],
            [detail for _, detail in keys],
            [counts[key] for key in keys],
        ),
    )
