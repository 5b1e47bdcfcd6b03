"""A player's phone at a table: a socket to the battle, and its events in their order."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from infra.demo.service import DemoError, Service

_PATIENCE = 20.0  # seconds for what a socket must bring


@dataclass
class Phone:
    """Follows a battle for somebody; after a cut it is sent what it missed."""

    service: Service
    battle_id: str
    last: int = 0  # the number of the last event that was applied
    epoch: str = ""
    types: list[str] = field(default_factory=list)  # of the events after the first `connected`
    _socket: ClientConnection | None = field(default=None, init=False)
    _closing: ExitStack = field(default_factory=ExitStack, init=False)

    def open(self) -> int:
        """Opens the socket, for the first time or again; how many events were missed."""
        path = f"/v1/battles/{self.battle_id}/ws-ticket"
        try:
            opening = connect(self.service.post(path, {}).body["url"], open_timeout=_PATIENCE)
            self._socket = self._closing.enter_context(opening)
        except (OSError, WebSocketException) as error:
            raise DemoError(f"A socket was not opened: {error}") from None
        connected = self._read_until("connected")
        if not self.epoch:
            self.last, self.epoch = connected["seq"], connected["epoch"]
            return 0
        before = self.last
        self._say({"type": "resume", "last_seq": self.last, "epoch": self.epoch})
        self._read_until("resumed", "snapshot")
        return self.last - before

    def follow(self, seq: int) -> None:
        """Reads on until the event of this number was applied."""
        while self.last < seq:
            self._read()

    def cut(self) -> None:
        """The network is gone: no goodbye."""
        assert self._socket
        self._socket.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Puts the phone away."""
        self._closing.close()

    def _read_until(self, *types: str) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            frame = self._read()
            if frame["type"] in types:
                return frame
        raise DemoError(f"A socket was opened and never sent `{types[0]}`.")

    def _read(self) -> dict[str, Any]:
        """The next message; an event is applied if it follows the last one, else asked for."""
        assert self._socket
        try:
            frame: dict[str, Any] = json.loads(self._socket.recv(timeout=_PATIENCE))
        except (OSError, WebSocketException) as error:
            raise DemoError(f"A socket brought nothing more: {error}") from None
        if frame["type"] == "snapshot":  # too much was missed, or the history is another one
            self.last, self.epoch = frame["seq"], frame["epoch"]
        elif frame["type"] != "connected" and "seq" in frame:
            if frame["seq"] == self.last + 1:
                self.last = frame["seq"]
                self.types.append(frame["type"])
            elif frame["seq"] > self.last + 1:
                self._say({"type": "resume", "last_seq": self.last, "epoch": self.epoch})
        return frame

    def _say(self, message: dict[str, Any]) -> None:
        assert self._socket
        self._socket.send(json.dumps(message))
