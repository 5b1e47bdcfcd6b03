"""Spooled batches: events that were accepted and not stored yet, with their ids."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from functions.logs import change_queue
from functions.logs.ingest import event_writer
from functions.logs.ingest.event_writer import EventBatch
from functions.logs.rows import Row
from functions.shared import db, erasure, spool
from functions.shared.spool import Accepted

_SIZE = 40_000  # characters of a batch, about: several make a message
_NEVER = datetime.min.replace(tzinfo=UTC)


def enqueue(batch: EventBatch, key: str | None = None) -> None:
    """Queues a batch that came with an API key; raises Unavailable."""
    spool.enqueue("logs.events", [_serialise(part) for part in _split(batch)], key)


@db.retried
def consume(accepted: Sequence[Accepted]) -> None:
    """Stores spooled batches, all or none, without who was erased since then and what is no longer
    kept. Their own receipts count, not when they were accepted.

    Those of a server are stored together, a receipt's hour at a time.
    """
    batches = [_read(one.item) for one in accepted]
    erasures = erasure.find_erasures(
        "logs.erase",
        min(batch.receipt for batch in batches),
        set().union(*(_steam_ids(row) for batch in batches for row in batch.rows)),
    )
    horizon = _horizon()
    kept = [
        replace(
            batch,
            rows=[
                row
                for row in batch.rows
                if row.occurred_at >= horizon
                and not any(erasures.get(who, _NEVER) >= batch.receipt for who in _steam_ids(row))
            ],
        )
        for batch in batches
    ]
    with db.transaction():
        for batch in _merge(kept):
            event_writer.store(batch)
    change_queue.fold_if_long(row.occurred_at for batch in kept for row in batch.rows)


def _read(item: Any) -> EventBatch:
    counts = Counter({(outcome, detail): number for outcome, detail, number in item["counts"]})
    rows = [_to_row(values) for values in item["rows"]]
    return EventBatch(item["server"], datetime.fromisoformat(item["receipt"]), rows, counts)


def _merge(batches: list[EventBatch]) -> Iterator[EventBatch]:
    """The batches of each server and hour as one, as of the latest receipt.

    In the order of servers, so that two drains take turns.
    """
    alike: defaultdict[tuple[str, datetime], list[EventBatch]] = defaultdict(list)
    for batch in batches:
        hour = batch.receipt.replace(minute=0, second=0, microsecond=0)
        alike[batch.server_id, hour].append(batch)
    for (server_id, _), several in sorted(alike.items(), key=lambda one: one[0]):
        yield EventBatch(
            server_id,
            max(batch.receipt for batch in several),
            [row for batch in several for row in batch.rows],
            sum((batch.counts for batch in several), Counter()),
        )


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
    return horizon or _NEVER


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
