"""The schedule fires by itself."""

from __future__ import annotations

import time
from typing import Any

import psycopg

from tests.support.stack import Database, Wire, event, until


def test_dirty_buckets_become_clean_without_anybody_calling(http: Wire, database: Database) -> None:
    for age in range(5):
        late = int((time.time() - age * 86_400) * 1000)
        assert http("POST", "/api/tilt/events", event("late", timestamp=late)).status == 200
    with psycopg.connect(database.server.app_url, autocommit=True) as connection:

        def dirty() -> int:
            [count] = connection.execute(
                "select count(*) from rollups.dirty_buckets"
            ).fetchone() or [0]
            return int(count)

        assert dirty() >= 5
        # A minute to the next firing, and what the local scheduler takes to notice.
        until(90, lambda: dirty() == 0)
    assert http("GET", "/api/tilt/stats/late").json["totalEvents"] == 5


def test_what_analysts_run_is_looked_at_every_minute(stack: Any, database: Database) -> None:
    with psycopg.connect(database.server.app_url, autocommit=True) as connection:

        def looks() -> set[Any]:
            """Of the job's runs the last one that ended well, if any did."""
            rows = connection.execute(
                """
                select succeeded_at
                from shared.job_runs
                where name = 'rollups.analysts'
                  and error is null
                """
            ).fetchall()
            return {moment for (moment,) in rows}

        until(120, lambda: bool(looks()))
        before = looks()
        until(90, lambda: bool(looks() - before))
