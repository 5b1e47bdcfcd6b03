"""Scheduled functions: they end themselves before Lambda does, and wait longer than requests."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from functions.shared import db
from functions.shared.scheduled import run_job

pytestmark = pytest.mark.commits


def run(context: Any) -> dict[str, Any]:
    """The report of a job that looks at its time-outs."""

    def job(connection: db.Connection, seconds: float) -> SimpleNamespace:
        row = connection.execute("show statement_timeout").fetchone()
        assert row
        assert connection.wait_timeout is None
        return SimpleNamespace(seconds=seconds, timeout=row["statement_timeout"])

    return run_job("a.job", job, context)


def left(milliseconds: int) -> Any:
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)


@pytest.mark.parametrize(
    ("context", "seconds"), [(left(300_000), 270), (left(20_000), 1), (None, 240)]
)
def test_a_job_ends_before_lambda_does(
    store: str, setting: Callable[..., None], context: Any, seconds: float
) -> None:
    setting(DATABASE_POOLER="false")
    assert run(context) == {"seconds": seconds, "timeout": "10min"}


def test_behind_a_pooler_no_timeout_is_set_for_whoever_comes_next(
    store: str, setting: Callable[..., None]
) -> None:
    setting(DATABASE_POOLER="true")
    db.query("set statement_timeout = '7min'")
    assert run(None)["timeout"] == "7min"


def last_run() -> db.Row:
    [row] = db.query(
        """
        select started_at, ended_at, succeeded_at, error, ended_at >= started_at as is_in_order
        from shared.job_runs
        where name = 'a.job'
        """
    )
    assert row["is_in_order"]
    return row


def test_a_run_is_kept_until_the_next_one(store: str) -> None:
    run(None)
    first = last_run()
    assert (first["succeeded_at"], first["error"]) == (first["ended_at"], None)

    def fail(*_: Any) -> None:
        raise ValueError("no words of it are kept")

    with pytest.raises(ValueError, match="no words"):
        run_job("a.job", fail, None)
    failed = last_run()
    assert failed["ended_at"] > first["ended_at"]
    assert (failed["succeeded_at"], failed["error"]) == (first["succeeded_at"], "ValueError")
    run(None)
    assert last_run()["error"] is None


@pytest.mark.parametrize("pooler", ["false", "true"])
def test_a_job_outlives_a_database_that_was_restarted_since_its_last_firing(
    store: str, setting: Callable[..., None], migrated: tuple[Any, str, str], pooler: str
) -> None:
    """Regression: the first firing after a restart failed with the connection of the one before."""
    setting(DATABASE_POOLER=pooler)
    done = run_job("a.job", lambda connection, _: SimpleNamespace(pid=pid(connection)), None)
    with psycopg.connect(migrated[1]) as admin:
        admin.execute("select pg_terminate_backend(%s)", (done["pid"],))
    again = run_job("a.job", lambda connection, _: SimpleNamespace(pid=pid(connection)), None)
    assert again["pid"] != done["pid"]


def pid(connection: db.Connection) -> int:
    row = connection.execute("select pg_backend_pid() as pid").fetchone()
    assert row
    return int(row["pid"])
