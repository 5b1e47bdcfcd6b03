"""Alarms and the dashboard: they look at what is written, and at all that is."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from infra.local.gateway import Template
from infra.local.sam import ROOT

# What AWS itself writes, by namespace; the dimensions that each name needs.
OF_AWS = {
    "AWS/SQS": {
        "ApproximateNumberOfMessagesVisible": {"QueueName"},
        "ApproximateAgeOfOldestMessage": {"QueueName"},
    },
    "AWS/ApiGateway": {
        **{name: {"ApiName", "Stage"} for name in ("Count", "4XXError", "5XXError", "Latency")},
        **{name: {"ApiId", "Stage"} for name in ("ConnectCount", "MessageCount", "ExecutionError")},
    },
    "AWS/Lambda": {
        **{name: {"FunctionName"} for name in ("Errors", "Duration", "ConcurrentExecutions")},
    },
}
# These are of the account also, whose concurrency is one.
OF_THE_ACCOUNT = {"Throttles", "ConcurrentExecutions"}
MOST_OF_AN_ALARM = 10  # metrics that CloudWatch computes with
# People start it, and read what it answers.
WATCHED_BY_PEOPLE = {"MigrateFunction"}


@pytest.fixture(scope="module")
def alarms(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: one["Properties"]
        for name, one in resources.items()
        if one["Type"] == "AWS::CloudWatch::Alarm"
    }


@pytest.fixture(scope="module")
def dashboard(resources: dict[str, Any]) -> dict[str, Any]:
    text, variables = resources["Dashboard"]["Properties"]["DashboardBody"]
    condition, of_functions, without = variables["OfFunctions"]
    assert (condition, without) == ("WithFunctionAlarms", "")
    body = re.sub(r"\$\{([\w:.]+)\}", r"\1", text.replace("${OfFunctions}", of_functions))
    parsed: dict[str, Any] = json.loads(body)
    return parsed


@cache
def written() -> dict[str, frozenset[str]]:
    """The metrics that functions write, by name, with the dimensions of each."""
    found = {}
    for path in (ROOT / "functions").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "log.metric":
                name = ast.literal_eval(node.args[0])
                dimensions = frozenset({"Stack", *(str(word.arg) for word in node.keywords)})
                assert found.setdefault(name, dimensions) == dimensions, name
    return found


def looked_at(alarm: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The metrics of an alarm: their namespaces, names and dimensions."""
    if "Metrics" not in alarm:
        yield alarm
    for one in alarm.get("Metrics", []):
        if "MetricStat" in one:
            yield one["MetricStat"]["Metric"]


def charted(dashboard: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """The metrics of the dashboard that have a name: namespace, name and names of dimensions."""
    for widget in dashboard["widgets"]:
        for row in widget["properties"].get("metrics", []):
            if isinstance(row[0], str):
                namespace, name, *rest = [word for word in row if isinstance(word, str)]
                yield namespace, name, set(rest[::2])


def exists(namespace: str, name: str, dimensions: set[str]) -> bool:
    """Whether somebody writes a metric under these very dimensions."""
    if namespace == "Tiltyard":
        return written().get(name) == dimensions
    if namespace == "AWS/Lambda" and not dimensions:
        return name in OF_THE_ACCOUNT
    return OF_AWS[namespace].get(name) == dimensions


def test_every_alarm_is_of_a_metric_that_somebody_writes(alarms: dict[str, dict[str, Any]]) -> None:
    for name, alarm in alarms.items():
        for metric in looked_at(alarm):
            dimensions = {one["Name"] for one in metric.get("Dimensions", [])}
            assert exists(metric["Namespace"], metric["MetricName"], dimensions), name


def test_what_the_dashboard_shows_is_written(dashboard: dict[str, Any]) -> None:
    for namespace, name, dimensions in charted(dashboard):
        assert exists(namespace, name, dimensions), name


def test_every_metric_of_the_functions_is_shown(dashboard: dict[str, Any]) -> None:
    shown = {name for namespace, name, _ in charted(dashboard) if namespace == "Tiltyard"}
    assert shown == written().keys()


def test_what_the_dashboard_searches_for_is_one_of_lambdas_metrics(
    dashboard: dict[str, Any],
) -> None:
    expressions = [
        row[0]["expression"]
        for widget in dashboard["widgets"]
        for row in widget["properties"].get("metrics", [])
        if isinstance(row[0], dict)
    ]
    assert len(expressions) == 3
    for expression in expressions:
        found = re.fullmatch(
            r"SEARCH\('\{(AWS/Lambda),FunctionName\} MetricName=\"(\w+)\""
            r" FunctionName=\"AWS::StackName-\"', '\w+', 300\)",
            expression,
        )
        assert found, expression
        assert exists(found[1], found[2], {"FunctionName"})


def test_the_dashboard_shows_the_state_of_every_alarm(
    dashboard: dict[str, Any], alarms: dict[str, dict[str, Any]]
) -> None:
    [states] = [one for one in dashboard["widgets"] if one["type"] == "alarm"]
    assert states["properties"]["alarms"] == [f"{name}.Arn" for name in alarms]


def test_widgets_do_not_overlap(dashboard: dict[str, Any]) -> None:
    taken = set()
    for widget in dashboard["widgets"]:
        assert widget["x"] + widget["width"] <= 24
        for x in range(widget["x"], widget["x"] + widget["width"]):
            for y in range(widget["y"], widget["y"] + widget["height"]):
                assert (x, y) not in taken, widget["properties"]["title"]
                taken.add((x, y))


def test_every_alarm_is_heard(alarms: dict[str, dict[str, Any]]) -> None:
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"][0] == "WithAlarmTopic", name
        assert alarm["AlarmDescription"], name
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold", name
        # What is silent is well, but for who watches the others.
        silent = "breaching" if name == "JobsOverdueAlarm" else "notBreaching"
        assert alarm["TreatMissingData"] == silent, name


def test_every_function_is_watched_once_for_errors_and_for_its_duration(
    resources: dict[str, Any], alarms: dict[str, dict[str, Any]]
) -> None:
    functions = {
        name for name, one in resources.items() if one["Type"] == "AWS::Serverless::Function"
    }
    for metric in ("Errors", "Duration"):
        watched = [
            one["Dimensions"][0]["Value"]
            for alarm in alarms.values()
            for one in looked_at(alarm)
            if one["MetricName"] == metric
        ]
        assert sorted(watched) == sorted(functions - WATCHED_BY_PEOPLE), metric


def test_who_does_without_alarms_of_functions_has_all_others(resources: dict[str, Any]) -> None:
    """The local cloud, too, whose alarms compute with no metrics."""
    for name, one in resources.items():
        if one["Type"] == "AWS::CloudWatch::Alarm":
            assert ("Condition" in one) == ("Metrics" in one["Properties"]), name


def test_no_alarm_computes_with_more_metrics_than_it_may(
    alarms: dict[str, dict[str, Any]],
) -> None:
    for name, alarm in alarms.items():
        assert len(list(looked_at(alarm))) <= MOST_OF_AN_ALARM, name
        returned = [one for one in alarm.get("Metrics", []) if one.get("ReturnData", True)]
        assert len(returned) == ("Metrics" in alarm), name


def test_durations_are_compared_with_the_time_out_of_each_function(
    resources: dict[str, Any], alarms: dict[str, dict[str, Any]]
) -> None:
    limit = yaml.load((ROOT / "template.yaml").read_text(), Template)["Globals"]["Function"]
    for name in ("PlayersDurationAlarm", "StaffDurationAlarm"):
        assert 0.5 < alarms[name]["Threshold"] / 1000 / limit["Timeout"] < 1
        for metric in looked_at(alarms[name]):
            function = resources[metric["Dimensions"][0]["Value"]]["Properties"]
            assert function.get("Timeout", limit["Timeout"]) == limit["Timeout"]
    total, *series = alarms["JobsDurationAlarm"]["Metrics"]
    shares = dict(re.findall(r"(\w+) / (\d+)", total["Expression"]))
    assert shares.keys() == {one["Id"] for one in series}
    for one in series:
        function = one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
        percent = resources[function]["Properties"]["Timeout"] * 1000 // 100
        assert int(shares[one["Id"]]) == percent, function


def test_every_queue_of_dead_letters_has_an_alarm(
    resources: dict[str, Any], alarms: dict[str, dict[str, Any]]
) -> None:
    queues = {
        f"{name}.QueueName"
        for name, one in resources.items()
        if one["Type"] == "AWS::SQS::Queue" and name.endswith("DeadLetters")
    }
    watched = {
        alarm["Dimensions"][0]["Value"]
        for alarm in alarms.values()
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }
    assert watched == queues
    ages = [
        alarm["Dimensions"][0]["Value"]
        for alarm in alarms.values()
        if alarm.get("MetricName") == "ApproximateAgeOfOldestMessage"
    ]
    assert ages == ["SpoolQueue.QueueName"]


@pytest.mark.parametrize(
    "metric",
    [
        *("RollupLag", "AuditDifferences", "LedgerDifferences", "FanoutBudgetUse"),
        *("JobsOverdue", "SpoolDead", "TokensReused", "LoginsLocked"),
        *("5XXError", "ExecutionError", "Throttles"),
    ],
)
def test_there_is_an_alarm_of(metric: str, alarms: dict[str, dict[str, Any]]) -> None:
    assert [one for one in alarms.values() if one.get("MetricName") == metric]


def test_there_is_one_mechanism(resources: dict[str, Any]) -> None:
    """A filter on log lines would hang on their words and on LOG_LEVEL."""
    assert not [one for one in resources.values() if one["Type"] == "AWS::Logs::MetricFilter"]
