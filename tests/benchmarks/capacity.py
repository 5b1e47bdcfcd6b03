"""capacity: what an event costs in CPU time and bytes, of which infra/capacity.toml has a copy.

CPU time, of the handler's process and of its database's backend: other load does not count.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from functions import domains
from functions.shared import db
from functions.shared.gateway import Gateway
from tests.benchmarks import logs_requests
from tests.benchmarks.figures import Figure, stated
from tests.benchmarks.requests import post
from tests.benchmarks.store import Store, environ

NAMES = ("capacity.single", "capacity.batch", "capacity.database", "capacity.bytes")
_TICK = os.sysconf("SC_CLK_TCK")
_BATCHES = 40
_SINGLES = 80  # of one key: it may send 100 a minute


def measure(store: Store) -> list[Figure]:
    """One event, and batches of 1,000 after a few that warm up."""
    sender = logs_requests.sender(store)
    handler = Gateway(domains.load_first_routes(["tilt", "logs"]), {})
    now = int(time.time() * 1000) - 3_600_000
    with environ(store):
        _cost(handler, [post(now + n) for n in range(9)])
        single, of_single = _cost(handler, [post(now + 10 + n) for n in range(_SINGLES)])
        _cost(handler, [sender.post(n) for n in range(1, 6)])
        before = _bytes()
        batch, of_batch = _cost(handler, [sender.post(n) for n in range(6, 6 + _BATCHES)])
        size = (_bytes() - before) / _BATCHES / 1_000
    return [
        stated("capacity.single", single + of_single),
        stated("capacity.batch", batch + of_batch),
        stated("capacity.database", 1_000 * 1_000 / of_batch, "events/s"),
        stated("capacity.bytes", size, "bytes"),
    ]


def _cost(handler: Callable[[Any, Any], Any], events: list[Any]) -> tuple[float, float]:
    """CPU milliseconds of a request, in this process and in its backend."""
    own, backend = time.process_time(), _backend()
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        answers = [handler(event, None) for event in events]
    assert {answer["statusCode"] for answer in answers} <= {200, 201}, answers[0]
    spent = time.process_time() - own, _backend() - backend
    return spent[0] * 1_000 / len(events), spent[1] * 1_000 / len(events)


def _backend() -> float:
    """CPU seconds of the process at the other end of the functions' connection."""
    words = Path(f"/proc/{db.connection().info.backend_pid}/stat").read_text().rpartition(")")[2]
    return sum(map(int, words.split()[11:13])) / _TICK


def _bytes() -> int:
    found = db.query(
        "select sum(pg_total_relation_size(c.oid))::bigint as bytes from pg_class as c"
        " where c.relkind = 'r' and c.relnamespace = '_timescaledb_internal'::regnamespace"
    )
    return int(found[0]["bytes"])
