"""Health: rollups, jobs, queues, quarantine and sockets, as operators see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.health import queues
from functions.shared import db, log
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
    `succeeded_at` is null for a job that never ended well."""

    name: str
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


class Health(ResponseModel):
    """Null is what could not be read."""

    rollups: list[RollupLag] | None
    jobs: list[JobRun] | None
    queues: queues.QueueLengths | None
    quarantine: QuarantineSize | None
    live: OpenSockets | None


def get_health() -> Response:
    """The Health of now. One round trip, while the queues are asked."""
    reading = queues.begin_reading()
    parts = fetch_parts()
    answer: dict[str, Any] = {**parts, "queues": queues.wait(reading)}
    return Response(answer)


def fetch_parts() -> dict[str, Any]:
    """What the database knows of a Health. One round trip."""
    row = db.fetch_one(
        """
        select rollups, jobs, quarantine, live, errors
        from shared.describe_health(%s)
        """,
        (settings().fanout_rate,),
    )
    assert row
    if failed := row.pop("errors"):
        log.event("health.parts", level="ERROR", failed=failed)
    return row
