"""Gauges: what they say of a quiet, a busy and a neglected community."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from functions.health import gauges, handlers
from functions.shared import db
from infra.local.gateway import Template
from tests.support.client import Client
from tests.support.live import rooms
from tests.support.ttt.contract import collect

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Template)


def measure(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The metrics that one run writes, by name."""
    capsys.readouterr()
    handlers.measure({}, None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [
        line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]
        for line in lines
        if line["event"] == "metric"
    ]
    values = [line for line in lines if line["event"] == "metric"]
    return {name: line[name] for name, line in zip(names, values, strict=True)}


def let_all_jobs_succeed(ago: str = "0 seconds") -> None:
    db.query("delete from shared.job_runs")
    db.query(
        """
        insert into shared.job_runs (name, started_at, ended_at, succeeded_at)
        select name, now() - %s::interval, now() - %s::interval, now() - %s::interval
        from unnest(%s::text[]) as name
        """,
        (ago, ago, ago, list(gauges.OVERDUE_AFTER)),
    )


@pytest.mark.commits
def test_of_a_quiet_community_all_gauges_are_zero(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    let_all_jobs_succeed()
    assert measure(capsys) == {
        "JobsOverdue": 0,
        "RollupLag": 0,
        "RoundsQuarantined": 0,
        "SocketsOpen": 0,
        "FanoutBudgetUse": 0,
    }


@pytest.mark.commits
def test_each_gauge_counts(
    client: Client, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    let_all_jobs_succeed()
    assert collect(client).status == 201
    db.query("update rollups.dirty_buckets set marked_at = now() - interval '2 hours'")
    assert client.post("/api/collect", '{"round_id": "r", "kills": 3}').status == 400
    rooms.connect("a", "room:1", 1)
    setting(FANOUT_RATE="10")
    db.query("select live.spend_posts(6, 10)")
    found = measure(capsys)
    assert 7200 <= found["RollupLag"] < 8000
    assert (found["RoundsQuarantined"], found["SocketsOpen"]) == (1, 1)
    assert 0 < found["FanoutBudgetUse"] <= 100 * 6 / 10


def test_jobs_are_overdue_when_they_do_not_succeed(store: str) -> None:
    let_all_jobs_succeed("10 minutes")
    assert gauges.count_overdue_jobs() == 0
    let_all_jobs_succeed("20 minutes")
    often = [job for job, seconds in gauges.OVERDUE_AFTER.items() if seconds < 20 * 60]
    assert gauges.count_overdue_jobs() == len(often) > 0
    nightly = [job for job, seconds in gauges.OVERDUE_AFTER.items() if seconds > 24 * 3600]
    let_all_jobs_succeed("25 hours")
    assert gauges.count_overdue_jobs() == len(gauges.OVERDUE_AFTER) - len(nightly) > 0
    let_all_jobs_succeed("2 days")
    assert gauges.count_overdue_jobs() == len(gauges.OVERDUE_AFTER)
    let_all_jobs_succeed()
    db.query("update shared.job_runs set succeeded_at = null where name = 'logs.privacy'")
    db.query("update shared.migrations set applied_at = now()")
    assert gauges.count_overdue_jobs() == 0, "it has just been installed"
    db.query("update shared.migrations set applied_at = now() - interval '6 hours'")
    assert gauges.count_overdue_jobs() == 1
    db.query("delete from shared.job_runs")
    assert gauges.count_overdue_jobs() == len(gauges.OVERDUE_AFTER) - len(nightly)


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("rollups.dirty_buckets", {"RollupLag"}),
        ("ttt.quarantine", {"RoundsQuarantined"}),
        ("live.connections", {"SocketsOpen", "FanoutBudgetUse"}),
    ],
)
@pytest.mark.commits
def test_what_cannot_be_read_is_no_gauge_and_hides_no_other(
    store: str, migrated: Any, capsys: pytest.CaptureFixture[str], table: str, names: set[str]
) -> None:
    let_all_jobs_succeed()
    whole = measure(capsys).keys()
    schema, _, name = table.partition(".")
    rename = sql.SQL("alter table {} rename to {}")
    with psycopg.connect(migrated[1], autocommit=True) as admin:
        admin.execute(rename.format(sql.Identifier(schema, name), sql.Identifier("away")))
        try:
            found = measure(capsys).keys()
        finally:
            admin.execute(rename.format(sql.Identifier(schema, "away"), sql.Identifier(name)))
    assert whole - found == names


def jobs_of(handler: str) -> set[str]:
    """The names under which a handler runs jobs."""
    module, _, name = handler.rpartition(".")
    tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text())
    [function] = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    return {
        ast.literal_eval(node.args[0])
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("run_job", "run_everywhere")
    }


def seconds_of(schedule: str) -> int:
    """What passes between two firings."""
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour)s?\)", schedule):
        return int(rate[1]) * {"minute": 60, "hour": 3600}[rate[2]]
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", schedule)
    return 24 * 3600


def test_every_scheduled_job_is_watched_and_may_be_late() -> None:
    """Two firings and a bit, or a night and a bit."""
    defaults = {name: one.get("Default") for name, one in TEMPLATE["Parameters"].items()}
    watched = set()
    for one in TEMPLATE["Resources"].values():
        events = one["Properties"].get("Events", {}).values()
        given = [
            event["Properties"]["ScheduleExpression"]
            for event in events
            if event["Type"] == "ScheduleV2"
        ]
        # Of a function with two jobs each has its own.
        shortest = min((seconds_of(defaults.get(one, one)) for one in given), default=0)
        for job in jobs_of(one["Properties"]["Handler"]) - {"health.measure"} if given else ():
            watched.add(job)
            assert gauges.OVERDUE_AFTER[job] > min(2 * shortest, 25 * 3600), job
    assert watched == gauges.OVERDUE_AFTER.keys()
