"""The template: what a new domain must not forget, and what the gateway's words must hold."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from infra.local.gateway import Template
from infra.local.sam import ROOT

METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    template: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Template)
    resources: dict[str, Any] = template["Resources"]
    return resources


@pytest.fixture(scope="module")
def functions(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The functions with an HTTP door, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function" and name != "MigrateFunction"
    }


@pytest.fixture(scope="module")
def paths(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    body: dict[str, dict[str, Any]] = resources["Api"]["Properties"]["DefinitionBody"]["paths"]
    return body


def target(operation: dict[str, Any]) -> str:
    """The logical id of the function that an operation calls."""
    uri = operation["x-amazon-apigateway-integration"]["uri"]
    found = re.search(r"\$\{(\w+)\.Arn\}/invocations$", uri)
    assert found
    return found[1]


def test_every_domain_has_a_function(functions: dict[str, dict[str, Any]]) -> None:
    served = [
        name
        for properties in functions.values()
        for name in properties["Environment"]["Variables"]["DOMAINS"].split(",")
    ]
    doors = (ROOT / "functions").glob("*/routes.py")
    assert sorted(served) == sorted(door.parent.name for door in doors)


def test_every_path_takes_every_method_and_calls_one_function(
    paths: dict[str, dict[str, Any]], functions: dict[str, dict[str, Any]]
) -> None:
    for path, operations in paths.items():
        assert operations.keys() == METHODS, path
        assert len({target(operation) for operation in operations.values()}) == 1, path
    assert {target(operations["get"]) for operations in paths.values()} == functions.keys()


def test_every_prefix_has_its_root(paths: dict[str, dict[str, Any]]) -> None:
    for path in paths:
        if path.endswith("/{proxy+}"):
            root = path.removesuffix("/{proxy+}") or "/"
            assert paths[root] == paths[path]


def test_the_gateway_may_call_every_function(
    resources: dict[str, Any], functions: dict[str, dict[str, Any]]
) -> None:
    [policy] = resources["GatewayRole"]["Properties"]["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [f"{name}.Arn" for name in functions]


def test_no_policy_allows_everything(resources: dict[str, Any]) -> None:
    roles = [name for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"]
    for role in roles:
        for policy in resources[role]["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in str(statement["Action"])
                assert statement["Resource"] != "*"


def test_what_needs_no_secret_gets_none(functions: dict[str, dict[str, Any]]) -> None:
    assert functions["SiteFunction"]["Environment"]["Variables"] == {"DOMAINS": "site"}
    secrets = {
        name: value
        for name, value in functions["TiltFunction"]["Environment"]["Variables"].items()
        if "resolve:secretsmanager" in str(value)
    }
    assert secrets.keys() == {"DATABASE_URL", "API_KEY", "SIGNING_KEY"}


def test_a_function_ends_before_the_gateway_hangs_up() -> None:
    globals_ = yaml.load((ROOT / "template.yaml").read_text(), Template)["Globals"]
    assert globals_["Function"]["Timeout"] < 29
