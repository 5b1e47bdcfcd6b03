"""Hostile requests: paths, headers, queries and bodies that two layers read differently.

None is a fault of ours, none opens a route that asks for a key, and none costs memory.
"""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared.routing import Operation
from tests.support import credentials
from tests.support.client import call_gateway, content, operations
from tests.support.gateway import gateway_event
from tests.support.policies import PUBLIC, STATED, named

GUARDED = [one for one in operations() if STATED[named(one)] != PUBLIC]
WRITING = [one for one in operations() if one.body or one.method in ("POST", "PUT", "PATCH")]
PATHS = [
    *("{0}/", "{0}//", "/{0}", "{0}/.", "{0}/%2e", "/./{0}", "{0}/../x", "/x/..{0}", "{0}%2F"),
    *("{0}%00", "{0};a=b", "{0}%20", "{0}.json", "{0}%0d%0aX-Injected:1", "{0}/%2e%2e%2fadmin"),
    *("{0}%252F..", "{0}%c0%af", "{0}%ff", "{0}\\", "//evil.example{0}", "{0}#x"),
]


@pytest.fixture
def way() -> str:
    """Not behind a pooler too: what is sent here does not come to the store."""
    return "direct"


def call(event: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; fails for what no answer may be."""
    answered = call_gateway(event)
    headers = {name.lower(): value for name, value in answered["headers"].items()}
    assert headers["x-content-type-options"] == "nosniff"
    assert all("\n" not in value and "\r" not in value for value in headers.values())
    assert answered["statusCode"] < 500 or answered["statusCode"] == 501, answered["body"]
    return answered["statusCode"], headers, content(answered)


def fill(path: str) -> str:
    return path.replace("{", "").replace("}", "")


# --- paths ---


@pytest.mark.parametrize("one", GUARDED, ids=named)
def test_no_spelling_of_a_path_opens_a_route_without_a_key(store: str, one: Operation) -> None:
    path = fill(one.path)
    spellings = [pattern.format(path) for pattern in PATHS]
    for url in [*spellings, path.upper(), path.replace("/", "%2f"), path + "/x" * 2000]:
        status, headers, body = call(gateway_event(one.method, url, "{}"))
        assert status in (400, 401, 403, 404, 405, 413, 422), (url[:200], status)
        assert headers["content-type"].startswith("application/json"), url[:200]
        json.loads(body)


@pytest.mark.parametrize("path", ["/<script>alert(1)</script>", "/v1/<img src=x>", "/api/\u202e"])
def test_what_a_path_says_is_shown_as_no_page(store: str, path: str) -> None:
    status, headers, body = call(gateway_event("GET", path))
    assert (status, headers["content-type"].partition(";")[0]) == (404, "application/json")
    json.loads(body)


# --- headers and queries ---

HEADERS: list[dict[str, Any]] = [
    {},
    {"Host": ""},
    {"Authorization": "Bearer " + "x" * 100_000},
    {"Authorization": "Bearer a.b.c", "authorization": "Basic x", "AUTHORIZATION": "\u00ff"},
    {"Authorization": "Bearer  \t "},
    {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
    {"Authorization": "Bearer " + ".".join(["W10"] * 3)},
    {"X-Api-Key": "\udcff", "X-Server-Key": "\u0000", "Idempotency-Key": "\u2028"},
    {"X-Api-Key": "sk_live_" + "0" * 5000, "X-Server-Key": "ty_00000000_" + "f" * 64},
    {"X-Forwarded-For": "127.0.0.1, evil", "X-Forwarded-Host": "evil.example", "Forwarded": "x"},
    {"X-Origin-Secret": "", "CloudFront-Viewer-Address": "[::1]:1"},
    {"X-Original-URL": "/api/admin/keys", "X-Rewrite-URL": "/api/admin/keys"},
    {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"},
    {"Content-Length": "-1", "Transfer-Encoding": "chunked", "Expect": "100-continue"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Encoding": "gzip, gzip, br", "Accept-Encoding": "gzip;q=x", "Accept": "\u00e9"},
    {"If-None-Match": '"' * 50_000, "If-Match": "9" * 50_000, "Range": "bytes=0-"},
    {"Origin": "https://evil.example", "Cookie": "a=" + "b" * 50_000},
]


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: str(headers)[:40])
def test_no_header_opens_a_route_or_is_repeated(store: str, headers: dict[str, str]) -> None:
    for one in GUARDED:
        event = gateway_event(one.method, fill(one.path), "{}", headers)
        status, answered, body = call(event)
        assert status in (400, 401, 403, 404, 413, 422), (named(one), status)
        assert "evil" not in str(answered) + body.decode(), named(one)
        assert answered["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answered


def test_what_the_gateway_leaves_out_is_nothing(store: str) -> None:
    """It sends null for no header, no query and no body."""
    for one in operations():
        event = gateway_event(one.method, fill(one.path))
        for name in ("headers", "multiValueHeaders", "multiValueQueryStringParameters", "body"):
            event[name] = None
        event["requestContext"] = {"identity": {"sourceIp": None}}
        call(event)


def test_a_thousand_parameters_are_read_like_one(store: str) -> None:
    query = "&".join(f"{name}={'x' * 50}" for name in ("limit", "cursor", "from", "role") * 300)
    for one in operations():
        if one.method == "GET":
            call(gateway_event("GET", f"{fill(one.path)}?{query}&__proto__[role]=admin"))


# --- bodies ---

Doors = list[tuple[Operation, dict[str, str]]]


@pytest.fixture
def doors(tracker_keys: None, setting: Callable[..., None]) -> Doors:
    """Every route that reads a body, with what lets a caller in."""
    many = str(10**9)
    setting(LOGIN_FAILURES=many, ACCOUNT_FAILURES=many, REGISTRATIONS=many, GENERAL_REQUESTS=many)
    made = credentials.make_all()
    return [(one, made[credentials.choose_right(STATED[named(one)])]) for one in WRITING]


def bombs() -> dict[str, tuple[bytes, dict[str, str]]]:
    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    once = gzip.compress(b"[" * 100_000_000, 9)
    return {
        "gzip": (once, packed),
        "gzip of gzip": (gzip.compress(once), packed),
        "gzip twice": (gzip.compress(b"{}") * 2, packed),
        "half a gzip": (once[:1000], packed),
        "no gzip": (b"{}", packed),
        "zlib": (zlib.compress(b" " * 50_000_000), packed | {"Content-Encoding": "deflate"}),
        "gaps": (gzip.compress(b"[" + b"," * 3_000_000), packed),
        "utf-16": ("{}".encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
        "no text": (bytes(range(256)) * 40, {"Content-Type": "text/plain"}),
        "no base64": (b"", {"Content-Type": "text/plain"}),
    }


@pytest.mark.parametrize("kind", sorted(bombs()))
def test_a_bomb_is_refused_before_it_takes_memory(doors: Doors, kind: str) -> None:
    body, headers = bombs()[kind]
    text = "\u00ff!" if kind == "no base64" else base64.b64encode(body).decode()
    tracemalloc.start()
    for one, let_in in doors:
        event = gateway_event(one.method, fill(one.path), b"", {**headers, **let_in})
        call({**event, "body": text})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150_000_000  # of which 16 MB are a log's that is uploaded


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a":1' + ',"a":1' * 100_000 + "}",
        json.dumps({f"k{n}": n for n in range(10_000)}),
        json.dumps({"items": [{}] * 10_000, "events": [{}] * 10_000}),
        '"' + "\\u0000" * 10_000 + '"',
        "-" * 60_000,
        "1" * 60_000,
        '{"username": "' + "\\ud800" * 5000 + '"}',
        " " * 60_000,
        "\ufeff{}",
    ],
    ids=lambda body: body[:12],
)
def test_a_body_of_no_sense_is_refused_at_every_door(doors: Doors, body: str) -> None:
    for one, let_in in doors:
        _, _, answered = call(gateway_event(one.method, fill(one.path), body, let_in))
        assert len(answered) <= 2 * len(body) + 10_000, named(one)


def test_base64_that_is_none_is_the_callers_fault(store: str) -> None:
    event = gateway_event("POST", "/api/auth/login", b"{}")
    for text in ("=", "*", "\u2603", base64.b64encode(b"{}").decode()[:-1]):
        status, _, _ = call({**event, "body": text})
        assert status in (400, 422), text
