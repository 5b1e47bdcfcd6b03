"""The documented set of concurrencies: of every function, and no more than the database takes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from infra.local.gateway import Template
from infra.local.sam import ROOT

TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Template)
FUNCTIONS: dict[str, dict[str, Any]] = {
    name: one["Properties"]
    for name, one in TEMPLATE["Resources"].items()
    if one["Type"] == "AWS::Serverless::Function"
}
SCHEDULED = {name for name, one in FUNCTIONS.items() if "Schedule" in one.get("Events", {})}
# People start it, one at a time.
MIGRATION = "MigrateFunction"


def documented() -> dict[str, int]:
    """The values of the table, by parameter."""
    text = (ROOT / "infra/CONCURRENCY.md").read_text(encoding="utf-8")
    return {
        name: int(value)
        for name, value in re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)
    }


def limit_of(name: str) -> str:
    """The parameter that limits how many executions of a function there are."""
    function = FUNCTIONS[name]
    if name == "SpoolFunction":
        scaling: dict[str, str] = function["Events"]["Spool"]["Properties"]["ScalingConfig"]
        return scaling["MaximumConcurrency"]
    condition, parameter, otherwise = function["ReservedConcurrentExecutions"]
    assert condition == f"With{parameter}", "without a value nothing is reserved"
    assert otherwise == "AWS::NoValue"
    return str(parameter)


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - {MIGRATION}))
def test_every_function_has_a_limit_of_its_own_that_is_documented(name: str) -> None:
    expected = "JobConcurrency" if name in SCHEDULED else name.replace("Function", "Concurrency")
    assert limit_of(name) == expected
    assert expected in documented()


def test_by_default_nothing_is_reserved() -> None:
    """Regression: an account whose whole concurrency is 10 refuses any reservation."""
    for name in documented().keys() - {"SpoolConcurrency"}:
        parameter = TEMPLATE["Parameters"][name]
        assert parameter["Default"] == ""
        assert re.fullmatch(parameter["AllowedPattern"], "")
        assert re.fullmatch(parameter["AllowedPattern"], "12")
        for wrong in ("0", "-1", "1.5", "many", "01"):
            assert not re.fullmatch(parameter["AllowedPattern"], wrong)
    assert documented()["SpoolConcurrency"] == TEMPLATE["Parameters"]["SpoolConcurrency"]["Default"]


def test_the_documented_set_keeps_to_the_connections_of_the_database() -> None:
    with_database = [name for name, one in FUNCTIONS.items() if "SECRET_ARN" in str(one)]
    assert set(FUNCTIONS) - set(with_database) == {"SiteFunction"}
    connections = sum(documented()[limit_of(name)] for name in with_database if name != MIGRATION)
    at_most = TEMPLATE["Parameters"]["MaxDatabaseConnections"]["Default"]
    assert at_most - 10 < connections + 1 <= at_most, "the migration is one more"


def test_no_other_queue_starts_executions_beside_a_limit() -> None:
    for name, function in FUNCTIONS.items():
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                assert limit_of(name) in documented()
