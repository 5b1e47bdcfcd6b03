"""Real sockets of a deployed stack."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

Frame = dict[str, Any]
_PATIENCE = 30.0  # seconds


class Tap:
    """An open socket, and all that came by it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Frame] = []

    def say(self, message: Frame | str) -> None:
        self.connection.send(message if isinstance(message, str) else json.dumps(message))

    def read_until(self, holds: Callable[[], bool], seconds: float = _PATIENCE) -> None:
        """Takes what comes until it holds; AssertionError after some seconds."""
        until = time.monotonic() + seconds
        while not holds():
            try:
                text = self.connection.recv(timeout=max(0.0, until - time.monotonic()))
            except TimeoutError:
                raise AssertionError(f"it never came: {self.frames[-5:]}") from None
            self.frames.append(json.loads(text))

    def wait_for(self, type_: str, count: int = 1, **fields: Any) -> Frame:
        """The message of that type with these fields, the last of so many."""

        def find() -> list[Frame]:
            return [one for one in self.of(type_) if fields.items() <= one.items()]

        self.read_until(lambda: len(find()) >= count)
        return find()[count - 1]

    def of(self, type_: str) -> list[Frame]:
        """The messages of a type that have come."""
        return [frame for frame in self.frames if frame["type"] == type_]

    def ping(self) -> Frame:
        """What a ping is answered: what was posted before has come by then."""
        pongs = len(self.of("pong"))
        self.say({"type": "ping"})
        return self.wait_for("pong", pongs + 1)

    def wait_closed(self) -> int:
        """The code with which the socket is closed, after what still came."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                text = self.connection.recv(timeout=max(0.0, until - time.monotonic()))
                self.frames.append(json.loads(text))
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006

    def cut(self) -> None:
        """The network is gone: no goodbye."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.connection.close()


class Taps:
    """Opens sockets below an address."""

    def __init__(self, url: str, closing: ExitStack) -> None:
        self._url = url.replace("http", "ws", 1)
        self._closing = closing

    def open(self, path: str, *protocols: str, **headers: str) -> Tap:
        """A socket that was opened; InvalidStatus when it is refused."""
        opening = connect(
            self._url + path,
            subprotocols=[Subprotocol(one) for one in protocols] or None,
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            open_timeout=_PATIENCE,
            max_queue=None,
            max_size=None,
        )
        return Tap(self._closing.enter_context(opening))

    def knock(self, path: str, *protocols: str, **headers: str) -> int:
        """The status of a handshake; what opens is closed."""
        try:
            self.open(path, *protocols, **headers).close()
        except InvalidStatus as refused:
            return refused.response.status_code
        return 101


@contextmanager
def taps(url: str) -> Iterator[Taps]:
    """Opens sockets; closes them all at the end."""
    with ExitStack() as closing:
        yield Taps(url, closing)
