"""The API reference: valid, complete, and the one that is committed."""

from __future__ import annotations

import json

from openapi_spec_validator import validate

from infra import openapi


def test_it_is_valid_openapi_3_1() -> None:
    validate(openapi.document())


def test_the_committed_one_is_current() -> None:
    assert json.loads(openapi.TARGET.read_text()) == openapi.document()


def test_every_route_is_described() -> None:
    paths = openapi.document()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}"
            assert operation["responses"], f"{method} {path}"


def test_path_parameters_and_query_parameters_are_told_apart() -> None:
    operation = openapi.document()["paths"]["/api/tilt/history/{user_id}"]["get"]
    places = {one["name"]: (one["in"], one["required"]) for one in operation["parameters"]}
    assert places["user_id"] == ("path", True)
    assert places["days"] == ("query", False)
