"""Requests: bodies as bytes or text, queries as sent, and faults at the edge."""

from __future__ import annotations

import base64
import json

import pytest

from functions.shared import errors
from functions.shared.http import Answer, Request, rendered
from tests.client import gateway_event


def encoded(body: bytes) -> Request:
    event = gateway_event("POST", "/x", base64.b64encode(body).decode())
    return Request({**event, "isBase64Encoded": True})


def test_a_base64_body_is_decoded_before_it_is_measured() -> None:
    body = json.dumps({"a": "x" * 60_000}).encode()
    assert encoded(body).body(64 * 1024)["a"].startswith("x")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{"])
def test_a_base64_body_that_is_no_json_is_400(body: bytes) -> None:
    with pytest.raises(errors.BadRequest):
        encoded(body).body()


def test_text_that_is_no_base64_is_400() -> None:
    event = gateway_event("POST", "/x", "é")
    with pytest.raises(errors.BadRequest):
        Request({**event, "isBase64Encoded": True}).body()


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
@pytest.mark.parametrize("letter", ["x", "é", "🎲"])
def test_bytes_are_counted_not_characters(letter: str, size: int, fits: bool) -> None:
    width = len(letter.encode())
    text = '"' + letter * ((size - 2) // width) + " " * ((size - 2) % width) + '"'
    request = Request(gateway_event("POST", "/x", text))
    assert len(text.encode()) == size
    if fits:
        request.body(1000)
    else:
        with pytest.raises(errors.TooLarge):
            request.body(1000)


def test_the_last_of_a_repeated_name_counts() -> None:
    event = gateway_event("GET", "/x?days=2&days=3&limit=")
    assert Request({**event, "pathParameters": {"user_id": "u"}}).query() == {
        "days": "3",
        "limit": "",
        "user_id": "u",
    }


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"X-Api-Key": "k"}, "k"),
        ({"x-api-key": "k"}, "k"),
        ({"Authorization": "Bearer k"}, "k"),
        ({"authorization": "bearer  k "}, "k"),
        ({"Authorization": "Basic k"}, ""),
        ({"X-Api-Key": "k", "Authorization": "Bearer other"}, "k"),
        ({}, ""),
    ],
)
def test_where_a_key_may_stand(headers: dict[str, str], key: str) -> None:
    assert Request(gateway_event("GET", "/x", None, headers)).key() == key


def test_an_answer_that_cannot_be_spelled_is_a_500_of_ours() -> None:
    answer = rendered(lambda: Answer(object()), Request(gateway_event("GET", "/x")))
    assert answer["statusCode"] == 500
    assert "object" not in answer["body"]
