"""logs.ingest.memory: what a batch of 2,000 events and 2 MB takes, sent first and sent again."""

from __future__ import annotations

from statistics import median

from tests.benchmarks import logs_requests
from tests.benchmarks.caller import callee
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.logs_requests import Sender
from tests.benchmarks.store import Store

NAMES = ("logs.ingest.memory",)
_TIMES = 5
_MB = 1_000_000


def measure(store: Store) -> list[Figure]:
    """The larger of both; each batch is answered by a fresh process, warmed by small ones."""
    sender = logs_requests.sender(store)
    first, again = [], []
    for number in range(1, _TIMES + 1):
        body = sender.large(number)
        for sizes in (first, again):
            sizes.append(_peak(store, sender, body))
    print(f"  first {median(first):.1f} MB, again {median(again):.1f} MB", flush=True)
    size = len(body.encode()) / _MB
    worst = max(median(first), median(again))
    return [at_most("logs.ingest.memory", worst, size, 10, "MB")]


def _peak(store: Store, sender: Sender, body: str) -> float:
    with callee("tests.benchmarks.logs_peak", store.app_url, domains="logs") as ours:
        small = [sender.post(number, count=50) for number in (1, 2)]
        ours.answer(small + small)  # first by COPY, then as duplicates
        return ours.answer([sender.send(body)])[0] / _MB
