"""logs.bytes: what a stored event takes on disk with its indexes, before and after it is packed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from functions.logs.search import columnstore
from functions.shared import db
from tests.benchmarks import logs_store
from tests.benchmarks.figures import Figure, stated
from tests.benchmarks.store import Store, environ

NAMES = ("logs.bytes", "logs.bytes.packed")
_EVENTS = 500_000  # of the week
_WEEK = timedelta(days=7)
_SMALLER = 8


def measure(store: Store) -> list[Figure]:
    """A week of events, stored in batches as they came; packed where the edition can do it."""
    with store.connect() as admin:
        logs_store.record(store, _EVENTS, _start(datetime.now(UTC)), _WEEK)
        logs_store.settle(admin)
        before = _bytes(admin)
        with environ(store):
            report = columnstore.run(admin)
        assert report.left == 0
        assert report.indexed == report.compressed
        after = _bytes(admin)
    figures = [stated("logs.bytes", before / _EVENTS, "B")]
    if report.compressed:
        figures.append(_smaller("logs.bytes.packed", after / _EVENTS, before / _EVENTS))
    return figures


def _smaller(name: str, value: float, versus: float) -> Figure:
    ratio = versus / value
    return Figure(name, value, "B", versus, ratio, f">= {_SMALLER} x smaller", ratio >= _SMALLER)


def _start(now: datetime) -> datetime:
    """Of a chunk that is due to be packed: chunks begin with the weeks since 1970."""
    since = datetime.fromtimestamp(0, UTC)
    return since + (now - since) // _WEEK * _WEEK - 3 * _WEEK


def _bytes(admin: db.Connection) -> int:
    """Of all chunks, their indexes, what is stored beside them, and the inverted index of them."""
    [row] = admin.execute(
        """
        select hypertable_size('logs.events') + sum(pg_total_relation_size(index_table)) as bytes
        from unnest(
          array['logs.indexed_chunks', 'logs.compressed_batches', 'logs.term_pages']::regclass[]
        ) as index_table
        """
    ).fetchall()
    return int(row["bytes"])
