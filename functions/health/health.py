"""Health: rollups, jobs, queues, quarantine and sockets, as operators see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.health import queues
from functions.shared import db, log, stores
from functions.shared.fields import ResponseModel
from functions.shared.response import Response
from functions.shared.settings import settings


class RollupLag(ResponseModel):
    """A rollup. `lag_seconds`: since the first change that its stored rows lack, 0 for none;
    readers get exact numbers all the same. `wrong_rows`: what its last audit found and repaired;
    null: no audit yet."""

    name: str
    dirty_buckets: int
    lag_seconds: int
    oldest_dirty: datetime | None
    audited_at: datetime | None
    wrong_rows: int | None


class JobRun(ResponseModel):
    """The last run of a scheduled job; `error` is the kind of error that ended it, null for none.
    `succeeded_at` is null for a job that never ended well. `store`: on which store it ran."""

    name: str
    store: str
    started_at: datetime
    ended_at: datetime
    succeeded_at: datetime | None
    error: str | None


class QuarantineSize(ResponseModel):
    """Refused bodies of TTT rounds, kept for 30 days; `make quarantine` lists them."""

    bodies: int
    bytes: int
    oldest_at: datetime | None


class FanoutBudget(ResponseModel):
    """Posts a second that are allowed, how many may be sent now, and how many a second there were
    in the last minute."""

    rate: int
    left: int
    posts_per_second: float


class OpenSockets(ResponseModel):
    """Open sockets; `waiting` ones are still being brought up to date."""

    rooms: int
    sockets: int
    waiting: int
    users: int
    budget: FanoutBudget


class StoreHealth(ResponseModel):
    """A TimescaleDB: `main`, or one that the named domain has of its own; whether it answers."""

    name: str
    is_reachable: bool


class Health(ResponseModel):
    """Null is what could not be read. Rollups and jobs are of the stores that can be reached."""

    stores: list[StoreHealth]
    rollups: list[RollupLag] | None
    jobs: list[JobRun] | None
    queues: queues.QueueLengths | None
    quarantine: QuarantineSize | None
    live: OpenSockets | None


def get_health() -> Response:
    """The Health of now. One round trip a store, while the queues are asked."""
    reading = queues.begin_reading()
    parts = fetch_parts()
    return Response({**parts, "queues": queues.wait(reading)})


def fetch_parts() -> dict[str, Any]:
    """What the stores know of a Health. One round trip each."""
    parts: dict[str, Any] = {
        "stores": [],
        "rollups": [],
        "jobs": [],
        "quarantine": None,
        "live": None,
    }
    for store in stores.list_stores():
        with stores.on(store):
            _add_store(parts, store)
    return parts


def _add_store(parts: dict[str, Any], store: str) -> None:
    """Adds what a store knows of the domains that live there; raises DatabaseUnavailable of main
    alone."""
    try:
        found = _read()
    except db.DatabaseUnavailable:
        if store == stores.MAIN:
            raise
        parts["stores"].append({"name": store, "is_reachable": False})
        return
    parts["stores"].append({"name": store, "is_reachable": True})
    for name in ("rollups", "jobs"):
        if found[name] is None or parts[name] is None:
            parts[name] = None  # of one store it says nothing of all
    if parts["rollups"] is not None:
        parts["rollups"] += [
            one for one in found["rollups"] if stores.is_here(one["name"].partition(".")[0])
        ]
    if parts["jobs"] is not None:
        parts["jobs"] += [{**one, "store": store} for one in found["jobs"]]
    if stores.is_here("ttt"):
        parts["quarantine"] = found["quarantine"]
    if stores.is_here("live"):
        parts["live"] = found["live"]


def _read() -> db.Row:
    row = db.fetch_one(
        """
        select rollups, jobs, quarantine, live, errors
        from shared.describe_health(%s)
        """,
        (settings().fanout_rate,),
    )
    assert row
    if failed := row.pop("errors"):
        log.event("health.parts", level="ERROR", failed=failed, store=stores.get_current())
    return row
