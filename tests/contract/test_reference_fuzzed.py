"""Requests made from the reference, right and wrong ones, with every kind of credential: each
answer is one that it declares.

A short form of what `make fuzz` does for minutes: the same few requests each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from hypothesis import assume, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from tests.support import credentials, reference
from tests.support.client import call_gateway, content
from tests.support.fuzzing import made_up
from tests.support.gateway import gateway_event
from tests.support.policies import PUBLIC, STATED

EXAMPLES = 3  # for each operation and mode
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


def operations() -> dict[str, list[Any]]:
    """What is built, by the domain that serves it."""
    found: dict[str, list[Any]] = {}
    for one in SCHEMA.get_all_operations():
        operation = one.ok()
        declared = operation.definition.raw
        if "501" not in declared["responses"]:
            found.setdefault(declared["tags"][0], []).append(operation)
    return found


def modes(operation: schemathesis.APIOperation) -> Iterable[GenerationMode]:
    """Requests that fit and, where a form is declared, some that do not."""
    declared = operation.definition.raw
    places = {one["in"] for one in declared["parameters"]}
    has_form = "requestBody" in declared or "query" in places
    return GenerationMode if has_form else [GenerationMode.POSITIVE]


@pytest.mark.parametrize("domain", sorted(operations()))
def test_what_is_declared_is_answered(
    tracker_keys: None,
    setting: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    domain: str,
) -> None:
    """No secret that was shown stands in a log."""
    many = str(10**9)
    setting(LOGIN_FAILURES=many, ACCOUNT_FAILURES=many, REGISTRATIONS=many, GENERAL_REQUESTS=many)
    made = credentials.make_all()
    for operation in operations()[domain]:
        for mode in modes(operation):
            _fuzz(operation, mode, made)
    logged = "".join(capsys.readouterr())
    assert '"event": "request"' in logged
    assert [one for one in credentials.list_secrets(made) if one in logged] == []


def _fuzz(
    operation: schemathesis.APIOperation,
    mode: GenerationMode,
    made: dict[str, credentials.Headers],
) -> None:
    declared = operation.definition.raw
    policy = STATED.get(f"{operation.method.upper()} {operation.path}", PUBLIC)
    right = st.just(credentials.choose_right(policy))

    @made_up(EXAMPLES)
    @given(operation.as_strategy(generation_mode=mode), right | st.sampled_from(sorted(made)))
    def check(case: schemathesis.Case, who: str) -> None:
        served = reference.find(case.method, case.formatted_path)
        # "live" for an id is the address of another operation.
        assume(served is None or served["operationId"] == declared["operationId"])
        sent = {name: value.encode().decode("latin-1") for name, value in made[who].items()}
        case.validate_response(case.call(headers=sent), checks=CHECKS)

    check()
