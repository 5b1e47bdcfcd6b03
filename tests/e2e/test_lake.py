"""The deployed function of the lake: what it puts into the bucket, DuckDB counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import duckdb

from functions.rollups import refresh
from functions.shared import db
from tests.support.online import beside
from tests.support.stack import Database, until

DAY = "2018-03-02"  # which no other test writes to
EVENTS = 1000


def test_what_the_deployed_function_writes_is_what_the_rollups_say(
    stack: Any, database: Database, setting: Callable[..., None], tmp_path: Path
) -> None:
    s3 = boto3.client("s3", **stack.cloud.access)
    bucket = _find_bucket(s3)
    with beside(database.server.app_url, setting):
        _measure_users()
        until(90, _is_marked)
        until(120, lambda: _write(stack)["left"] == 0 and not _is_marked())
        [rollup] = db.query(
            """
            select count(*) as rows, sum(events)::integer as events, sum(score_sum) as score
            from tilt.user_days
            where day = %s
            """,
            (DAY,),
        )
    for table in ("events", "user_days"):
        key = f"tilt/{table}/day={DAY}/00.parquet"
        s3.download_file(bucket, key, str(tmp_path / f"{table}.parquet"))
        manifest = s3.get_object(Bucket=bucket, Key=f"tilt/{table}/_manifest.json")
        files = {file["key"]: file for file in json.load(manifest["Body"])["files"]}
        assert files[key]["rows"] == {"events": EVENTS, "user_days": rollup["rows"]}[table]
    expected = [tuple(rollup.values())]
    events, days = f"'{tmp_path}/events.parquet'", f"'{tmp_path}/user_days.parquet'"
    counted = f"select count(distinct user_id), count(*), sum(tilt_score) from {events}"
    assert duckdb.sql(counted).fetchall() == expected
    stored = f"select count(*), sum(events), sum(score_sum) from {days}"
    assert duckdb.sql(stored).fetchall() == expected


def _find_bucket(s3: Any) -> str:
    names = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    [name] = [one for one in names if "lakebucket" in one.lower()]
    return str(name)


def _measure_users() -> None:
    db.query(
        """
        insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
        select md5('lake' || n)::uuid, %(day)s::timestamptz + n * interval '1 minute',
          'user' || n %% 7, n / 10.0, '[]', ''
        from generate_series(1, %(events)s) as n
        on conflict do nothing
        """,
        {"day": f"{DAY} 00:00Z", "events": EVENTS},
    )


def _is_marked() -> bool:
    """Whether the day waits for the lake; refreshes it, unless the stack's own job is at it."""
    refresh.run(db.connection())
    return bool(
        db.query(
            "select 1 as one from rollups.changed_days where name = 'tilt.events' and day = %s",
            (f"{DAY} 00:00Z",),
        )
    )


def _write(stack: Any) -> dict[str, Any]:
    """Fires the night's schedule."""
    functions = boto3.client("lambda", **stack.cloud.access)
    names = [one["FunctionName"] for one in functions.list_functions()["Functions"]]
    [name] = [one for one in names if "LakeFunction" in one]
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    report: dict[str, Any] = json.load(answer["Payload"])
    assert "FunctionError" not in answer, report
    return report
