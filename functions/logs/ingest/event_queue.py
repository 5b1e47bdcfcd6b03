"""Spooled batches: events that were accepted while the database was down, with their ids."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from functions.logs import change_queue
from functions.logs.ingest import event_writer
from functions.logs.ingest.event_writer import EventBatch
from functions.logs.rows import Row
from functions.shared import db, erasure, spool

_SIZE = 40_000  # characters of a parcel, about: several make a message


def enqueue(parcel: EventBatch, key: str | None = None) -> None:
    """Queues a parcel that came with an API key; raises Unavailable."""
    spool.enqueue("logs.events", [_packed(part) for part in _parts(parcel)], key)


def consume(item: Any, accepted_at: int) -> None:
    """Stores a spooled parcel, without who was erased since then and what is no longer kept.

    Its own receipt counts, not `accepted_at`.
    """
    receipt = datetime.fromisoformat(item["receipt"])
    rows = [_unpacked(said) for said in item["rows"]]
    erased = erasure.find_erased_since("logs.erase", receipt, set().union(*map(_people, rows)))
    horizon = _horizon()
    kept = [row for row in rows if row.occurred_at >= horizon and erased.isdisjoint(_people(row))]
    counts = Counter({(outcome, detail): number for outcome, detail, number in item["counts"]})
    event_writer.store(EventBatch(item["server"], receipt, kept, counts))
    change_queue.fold_if_long(row.occurred_at for row in kept)


def _people(row: Row) -> set[str]:
    return {one for one in (row.steam_id, *(row.involved_steam_ids or [])) if one}


def _horizon() -> datetime:
    """Before this moment rollups stay as they are: their raw rows are gone."""
    horizon: datetime | None = db.fetch_value(
        """
        select horizon
        from rollups.sources
        where name = 'logs.event_hours'
          and horizon > '-infinity'
        """
    )
    return horizon or datetime.min.replace(tzinfo=UTC)


def _parts(parcel: EventBatch) -> Iterator[EventBatch]:
    """A parcel in several; the first one has the counts."""
    rows: list[Row] = []
    counts, size = parcel.counts, 0
    for row in parcel.rows:
        rows.append(row)
        size += 400 + len(row.raw_text) + len(row.metadata)
        if size > _SIZE:
            yield EventBatch(parcel.server_id, parcel.receipt, rows, counts)
            rows, counts, size = [], Counter(), 0
    if rows or counts:
        yield EventBatch(parcel.server_id, parcel.receipt, rows, counts)


def _packed(parcel: EventBatch) -> dict[str, Any]:
    return {
        "server": parcel.server_id,
        "receipt": parcel.receipt.isoformat(),
        "rows": json.loads(json.dumps(parcel.rows, default=str)),
        "counts": [[*what, number] for what, number in parcel.counts.items()],
    }


def _unpacked(said: list[Any]) -> Row:
    row = Row(*said)
    return row._replace(
        sent_at=datetime.fromisoformat(said[1]).astimezone(UTC),
        occurred_at=datetime.fromisoformat(said[2]).astimezone(UTC),
    )
