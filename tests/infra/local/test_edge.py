"""The edge against a small server that stands for the local cloud."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest
from aiohttp import web

from infra.local.edge import BODY_LIMIT, Behind, Edge, EdgeError
from tests.support.edge import GATEWAY, MARK, Client, Cloud, Reply, is_the_gateways


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/tilt",
        "/api/tilt/history/a%2Fb",
        "/api/tilt/history/100%25",
        "/api/tilt/history/%252F",
        "/api/tilt/history/two%20words/",
        "/api/tilt/history/a+b:c@d,e;f=g",
        "/api/tilt/history/%C3%A9%F0%9F%98%80",
        "/api/tilt/history/%c3%a9",
        "//twice//../up",
    ],
)
def test_a_function_sees_the_path_as_it_was_sent(ask: Client, cloud: Cloud, path: str) -> None:
    assert ask("GET", path).status == 200
    decoded_once = unquote(cloud.seen[0].raw_path)  # what MiniStack does
    assert decoded_once == f"/_aws/execute-api/a1/live{path}"


def test_the_query_stays_as_it_is(ask: Client, cloud: Cloud) -> None:
    ask("GET", "/x?a=1&a=2&b=%2F%20+&c=%25&empty=&flag")
    assert cloud.seen[0].raw_path.partition("?")[2] == "a=1&a=2&b=%2F%20+&c=%25&empty=&flag"


def test_the_request_arrives_whole(ask: Client, cloud: Cloud) -> None:
    body = bytes(range(256)) * 50
    ask("PATCH", "/x", body, {"Authorization": "Bearer t", "X-Api-Key": "k", "Content-Type": "a/b"})
    sent = cloud.seen[0]
    assert (sent.method, cloud.bodies[0]) == ("PATCH", body)
    assert sent.headers["Authorization"] == "Bearer t"
    assert sent.headers["X-Api-Key"] == "k"
    assert sent.headers["Content-Type"] == "a/b"


def test_nothing_is_made_up_for_the_client(ask: Client, cloud: Cloud) -> None:
    ask("POST", "/x", b"{}", {"Accept-Encoding": ""})
    assert not {"User-Agent", "Accept", "Content-Type"} & set(cloud.seen[0].headers)


def test_the_callers_address_is_the_sockets(ask: Client, cloud: Cloud) -> None:
    ask(
        "GET", "/x", headers={"X-Forwarded-For": "6.6.6.6", "Connection": "close", "TE": "trailers"}
    )
    sent = cloud.seen[0].headers
    assert sent.getall("X-Forwarded-For") == ["127.0.0.1"]
    assert sent["X-Forwarded-Host"] == f"127.0.0.1:{ask.port}"
    assert "TE" not in sent


def test_the_functions_believe_the_edge_and_no_client(cloud: Cloud) -> None:
    behind = Behind(cloud.url, origin_secret="the secret of this edge")
    edge = Edge(0, GATEWAY, lambda: behind, lambda _: None)
    claims = {
        "X-Origin-Secret": "a guess",
        "CloudFront-Viewer-Address": "6.6.6.6:1",
        "X-Forwarded-Host": "evil.example",
    }
    address = edge.url.removeprefix("http://")
    Client(edge)("GET", "/x", headers=claims)
    edge.close()
    sent = cloud.seen[0].headers
    assert sent.getall("X-Origin-Secret") == ["the secret of this edge"]
    assert sent.getall("CloudFront-Viewer-Address") == ["127.0.0.1:0"]
    assert sent.getall("X-Forwarded-Host") == [address]


def test_the_answer_arrives_whole(ask: Client, cloud: Cloud) -> None:
    headers = {**MARK, "ETag": '"1"', "Content-Type": "text/csv", "Set-Cookie": "a=1"}
    cloud.answer = lambda: web.Response(status=201, body=b"\x00\xff", headers=headers)
    reply = ask("GET", "/x")
    assert (reply.status, reply.body) == (201, b"\x00\xff")
    assert headers.items() <= reply.headers.items()


def test_a_functions_own_error_is_left_alone(ask: Client, cloud: Cloud) -> None:
    cloud.answer = lambda: web.json_response({"error": "no"}, status=503, headers=MARK)
    assert ask("GET", "/x").json == {"error": "no"}


@pytest.mark.parametrize(("method", "status"), [("GET", 304), ("GET", 204), ("HEAD", 200)])
def test_answers_without_a_body(ask: Client, cloud: Cloud, method: str, status: int) -> None:
    cloud.answer = lambda: web.Response(status=status, headers=MARK)
    reply = ask(method, "/x")
    assert (reply.status, reply.body) == (status, b"")


def test_a_body_of_ten_megabytes_passes(ask: Client, cloud: Cloud) -> None:
    assert ask("POST", "/x", bytes(BODY_LIMIT)).status == 200
    assert len(cloud.bodies[0]) == BODY_LIMIT


def test_a_larger_one_is_refused(ask: Client, cloud: Cloud) -> None:
    with socket.create_connection(("127.0.0.1", ask.port)) as raw:
        raw.sendall(
            f"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_LIMIT + 1}\r\n\r\n".encode()
        )
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        reply = Reply(answer.status, dict(answer.getheaders()), answer.read())
        answer.close()
    assert reply.status == 413
    assert is_the_gateways(reply)
    assert not cloud.seen


def test_one_of_unknown_length_is_refused_when_it_grows_too_large(
    ask: Client, cloud: Cloud
) -> None:
    with socket.create_connection(("127.0.0.1", ask.port)) as raw:
        raw.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(11):
            raw.sendall(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
        assert raw.recv(99).startswith(b"HTTP/1.1 413")
    assert not cloud.seen


def test_a_client_that_asks_first_is_told_to_go_on(ask: Client, cloud: Cloud) -> None:
    with socket.create_connection(("127.0.0.1", ask.port)) as raw:
        raw.sendall(
            b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert raw.recv(99).startswith(b"HTTP/1.1 100 ")
        raw.sendall(b"{}")
        assert raw.recv(99).startswith(b"HTTP/1.1 200 ")
    assert cloud.bodies == [b"{}"]


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        (403, 403, "ACCESS_DENIED"),
        (429, 429, "RATE_LIMITED"),
        (404, 404, "DEFAULT_4XX"),
        (502, 502, "SERVICE_UNAVAILABLE"),
    ],
)
def test_what_the_cloud_answers_by_itself_is_worded_as_the_template_does(
    ask: Client, cloud: Cloud, said: list[str], told: int, status: int, code: str
) -> None:
    cloud.answer = lambda: web.Response(status=told, text='{"message": "its \\"words\\""}')
    reply = ask("GET", "/x")
    assert (reply.status, reply.json["error"]["code"]) == (status, code)
    assert said == [f'gateway: GET answered {status}: its "words"']
    assert is_the_gateways(reply)
    assert ("Retry-After" in reply.headers) == (status == 429)


def test_a_method_that_no_path_takes_is_not_found(ask: Client, cloud: Cloud) -> None:
    cloud.answer = lambda: web.Response(
        status=403, text='{"message":"Missing Authentication Token"}'
    )
    reply = ask("TRACE", "/x")
    assert (reply.status, reply.json["detail"]) == (404, "Not Found")
    assert reply.json["error"] == {"code": "NOT_FOUND", "message": "Not found", "details": {}}


def test_a_crash_is_told_to_the_developer_alone(ask: Client, cloud: Cloud, said: list[str]) -> None:
    cloud.answer = lambda: web.Response(status=502, text="SIGNING_KEY is missing")
    assert b"SIGNING_KEY" not in ask("GET", "/x").body
    assert said == ["gateway: GET answered 502: SIGNING_KEY is missing"]


def test_without_a_cloud_it_answers_all_the_same(said: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = Behind(f"http://127.0.0.1:{free.getsockname()[1]}")
    places = [None, gone]
    edge = Edge(0, GATEWAY, lambda: places.pop(0), said.append)
    for _ in range(2):
        reply = Client(edge)("GET", "/x")
        assert reply.status == 503
        assert is_the_gateways(reply)
    edge.close()
    assert said == ["edge: The stack is still starting.", "edge: GET: ClientConnectorError"]


def test_a_crowd_waits_its_turn(ask: Client, cloud: Cloud) -> None:
    cloud.pause = 0.02
    with ThreadPoolExecutor(30) as crowd:
        replies = list(crowd.map(lambda _: ask("GET", "/x").status, range(30)))
    assert replies == [200] * 30
    assert 1 < cloud.busiest <= 8


def test_a_taken_port_is_a_sentence(edge: Edge, said: list[str]) -> None:
    port = int(edge.url.rsplit(":", 1)[1])
    with pytest.raises(EdgeError, match=f"Port {port} is taken: .* PORT="):
        Edge(port, GATEWAY, lambda: None, said.append)


def test_every_answer_of_the_gateway_is_json() -> None:
    kinds = ["DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE", "THROTTLED"]
    for kind in kinds:
        for message in ('with "quotes"', ""):
            answer = GATEWAY.answer(kind, message=message)
            body = json.loads(answer.body)
            assert body["request_id"] == answer.headers["X-Request-Id"]
            assert body["detail"] == body["error"]["message"] != ""
            assert body["error"]["details"] == {}
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_compressed_body_is_handed_on_as_it_came(ask: Client, cloud: Cloud) -> None:
    """Regression: it was unpacked here, but announced in its old length: 35 s, then 503."""
    packed = gzip.compress(b'{"a": 1}')
    assert ask("POST", "/x", packed, {"Content-Encoding": "gzip"}).status == 200
    assert ask("POST", "/x", b"no gzip at all", {"Content-Encoding": "gzip"}).status == 200
    assert cloud.bodies[-2:] == [packed, b"no gzip at all"]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"secret-x" * 2000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key: " + b"secret-x" * 2000 + b"\r\n\r\n",
        b"G\xc3\xa9T secret-x HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: secret-x\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_json_and_is_not_quoted(
    ask: Client, said: list[str], capfd: pytest.CaptureFixture[str], sent: bytes
) -> None:
    """Regression: tracebacks on the terminal quoted URLs and keys."""
    with socket.create_connection(("127.0.0.1", ask.port), timeout=5) as raw:
        raw.sendall(sent)
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == b"400"
    assert b"Access-Control-Allow-Origin" in head
    assert b"secret-x" not in json.dumps(json.loads(body)).encode()
    assert "secret-x" not in "".join([*said, *capfd.readouterr()])
