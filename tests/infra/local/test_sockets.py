"""Sockets at the edge: what API Gateway closes, and what reaches it."""

from __future__ import annotations

import asyncio
import base64
import os
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import SimpleNamespace
from urllib.parse import parse_qs

import aiohttp
import pytest

from infra.local import sockets
from infra.local.edge import Behind, Edge
from infra.local.sockets import FRAME_LIMIT, MESSAGE_LIMIT, Frames, Limits
from tests.support.edge import GATEWAY, Client, Cloud

Session = aiohttp.ClientSession
Talk = Callable[[Session], Awaitable[None]]
TEXT, CONTINUATION, PING = 0x1, 0x0, 0x9
TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"  # no real one


def run(talk: Talk) -> None:
    async def go() -> None:
        async with Session() as session:
            await talk(session)

    asyncio.run(asyncio.wait_for(go(), 20))


def frame(payload: bytes, opcode: int = TEXT, *, is_last: bool = True) -> bytes:
    """A frame as a client sends it, masked with zeros."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 1 << 16:
        length = b"\xfe" + size.to_bytes(2)
    else:
        length = b"\xff" + size.to_bytes(8)
    return bytes([0x80 * is_last | opcode]) + length + bytes(4) + payload


class Line:
    """A socket of which a test writes every byte."""

    async def open(self, edge: Edge, early: bytes = b"") -> None:
        port = int(edge.url.rsplit(":", 1)[1])
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(
            f"GET /ws/battles/1 HTTP/1.1\r\nHost: x\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
            + early
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def receive(self) -> tuple[int, bytes]:
        """The next frame's opcode and payload."""
        first, size = await self._reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self._reader.readexactly(2))
        elif size == 127:
            size = int.from_bytes(await self._reader.readexactly(8))
        return first & 0xF, await self._reader.readexactly(size)

    async def read_code(self) -> int:
        """The code with which the socket is closed, after whatever else comes."""
        while True:
            opcode, payload = await self.receive()
            if opcode == 0x8:
                return int.from_bytes(payload[:2])

    def close(self) -> None:
        self._writer.close()


def on_a_line(edge: Edge, talk: Callable[[Line], Awaitable[None]], early: bytes = b"") -> None:
    async def go() -> None:
        line = Line()
        await line.open(edge, early)
        try:
            await talk(line)
        finally:
            line.close()

    asyncio.run(asyncio.wait_for(go(), 20))


@pytest.mark.parametrize(
    ("path", "sent", "rewritten"),
    [
        ("/ws/battles/1", "", "battle=1"),
        ("/ws/battle/1/", "token=t", "battle=1&token=t"),
        ("/v1/ws/battles/b-1_c", "ticket=a%20b", "battle=b-1_c&ticket=a%20b"),
        ("/ws/battles/1", "last_seq=7&epoch=e", "battle=1&last_seq=7&epoch=e"),
        ("/ws/chat", "token=t", "tavern=chat&token=t"),
        ("/ws/battles/1", "battle=2&token=t&battle=3", "battle=1&token=t"),
        ("/ws/chat", "battle=2", "tavern=chat"),
        ("/ws/battles/1", "b%61ttle=2&tavern=&a", "battle=1&a"),
        ("/ws/battles/1%26battle=2", "", None),
        ("/ws/battles/1&battle=2", "", None),
        ("/ws/battles/a%2Fb", "", None),
        ("/ws/battles/", "", None),
        ("/ws/battles/1/more", "", None),
        ("/ws/chat/1", "", None),
        ("/v1/ws/chat", "", None),
        ("/api/tilt", "", None),
    ],
)
def test_the_rewriting_table(path: str, sent: str, rewritten: str | None) -> None:
    assert sockets.query(path, sent) == rewritten
    if rewritten:
        rooms = parse_qs(rewritten, keep_blank_values=True).keys() & sockets.NAMES
        assert len(rooms) == 1


def test_a_socket_is_relayed(edge: Edge, cloud: Cloud) -> None:
    async def talk(session: Session) -> None:
        url = f"{edge.url}/ws/battles/1?token=t&battle=2"
        async with session.ws_connect(url, protocols=["v1"]) as ws:
            assert ws.protocol == "v1"
            await ws.send_str("hello")
            assert await ws.receive_str() == "hello"
            await ws.send_str("bye")
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
            assert ws.close_code == 4001

    run(talk)
    assert cloud.seen[0].query_string == "battle=1&token=t"


@pytest.mark.parametrize("code", [1000, 4002])
def test_a_client_that_leaves_is_gone_behind_the_edge_too(
    edge: Edge, cloud: Cloud, code: int
) -> None:
    async def talk(session: Session) -> None:
        async with session.ws_connect(f"{edge.url}/ws/battles/1") as ws:
            await ws.close(code=code)
        while not cloud.closed:
            await asyncio.sleep(0.01)

    run(talk)
    assert cloud.closed == [code]


def test_a_client_that_vanishes_is_gone_behind_the_edge_too(edge: Edge, cloud: Cloud) -> None:
    async def talk(line: Line) -> None:
        line.close()
        while not cloud.closed:
            await asyncio.sleep(0.01)

    on_a_line(edge, talk)
    assert cloud.closed == [1001]


def test_a_refused_socket_keeps_its_status(edge: Edge, said: list[str]) -> None:
    async def knock(session: Session) -> None:
        for status in (401, 403, 404, 429):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{edge.url}/ws/battles/{status}?token={TOKEN}")
            assert refused.value.status == status

    run(knock)
    assert said == [f"gateway: a socket was answered {n}" for n in (401, 403, 404, 429)]


@pytest.mark.parametrize("path", ["/ws/battles/1", "/ws/nothing", "/ws/battles/401"])
def test_no_token_is_said_or_logged(
    edge: Edge,
    said: list[str],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    path: str,
) -> None:
    """Regression: aiohttp warns of subprotocols that nobody chose, and quotes them."""

    async def knock(session: Session) -> None:
        try:
            ws = await session.ws_connect(
                f"{edge.url}{path}?token={TOKEN}", protocols=[f"bearer.{TOKEN}"]
            )
            await ws.send_bytes(TOKEN.encode())
            await ws.receive()
            await ws.close()
        except aiohttp.WSServerHandshakeError:
            pass

    run(knock)
    written = [record.getMessage() for record in caplog.records if record.name != "aiohttp.client"]
    assert "eyJ" not in "".join([*said, *capfd.readouterr(), *written])


def test_where_there_are_no_sockets_is_a_404(said: list[str]) -> None:
    edge = Edge(0, GATEWAY, lambda: Behind("http://127.0.0.1:1"), said.append)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    reply = Client(edge)("GET", "/ws/battles/1", headers=upgrade)
    edge.close()
    assert (reply.status, reply.json["error"]["code"]) == (404, "NOT_FOUND")
    assert said == ["edge: answered 404: no socket is served at this path."]


# --- what is too large ---


def test_a_frame_of_32_kb_passes(edge: Edge) -> None:
    async def talk(line: Line) -> None:
        line.send(frame(b"x" * FRAME_LIMIT))
        assert await line.receive() == (TEXT, b"x" * FRAME_LIMIT)

    on_a_line(edge, talk)


@pytest.mark.parametrize("early", [False, True])
def test_a_frame_of_one_byte_more_closes_the_socket(edge: Edge, *, early: bool) -> None:
    """Also one that a client sends before it has been answered."""
    large = frame(b"x" * (FRAME_LIMIT + 1))

    async def talk(line: Line) -> None:
        if not early:
            line.send(large)
        assert await line.read_code() == 1009

    on_a_line(edge, talk, early=large if early else b"")


def test_bytes_count_and_not_characters(edge: Edge) -> None:
    async def talk(session: Session) -> None:
        async with session.ws_connect(f"{edge.url}/ws/battles/1") as ws:
            text = "😀" * (FRAME_LIMIT // 4)
            await ws.send_str(text)
            assert await ws.receive_str() == text
            await ws.send_str(text + "x")
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
            assert ws.close_code == 1009

    run(talk)


def test_a_message_of_128_kb_passes_in_frames(edge: Edge) -> None:
    async def talk(line: Line) -> None:
        part = b"y" * FRAME_LIMIT
        line.send(frame(part, is_last=False) + frame(part, CONTINUATION, is_last=False))
        line.send(frame(b"between", PING))
        line.send(frame(part, CONTINUATION, is_last=False) + frame(part, CONTINUATION))
        answered = [await line.receive() for _ in range(2)]
        assert sorted(answered) == [(TEXT, part * 4), (0xA, b"between")]

    on_a_line(edge, talk)


def test_a_message_of_one_byte_more_closes_the_socket(edge: Edge) -> None:
    async def talk(line: Line) -> None:
        part = b"y" * FRAME_LIMIT
        line.send(frame(part, is_last=False))
        for _ in range(3):
            line.send(frame(part, CONTINUATION, is_last=False))
        line.send(frame(b"y", CONTINUATION))
        assert await line.read_code() == 1009

    on_a_line(edge, talk)


def test_a_frame_that_never_ends_closes_the_socket(edge: Edge, cloud: Cloud) -> None:
    async def talk(line: Line) -> None:
        line.send(b"\x81\xff" + (1 << 40).to_bytes(8) + bytes(4) + bytes(1 << 20))
        assert await line.read_code() == 1009

    on_a_line(edge, talk)


def test_a_binary_frame_closes_the_socket(edge: Edge) -> None:
    async def talk(session: Session) -> None:
        async with session.ws_connect(f"{edge.url}/ws/battles/1") as ws:
            await ws.send_bytes(b"\x00")
            assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
            assert ws.close_code == 1003

    run(talk)


@pytest.mark.parametrize("sent", [frame(b"\xff"), b"\xff\x00garbage", frame(b"", CONTINUATION)])
def test_what_is_no_frame_closes_the_socket_and_no_other(edge: Edge, sent: bytes) -> None:
    async def talk(line: Line) -> None:
        line.send(sent)
        assert await line.read_code() in (1002, 1007)

    on_a_line(edge, talk)

    async def other(line: Line) -> None:
        line.send(frame(b"hello"))
        assert await line.receive() == (TEXT, b"hello")

    on_a_line(edge, other)


@pytest.mark.parametrize("seed", range(5))
def test_frames_are_counted_in_whatever_pieces_they_come(seed: int) -> None:
    random_ = random.Random(seed)
    messages = [
        frame(bytes(random_.choice([0, 5, 125, 126, 1000, FRAME_LIMIT])), is_last=is_last)
        for is_last in [True, False, True, True]
    ]
    good = b"".join([messages[0], frame(b"p", PING), *messages[1:]])
    large = frame(bytes(FRAME_LIMIT + 1))
    passed, frames, rest = b"", Frames(), good + large + b"more"
    while rest:
        size = random_.choice([1, 2, 3, 7, 100, 5000])
        passed += frames.feed(rest[:size])
        rest = rest[size:]
        assert len(frames._head) < 14
    assert frames.too_large.is_set()
    assert frames.is_over.is_set()
    # A head that came in pieces is handed on but for its end; nothing of the payload is.
    assert passed.startswith(good)
    assert len(passed) < len(good) + 8


def test_many_frames_of_a_message_are_one_message() -> None:
    frames = Frames()
    part = frame(bytes(FRAME_LIMIT), CONTINUATION, is_last=False)
    for _ in range(MESSAGE_LIMIT // FRAME_LIMIT):
        assert frames.feed(part) == part
        assert frames.feed(frame(bytes(100), PING))
    assert not frames.too_large.is_set()
    frames.feed(frame(b"x", CONTINUATION))
    assert frames.too_large.is_set()


# --- what is too old ---


def closing(cloud: Cloud, limits: Limits, seconds_between: float | None) -> tuple[float, int]:
    """After how long a socket is closed, and how; its client says something again and again."""
    behind = Behind(cloud.url, cloud.url.replace("http", "ws") + "/sockets")
    edge = Edge(0, GATEWAY, lambda: behind, lambda _: None, limits)
    found: list[tuple[float, int]] = []

    async def chatter(ws: aiohttp.ClientWebSocketResponse) -> None:
        with suppress(ConnectionError):
            while seconds_between is not None:
                await ws.send_str("still here")
                await asyncio.sleep(seconds_between)

    async def talk(session: Session) -> None:
        began = time.monotonic()
        async with session.ws_connect(f"{edge.url}/ws/battles/1") as ws:
            talking = asyncio.create_task(chatter(ws))
            async for _ in ws:
                pass
            found.append((time.monotonic() - began, ws.close_code or 0))
            talking.cancel()

    try:
        run(talk)
    finally:
        edge.close()
    return found[0]


def test_a_silent_socket_is_closed(cloud: Cloud) -> None:
    seconds, code = closing(cloud, Limits(idle=0.3, age=60), None)
    assert (seconds >= 0.3, code) == (True, 1001)


def test_an_old_socket_is_closed_whatever_is_said(cloud: Cloud) -> None:
    seconds, code = closing(cloud, Limits(idle=60, age=0.5), 0.05)
    assert (seconds >= 0.5, code) == (True, 1001)


def test_a_socket_that_says_something_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock of its own: on a busy machine every client falls silent."""
    now = 0.0
    monkeypatch.setattr(sockets, "time", SimpleNamespace(monotonic=lambda: now))
    seen = sockets._Seen()
    closed: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if now < 35:  # then it falls silent
            seen.at = now - 1

    monkeypatch.setattr(sockets, "asyncio", SimpleNamespace(sleep=sleep))

    class Here:
        async def close(self, **_: object) -> None:
            closed.append(now)

    asyncio.run(sockets._close_when_due(Here(), seen, Limits(idle=10, age=100)))  # type: ignore[arg-type]
    assert closed == [seen.at + 10]
    assert 34 < closed[0] < 46
