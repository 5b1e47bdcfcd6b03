"""Requests: bodies as bytes or text, queries as sent, and where a key stands."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc

import pytest

from functions.shared import errors
from functions.shared.request import Request
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
