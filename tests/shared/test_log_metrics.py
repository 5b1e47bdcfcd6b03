"""Metrics: lines that CloudWatch's embedded metric format takes, and calls that cost little."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest

from functions.shared import log

FUNCTIONS = Path(log.__file__).parents[1]
ROOT = FUNCTIONS.parent
# The schema of the format's specification, in its own words.
EMF = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {"type": "string", "pattern": "^.{1,255}$"},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "array",
                                    "maxItems": 30,
                                    "items": {"type": "string", "pattern": "^[^:].{0,249}$"},
                                },
                            },
                            "Metrics": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {
                                        "Name": {"type": "string", "pattern": "^.{1,1024}$"},
                                        "Unit": {
                                            "type": "string",
                                            "pattern": (
                                                "^(Seconds|Microseconds|Milliseconds|(Bytes|Bits|"
                                                "Kilobytes|Megabytes|Gigabytes|Terabytes|Kilobits|"
                                                "Megabits|Gigabits|Terabits|Count)(/Second)?|"
                                                "Percent|None)$"
                                            ),
                                        },
                                        "StorageResolution": {"enum": [1, 60]},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}
# What may tell metrics apart: of each there are a dozen values at most.
DIMENSIONS = {"Domain", "Function", "Job", "Store"}


def read_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.endswith("\n")
    line: dict[str, Any] = json.loads(out)
    return line


def directives(line: dict[str, Any]) -> list[dict[str, Any]]:
    """The line's directives, if its metrics and dimensions are where the format looks for them."""
    jsonschema_rs.validate(EMF, line)
    found: list[dict[str, Any]] = line["_aws"]["CloudWatchMetrics"]
    for directive in found:
        for metric in directive["Metrics"]:
            assert isinstance(line[metric["Name"]], int | float)
        for name in {name for names in directive["Dimensions"] for name in names}:
            assert isinstance(line[name], str)
            assert 0 < len(line[name]) <= 1024
            assert line[name].isascii()
    return found


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Every call of `log.metric` in the functions."""
    for path in sorted(FUNCTIONS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "log.metric":
                yield path, node


def test_a_metric_is_a_line_of_the_embedded_metric_format(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(STACK_NAME="harbour", DOMAINS="site")
    before = int(time.time() * 1000)
    log.metric("RollupLag", 12.5, "Seconds")
    line = read_line(capsys)
    assert directives(line) == [
        {
            "Namespace": "Tiltyard",
            "Dimensions": [["Stack"]],
            "Metrics": [{"Name": "RollupLag", "Unit": "Seconds"}],
        }
    ]
    assert (line["RollupLag"], line["Stack"], line["event"]) == (12.5, "harbour", "metric")
    assert before <= line["_aws"]["Timestamp"] <= time.time() * 1000


def test_dimensions_tell_metrics_of_one_name_apart(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(DOMAINS="site")
    log.metric("JobRuns", 1, Job="refresh")
    line = read_line(capsys)
    [directive] = directives(line)
    assert directive["Dimensions"] == [["Stack", "Job"]]
    assert (line["Job"], line["JobRuns"], line["Stack"]) == ("refresh", 1, "tiltyard")


@pytest.mark.parametrize("unit", get_args(log.Unit))
def test_every_unit_is_one_that_cloudwatch_knows(
    unit: log.Unit, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(DOMAINS="site")
    log.metric("Measured", Decimal("0.1"), unit)  # type: ignore[arg-type]  # as PostgreSQL gives it
    line = read_line(capsys)
    [directive] = directives(line)
    assert directive["Metrics"] == [{"Name": "Measured", "Unit": unit}]
    assert line["Measured"] == 0.1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_not_written(
    value: float, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(DOMAINS="site")
    log.metric("Measured", value)
    assert capsys.readouterr().out == ""


def test_the_level_of_log_lines_hides_no_metric(
    setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    setting(LOG_LEVEL="ERROR", DOMAINS="site")
    log.metric("Measured", 1)
    assert read_line(capsys)["Measured"] == 1


def test_metrics_need_no_library() -> None:
    code = (
        "import sys; import functions.shared.settings; before = set(sys.modules);"
        "import functions.shared.log; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = ast.literal_eval(done.stdout)
    assert {name.split(".")[0] for name in loaded} <= {"functions", *sys.stdlib_module_names}


def test_metrics_have_names_of_the_code_and_few_dimensions() -> None:
    """A name or a unit from data could be anything; so could a dimension named after a person."""
    for path, call in calls():
        name, _, *rest = call.args
        words = [word.arg for word in call.keywords]
        assert isinstance(name, ast.Constant), path
        assert str(name.value)[0].isupper(), path
        assert str(name.value).isalnum(), path
        assert all(isinstance(one, ast.Constant) for one in rest), path
        assert set(words) <= DIMENSIONS, path
        assert str(name.value) not in DIMENSIONS | {"Stack"}, path
