"""Responses: what cannot be serialised."""

from __future__ import annotations

from functions.shared.request import Request
from functions.shared.response import Response, render
from tests.support.gateway import gateway_event


def test_an_answer_that_cannot_be_spelled_is_a_500_of_ours() -> None:
    answer = render(lambda: Response(object()), Request(gateway_event("GET", "/x")), "plain")
    assert answer["statusCode"] == 500
    assert "object" not in answer["body"]
