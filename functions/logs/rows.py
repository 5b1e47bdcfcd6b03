"""Rows of logs.events, and the order of their columns."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Row(NamedTuple):
    """A row of logs.events in the order of its columns, and what is known of it beside them."""

    id: str
    sent_at: datetime
    occurred_at: datetime
    server_id: str
    mode: str
    type: str
    steam_id: str | None
    player_name: str | None
    raw_text: str
    involved_steam_ids: list[str] | None
    map: str | None
    player_count: int | None
    session_id: str | None
    metadata: str
    arrival: int  # see `_arrival` in ingest/batch.py
    skew: int | None  # ms from when it was sent to its receipt, where that tells of the clock
    earlier: str | None  # another id that it may be stored under


COLUMNS = Row._fields[:-2]
