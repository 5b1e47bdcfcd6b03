"""Requests: bodies as bytes or text, queries as sent, and faults at the edge."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from typing import Any

import pytest

from functions.shared import errors
from functions.shared.gateway import Gateway
from functions.shared.request import Request
from functions.shared.response import Response, render
from functions.shared.routing import Routes
from tests.support.gateway import gateway_event


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


def packed(body: bytes) -> Request:
    headers = {"Content-Type": "application/json", "content-encoding": " GZIP"}
    return Request(gateway_event("POST", "/x", body, headers))


def test_a_body_may_be_gzip() -> None:
    assert packed(gzip.compress(b'{"a": "\xc3\xa9"}')).body() == {"a": "é"}


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False), (50_000_000, False)])
def test_a_gzip_body_is_measured_unpacked_and_never_unpacked_whole(size: int, fits: bool) -> None:
    request = packed(gzip.compress(b" " * (size - 2) + b"{}"))
    tracemalloc.start()
    if fits:
        assert request.body(1000) == {}
    else:
        with pytest.raises(errors.TooLarge) as refused:
            request.body(1000)
        assert refused.value.extra == {"maxBytes": 1000}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    "body",
    [b"{}", b"\x1f\x8b", gzip.compress(b"{}")[:-1], gzip.compress(b"{") + gzip.compress(b"}")],
    ids=["plain", "head", "cut", "two"],
)
def test_what_is_no_gzip_is_400(body: bytes) -> None:
    with pytest.raises(errors.BadRequest, match="Invalid gzip"):
        packed(body).body()


def test_gzip_that_came_as_text_is_400_and_says_why() -> None:
    """The gateway takes what has no Content-Type for text, and destroys it."""
    request = Request(gateway_event("POST", "/x", "\x1f\ufffd", {"Content-Encoding": "gzip"}))
    with pytest.raises(errors.BadRequest, match="needs a Content-Type"):
        request.body()


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


def refusal(family: errors.Family, url: str, method: str = "GET") -> Any:
    """What a function answers that serves only /thing/{n}, and fails to."""
    routes = Routes("thing", family=family, uses_database=False)

    @routes.get("/thing/{n}", answers={})
    def thing(request: Request) -> None:
        raise errors.Invalid("n is odd", [{"field": "n", "problem": "is odd"}])

    answer = Gateway([routes])(gateway_event(method, url), None)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize(
    ("url", "method", "status", "words"),
    [("/no", "GET", 404, "Not found"), ("/thing/1", "POST", 405, "Method not allowed")],
)
def test_what_has_no_route_is_answered_in_the_family_of_the_function(
    url: str, method: str, status: int, words: str
) -> None:
    assert refusal("plain", url, method) == (status, {"error": words})
    assert refusal("game", url, method) == (status, {"detail": words})
    code, body = refusal("v1", url, method)
    assert (code, body["error"]["message"], body["error"]["details"]) == (status, words, [])
    assert body["request_id"] == "the-request-id"
    assert body["timestamp"].endswith("Z")


def test_a_route_answers_in_the_family_that_it_declares() -> None:
    details = [{"field": "n", "problem": "is odd"}]
    assert refusal("plain", "/thing/1") == (400, {"error": "n is odd", "details": details})
    found = [{"loc": ["body", "n"], "msg": "is odd", "type": "value_error"}]
    assert refusal("game", "/thing/1") == (422, {"detail": found})
    code, body = refusal("v1", "/thing/1")
    assert (code, body["error"]["code"]) == (422, "VALIDATION_ERROR")
    assert body["error"]["details"] == details


def test_a_function_of_several_families_answers_plainly_where_it_has_no_route() -> None:
    doors = [Routes(name, family=name, uses_database=False) for name in ("game", "v1")]
    answer = Gateway(doors)(gateway_event("GET", "/no"), None)
    assert json.loads(answer["body"]) == {"error": "Not found"}


def test_an_answer_that_cannot_be_spelled_is_a_500_of_ours() -> None:
    answer = render(lambda: Response(object()), Request(gateway_event("GET", "/x")), "plain")
    assert answer["statusCode"] == 500
    assert "object" not in answer["body"]
