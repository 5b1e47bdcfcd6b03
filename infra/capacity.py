"""`make capacity`: what a number of events a second asks of Lambda, the database and a purse.

A model, not a measurement: what infra/capacity.toml says was measured, times what it assumes. It
writes infra/CAPACITY.md.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

_HERE = Path(__file__).resolve().parent
DOCUMENT = _HERE / "CAPACITY.md"
RATES = (100, 10_000, 1_000_000)
_DAY = 86_400  # seconds
_MONTH = 730 * 3600


class Assumption(NamedTuple):
    """A number that nobody measured, or a price."""

    value: float
    means: str


@dataclass(frozen=True)
class Model:
    """What is multiplied: capacity.toml."""

    figures: dict[str, Any]
    assumptions: dict[str, Assumption]
    prices: dict[str, Assumption]


_TIERS = {
    "rest": ((333e6, 3.50), (667e6, 2.80), (math.inf, 2.38)),
    "http": ((300e6, 1.00), (math.inf, 0.90)),
}


def read_model(file: Path = _HERE / "capacity.toml") -> Model:
    """The model that is checked in."""
    read = tomllib.loads(file.read_text())
    assumptions, prices = (
        {name: Assumption(**one) for name, one in read[part].items()}
        for part in ("assumptions", "prices")
    )
    return Model(read["figures"], assumptions, prices)


@dataclass(frozen=True)
class Need:
    """What a rate of events asks for; without another word a second, and the mean."""

    rate: float  # events
    requests: float
    drains: float  # invocations that store what was queued
    seconds: float  # of Lambda
    concurrency: int  # invocations at once, at the peak
    connections: int  # to the database at once, at the peak
    cores: int  # of the database
    size: float  # GB on its disk
    queue: float  # million events that wait after an outage
    messages: float  # of the queue
    posts: float  # to sockets


def compute(rate: float, model: Model, is_buffered: bool) -> Need:
    """The need of so many events a second, stored at once or queued first."""
    f, a = model.figures, {name: one.value for name, one in model.assumptions.items()}
    singles, batches = rate * a["single"], rate * (1 - a["single"]) / a["batch"]
    written = singles + batches  # requests, each a transaction
    reads = written * a["reads"]
    network = a["network_ms"] / 1_000
    alone, batched = f["single_ms"] / 1_000, f["batch_ms"] / 1_000_000  # seconds an event
    writing = written * (alone + network) + (rate - singles) * batched
    drains = rate / a["buffer"] if is_buffered else 0.0
    draining = drains * (a["buffer"] * batched + network)
    reading = reads * a["read_ms"] / 1_000
    # A request that only queues holds no connection: the drain does.
    connected = reading + (draining if is_buffered else writing)
    if is_buffered:
        writing *= a["check"]
    busy = rate / f["events_per_core"] + reading / 2
    busy += (drains if is_buffered else written) * alone
    seconds = writing + draining + reading
    return Need(
        rate=rate,
        requests=written + reads,
        drains=drains,
        seconds=seconds,
        concurrency=math.ceil(seconds * a["peak"]),
        connections=math.ceil(connected * a["peak"] / a["busy"]),
        cores=max(2, math.ceil(busy * a["peak"] / a["busy"])),
        size=_measure_disk(rate, f, a),
        queue=rate * a["outage"] / 1e6,
        messages=rate * a["event"] / a["message"] + singles if is_buffered else 0.0,
        posts=rate * a["live"] * a["room"],
    )


def _measure_disk(rate: float, f: dict[str, Any], a: dict[str, float]) -> float:
    """GB of raw events, of which a day is not packed yet, and of rollups."""
    kept: float = f["bytes_raw"] + (a["days"] - 1) * f["bytes_packed"]
    stored = rate * _DAY * kept
    return stored * (1 + a["rollups"]) / 1e9


def price(need: Need, model: Model) -> dict[str, float]:
    """Dollars a month, by what is paid for; `rest` and `http` are one or the other."""
    a = {name: one.value for name, one in model.assumptions.items()}
    p = {name: one.value for name, one in model.prices.items()}
    requests = need.requests * _MONTH
    return {
        "rest": _tiered(requests, "rest"),
        "http": _tiered(requests, "http"),
        "lambda": (requests + need.drains * _MONTH) / 1e6 * p["invoke"]
        + need.seconds * _MONTH * a["memory"] * p["compute"],
        "sockets": need.posts * _MONTH / 1e6 * p["post"],
        "queue": 3 * need.messages * _MONTH / 1e6 * p["sqs"],  # sent, received, deleted
        "database": need.cores * p["core"] + need.size * 1.5 * p["disk"],
        "logs": requests * a["log"] / 1e6 * p["log"],
    }


def _tiered(requests: float, kind: str) -> float:
    total = 0.0
    for most, price in _TIERS[kind]:
        part = min(requests, most)
        total += part / 1e6 * price
        requests -= part
    return total


class Lever(NamedTuple):
    """What to change, and from which need on."""

    what: str
    above: float
    pull: str


# `what` is a field of Need, or a part of the price.
LEVERS = (
    Lever(
        "connections", 400, "`DatabasePooler`: PgBouncer in transaction mode before the database"
    ),
    Lever(
        "concurrency",
        1_000,
        "ask AWS for more; [CONCURRENCY.md](CONCURRENCY.md) says how it is shared out",
    ),
    Lever("rest", 1_000, "larger batches first, for `batch` counts most; then an HTTP API"),
    Lever(
        "cores", 8, "`INGEST=buffered`: the drain writes thousands at once; a replica for analysts"
    ),
    Lever(
        "cores",
        32,
        "a larger machine, then a database for each of logs, ttt and tilt (`DATABASE_URL_LOGS` …)",
    ),
    Lever("cores", 128, "several stacks, each with its own communities; one lake for analysts"),
    Lever("size", 2_000, "fewer days of raw events (`make rollups`): the lake has the others"),
    Lever("posts", 2_000, "`FanoutRate`, with a larger request quota of the account"),
)
_NAMES = {
    "connections": "connections",
    "concurrency": "invocations at once",
    "rest": "dollars a month for the REST API",
    "cores": "cores of the database",
    "size": "GB of the database",
    "posts": "posts a second",
}
_INTRODUCTION = """\
# Capacity

`make capacity` writes this: a model of figures that were measured and assumptions that were not,
both in [capacity.toml](capacity.toml). It is for choosing a lever before it is needed, and promises
nothing. *Buffered* is `INGEST=buffered`.
"""
_OF_LEVERS = """
A database that may not go away needs a standby on a second machine from the first day, which
doubles its row: an hour's outage asks for it, and no rate. The template stays with a REST API,
whose own answers, web application firewall and throttling by method an HTTP API lacks; what
that costs is the difference between the two rows of the gateway. The second column
of rates is what is asked for once events are buffered.
"""
_ENGINES = """
## Why not another engine

- **Citus**: its planner's hooks clash with TimescaleDB's; one database cannot have both.
- **Aurora** has no TimescaleDB: no hypertables, no columnstore, no retention by chunks.
- **Yugabyte** has none either, and each request's transaction would wait for several nodes.
"""


def write(model: Model) -> str:
    """The document."""
    parts = (_table(model), _levers(model), _sources(model))
    tables, levers, sources = ("\n".join(part) for part in parts)
    return f"{_INTRODUCTION}\n{tables}\n\n{levers}\n{_OF_LEVERS}\n{sources}\n{_ENGINES}"


def _levers(model: Model) -> Iterator[str]:
    yield "## Which lever when\n"
    yield "| above | pull | at events/s | buffered |\n|---|---|---:|---:|"
    for lever in LEVERS:
        told = [_find_rate(lever, model, mode) for mode in (False, True)]
        yield f"| {lever.above:,} {_NAMES[lever.what]} | {lever.pull} | {told[0]} | {told[1]} |"


def _find_rate(lever: Lever, model: Model, is_buffered: bool) -> str:
    """The first of the rates 100, 200, 500, 1,000 … that asks for a lever."""
    for rate in (step * 10**power for power in range(2, 7) for step in (1, 2, 5)):
        need = compute(rate, model, is_buffered)
        if (vars(need) | price(need, model))[lever.what] > lever.above:
            return f"{rate:,}"
    return "–"


def _sources(model: Model) -> Iterator[str]:
    f = model.figures
    yield f"## Figures\n\nOf {f['date']}, `make bench ONLY=capacity` on {f['machine']}:\n"
    yield f"- {f['single_ms']:g} ms of CPU of handler and database for one event"
    yield f"- {f['batch_ms']:g} ms of both for a batch of 1,000"
    yield f"- {f['events_per_core']:,} events a second that a core of the database stores"
    yield f"- {f['bytes_raw']} bytes of an event with its indexes, {f['bytes_packed']} packed\n"
    yield "## Assumptions\n\n| name | value | |\n|---|---:|---|"
    for name, one in model.assumptions.items():
        yield f"| `{name}` | {one.value:,g} | {one.means} |"
    yield "\nDollars, list prices of us-east-1 and November 2026, without discounts and transfer:\n"
    for one in model.prices.values():
        yield f"- {_plain(one.value)} a {one.means}"


def _plain(value: float) -> str:
    return f"{value:.2f}" if value >= 0.01 else f"{value:.10f}".rstrip("0")


_ROWS = {
    "requests": "requests/s",
    "concurrency": "Lambda: invocations at once",
    "connections": "connections to the database",
    "cores": "its cores",
    "size": "its GB",
    "queue": "queued by an hour's outage, million events",
    "posts": "posts to sockets/s",
    "rest": "REST API, $ a month",
    "http": "or HTTP API",
    "lambda": "Lambda",
    "sockets": "sockets",
    "queue_cost": "SQS",
    "database": "database and disk",
    "logs": "logs",
    "all": "**all, with REST**",
    "all_http": "all, with HTTP",
}


def _table(model: Model) -> Iterator[str]:
    """A column for each rate, stored at once and buffered."""
    columns = [(rate, mode) for rate in RATES for mode in (False, True)]
    heads = [f"{rate:,}{' buffered' if mode else ''}" for rate, mode in columns]
    yield f"| events/s | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}"
    cells = [_column(compute(rate, model, mode), model) for rate, mode in columns]
    for key, name in _ROWS.items():
        shown = [f"{one[key]:,.1f}" if key == "queue" else f"{one[key]:,.0f}" for one in cells]
        yield f"| {name} | {' | '.join(shown)} |"


def _column(need: Need, model: Model) -> dict[str, float]:
    cost = price(need, model)
    total = sum(cost.values()) - cost["http"]
    both = {"all": total, "all_http": total - cost["rest"] + cost["http"]}
    cost["queue_cost"] = cost.pop("queue")
    return vars(need) | cost | both


def main() -> int:
    """Write the document."""
    DOCUMENT.write_text(write(read_model()))
    print(DOCUMENT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
