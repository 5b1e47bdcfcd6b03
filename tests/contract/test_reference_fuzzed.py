"""Requests made from the reference, right and wrong ones: each answer is one that it declares.

A short form of what `schemathesis run` does for hours: the same few requests each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from functions.shared import auth
from tests.support import reference
from tests.support.client import call_gateway, content
from tests.support.gateway import gateway_event
from tests.support.server import API_KEY

EXAMPLES = 8  # for each operation and mode: 800 requests, some 15 s
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def way() -> str:
    """Not behind a pooler too: what is made up here is about forms."""
    return "direct"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The Lambda handler as a WSGI application, as API Gateway would call it."""
    headers = {
        name[5:].replace("_", "-").title(): value
        for name, value in environ.items()
        # A caller without HTTP would not unpack what it accepts.
        if name.startswith("HTTP_") and name != "HTTP_ACCEPT_ENCODING"
    }
    if kind := environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = kind
    body: bytes | None = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    method, url = environ["REQUEST_METHOD"], environ["REQUEST_URI"]
    given = call_gateway(gateway_event(method, url, body or None, headers))
    start_response(f"{given['statusCode']} -", list(given["headers"].items()))
    return [content(given)]


SCHEMA = schemathesis.openapi.from_dict({**reference.document(), "servers": [{"url": "/"}]})
SCHEMA.app = application


def cases() -> Iterable[Any]:
    """Each operation with requests that fit and, where a form is declared, some that do not."""
    for found in SCHEMA.get_all_operations():
        operation = found.ok()
        declared = operation.definition.raw
        if "501" in declared["responses"]:
            continue
        places = {one["in"] for one in declared["parameters"]}
        has_form = "requestBody" in declared or "query" in places
        for mode in GenerationMode if has_form else [GenerationMode.POSITIVE]:
            yield pytest.param(operation, mode, id=f"{declared['operationId']}-{mode.value}")


@pytest.mark.parametrize(("operation", "mode"), list(cases()))
def test_what_is_declared_is_answered(
    store: str, operation: schemathesis.APIOperation, mode: GenerationMode
) -> None:
    admin, server = auth.issue("ada", ["admin", "analyst"]), auth.issue("srv_01", ["logs:write"])
    keys = {"Authorization": f"Bearer {admin}", "X-Server-Key": server}
    if reference.scopes(operation.definition.raw).isdisjoint({"staff", "admin", "analyst"}):
        keys["X-Api-Key"] = API_KEY

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        served = reference.find(case.method, case.formatted_path)
        # "live" for an id is the address of another operation.
        assume(served is None or served["operationId"] == operation.definition.raw["operationId"])
        case.validate_response(case.call(headers=keys), checks=CHECKS)

    check()
