"""What clients send that no library of this century would: raw bytes against the edge."""

from __future__ import annotations

import socket

import pytest

from infra.local.listener import drop_repeated
from tests.support.edge import Client, Cloud, is_the_gateways

ROUND = b'{"round_id": "r"}'
# HTTP() of GMod, for a script that sets headers: its own Content-Type stays beside theirs.
GMOD = (
    b"POST /api/collect HTTP/1.1\r\n"
    b"Host: stats.example:8000\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"content-type: application/json\r\n"
    b"X-Api-Key: k\r\n"
    b"Accept-Encoding: gzip, deflate\r\n"
    b"Content-Length: 17\r\n\r\n"
) + ROUND


def test_what_gmod_sends_is_taken(ask: Client, cloud: Cloud) -> None:
    """Regression: two Content-Type lines were 400 with no words, and the round was lost."""
    assert ask.raw(GMOD).status == 200
    assert cloud.bodies == [ROUND]
    sent = cloud.seen[0]
    assert sent.headers.getall("Content-Type") == ["application/json"]
    assert sent.headers["X-Api-Key"] == "k"
    assert "User-Agent" not in sent.headers


@pytest.mark.parametrize(
    "name",
    [
        *("Content-Type", "User-Agent", "X-Api-Key", "Accept", "Cookie", "Content-Encoding"),
        *("ETag", "Content-Location", "Content-Range", "Max-Forwards", "Server", "Authorization"),
    ],
)
def test_the_last_line_of_a_header_counts(ask: Client, cloud: Cloud, name: str) -> None:
    """As in what API Gateway hands to a function as `headers`."""
    lines = f"{name}: one\r\n{name.upper()}: two\r\n{name.lower()}: three\r\n"
    assert ask.raw(f"GET /x HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode()).status == 200
    assert cloud.seen[0].headers.getall(name) == ["three"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("Host: a\r\nHost: a\r\n", "The header Host was sent twice."),
        ("Host: a\r\nhost: b\r\n", "The header host was sent twice."),
        ("Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n", "The header Content-Length"),
        (
            "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "The header Transfer-Encoding was sent twice.",
        ),
        (
            "Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length and Transfer-Encoding exclude each other.",
        ),
        ("Host: a\r\nTransfer-Encoding: gzip\r\n", "Transfer-Encoding must be chunked."),
        ("Host: a\r\nContent-Length: two\r\n", "A header line is malformed."),
        ("Host: a\r\nContent-Length: 2, 2\r\n", "A header line is malformed."),
        ("Host: a\r\nX Any: secret\r\n", "A header line is malformed."),
        ("Host: a\r\nX-Any : secret\r\n", "A header line is malformed."),
        ("Host: a\r\nsecret\r\n", "A header line is malformed."),
        ("Host: a\r\nX-Any: secret\r\n folded\r\n", "A header line is malformed."),
        ("Host: a\r\nX-Any: \x01secret\r\n", "A header line is malformed."),
        ("Host: a\nX-Any: secret\r\n", "A header line is malformed."),
        ("Host: a\r\n" + "A: b\r\n" * 130, "There are more than 128 headers."),
        ("Host: a\r\nX-Any: " + "secret" * 2000 + "\r\n", "The request line or a header is longer"),
        ("X-Any: secret\r\n", "The header Host is missing."),
    ],
)
def test_what_is_refused_is_refused_in_words(
    ask: Client, cloud: Cloud, said: list[str], lines: str, words: str
) -> None:
    reply = ask.raw(f"POST /x HTTP/1.1\r\n{lines}\r\n{{}}".encode())
    assert reply.status == 400
    assert is_the_gateways(reply)
    assert reply.json["detail"].startswith(words)
    assert said == [f"edge: answered 400: {reply.json['detail']}"]
    assert "secret" not in reply.body.decode()
    assert not cloud.seen


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"GET /secret", "The request line is malformed."),
        (b"GET /se cret HTTP/1.1", "The request line is malformed."),
        (b"G(T /secret HTTP/1.1", "The request line is malformed."),
        (b"GET secret HTTP/1.1", "The request line names no path."),
        (b"OPTIONS * HTTP/1.1", "The request line names no path."),
        (b"CONNECT secret:443 HTTP/1.1", "The request line names no path."),
        (b"PRI * HTTP/2.0", "The request line names no path."),
        (b"GET /secret HTTP/1", "The request line is malformed."),
        (b"GET /secret HTTP/1.0\n\n", "The request line is malformed."),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", "This address speaks http, not https."),
    ],
)
def test_a_request_line_is_refused_in_words(
    ask: Client, cloud: Cloud, said: list[str], line: bytes, words: str
) -> None:
    reply = ask.raw(line + b"\r\nHost: x\r\n\r\n")
    assert (reply.status, reply.json["detail"]) == (400, words)
    assert is_the_gateways(reply)
    assert said == [f"edge: answered 400: {words}"]
    assert not cloud.seen


def test_a_refusal_arrives_though_a_large_body_is_on_its_way(ask: Client) -> None:
    """Regression: the kernel reset the connection, and took the unread answer with it."""
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 4000000\r\n\r\n"
    assert ask.raw(head + bytes(4_000_000)).json["detail"] == "The header Host was sent twice."


def test_a_tls_greeting_is_answered_though_no_line_ever_ends(ask: Client) -> None:
    reply = ask.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert reply.json["detail"] == "This address speaks http, not https."


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        (b"GET /x HTTP/1.0\r\n\r\n", "/x"),
        (b"GET /x HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", "/x"),
        (b"get /x HTTP/1.1\r\nHost: x\r\n\r\n", "/x"),
        (b"\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n", "/x"),
        (b"GET http://stats.example/x?a=1 HTTP/1.1\r\nHost: x\r\n\r\n", "/x?a=1"),
        (b"GET HTTP://stats.example:8000?a=1 HTTP/1.1\r\nHost: x\r\n\r\n", "/?a=1"),
        (b"GET http://stats.example HTTP/1.1\r\nHost: x\r\n\r\n", "/"),
        (b"GET /x#part HTTP/1.1\r\nHost: x\r\n\r\n", "/x"),
        ("GET /né?q=é HTTP/1.1\r\nHost: x\r\n\r\n".encode(), "/n%25C3%25A9?q=%C3%A9"),
        (b"GET /n\xe9?q=\xe9 HTTP/1.1\r\nHost: x\r\n\r\n", "/n%25E9?q=%E9"),
        (b"GET /x HTTP/1.1\r\nHost: n\xe9\r\nX-Any: n\xe9\ttab\r\nX-Empty:\r\n\r\n", "/x"),
        (b"GET /x HTTP/1.1\r\nHost:\r\n\r\n", "/x"),
    ],
)
def test_the_manners_of_old_clients_are_taken(
    ask: Client, cloud: Cloud, sent: bytes, path: str
) -> None:
    assert ask.raw(sent).status == 200
    assert cloud.seen[0].method == "GET"
    assert cloud.seen[0].raw_path == f"/_aws/execute-api/a1/live{path}"


def test_a_body_in_chunks_is_taken(ask: Client, cloud: Cloud) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert ask.raw(head + b"5;a=b\r\n{'a':\r\n3\r\n 1}\r\n0\r\nX-After: y\r\n\r\n").status == 200
    assert cloud.bodies == [b"{'a': 1}"]


def test_a_body_in_wrong_chunks_is_refused_in_words(
    ask: Client, cloud: Cloud, said: list[str]
) -> None:
    """Regression: it was answered as a failure of ours."""
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply = ask.raw(head + b"secret\r\n")
    assert reply.status == 400
    assert is_the_gateways(reply)
    assert reply.json["detail"] == "The body is not of the length or form that was announced."
    assert set(said) == {f"edge: answered 400: {reply.json['detail']}"}
    assert not cloud.seen


@pytest.mark.parametrize("expect", ["100-continue", "100-Continue", "200-ok"])
def test_an_old_client_that_expects_something_is_served(
    ask: Client, cloud: Cloud, expect: str
) -> None:
    """HTTP/1.0 knows no 100: a client of it would take that for the answer."""
    head = f"POST /x HTTP/1.0\r\nExpect: {expect}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with socket.create_connection(("127.0.0.1", ask.port), timeout=5) as line:
        line.sendall(head)
        assert line.recv(99).startswith(b"HTTP/1.0 200 ")
    assert cloud.bodies == [b"{}"]


def test_two_requests_at_once_are_answered_in_order(ask: Client, cloud: Cloud) -> None:
    twice = b"Content-Type: a/b\r\nContent-Type: c/d\r\n"
    one, two = (b"GET /%d HTTP/1.1\r\nHost: x\r\n%s\r\n" % (number, twice) for number in (1, 2))
    with socket.create_connection(("127.0.0.1", ask.port), timeout=5) as line:
        line.sendall(one + two[:9])
        answered = line.recv(999)
        line.sendall(two[9:])
        while answered.count(b"HTTP/1.1 200 ") < 2:
            answered += line.recv(999)
    assert [request.path[-2:] for request in cloud.seen] == ["/1", "/2"]


def test_only_lines_that_are_no_list_replace_each_other() -> None:
    lines = [b"Connection: keep-alive", b"A: 1", b"Host: x", b"connection: Upgrade", b"a: 2", b""]
    assert drop_repeated(lines) == [lines[0], lines[2], lines[3], lines[4], b""]
