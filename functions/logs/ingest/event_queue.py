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

_SIZE = 40_000  # characters of a batch, about: several make a message


def enqueue(batch: EventBatch, key: str | None = None) -> None:
    """Queues a batch that came with an API key; raises Unavailable."""
    spool.enqueue("logs.events", [_serialise(part) for part in _split(batch)], key)


def consume(item: Any, accepted_at: int) -> None:
    """Stores a spooled batch, without who was erased since then and what is no longer kept.

    Its own receipt counts, not `accepted_at`.
    """
    receipt = datetime.fromisoformat(item["receipt"])
    rows = [_to_row(values) for values in item["rows"]]
    erased = erasure.find_erased_since("logs.erase", receipt, set().union(*map(_steam_ids, rows)))
    horizon = _horizon()
    kept = [
        row for row in rows if row.occurred_at >= horizon and erased.isdisjoint(_steam_ids(row))
    ]
    counts = Counter({(outcome, detail): number for outcome, detail, number in item["counts"]})
    event_writer.store(EventBatch(item["server"], receipt, kept, counts))
    change_queue.fold_if_long(row.occurred_at for row in kept)


def _steam_ids(row: Row) -> set[str]:
    return {known for known in (row.steam_id, *(row.involved_steam_ids or [])) if known}


def _horizon() -> datetime:
    """Before this moment rollups stay as they are: their raw rows are gone."""
    horizon: datetime | None = db.fetch_value(
        """
        select retained_from
        from rollups.sources
        where name = 'logs.event_hours'
          and retained_from > '-infinity'
        """
    )
    return horizon or datetime.min.replace(tzinfo=UTC)


def _split(batch: EventBatch) -> Iterator[EventBatch]:
    """A batch in several; the first one has the counts."""
    rows: list[Row] = []
    counts, size = batch.counts, 0
    for row in batch.rows:
        rows.append(row)
        size += 400 + len(row.raw_text) + len(row.metadata)
        if size > _SIZE:
            yield EventBatch(batch.server_id, batch.receipt, rows, counts)
            rows, counts, size = [], Counter(), 0
    if rows or counts:
        yield EventBatch(batch.server_id, batch.receipt, rows, counts)


def _serialise(batch: EventBatch) -> dict[str, Any]:
    return {
        "server": batch.server_id,
        "receipt": batch.receipt.isoformat(),
        "rows": json.loads(json.dumps(batch.rows, default=str)),
        "counts": [[*what, number] for what, number in batch.counts.items()],
    }


def _to_row(values: list[Any]) -> Row:
    row = Row(*values)
    return row._replace(
        sent_at=datetime.fromisoformat(values[1]).astimezone(UTC),
        occurred_at=datetime.fromisoformat(values[2]).astimezone(UTC),
    )
