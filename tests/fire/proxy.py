"""A network between the functions and PostgreSQL: slow, silent, closed or cut."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_AT_ONCE = struct.pack("ii", 1, 0)  # close with a reset


class Proxy:
    """Hands connections on to a port of this machine, as well as it is told to."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.delay = 0.0  # seconds that each packet takes
        self.is_open = True  # False: new connections are refused
        self._flows = threading.Event()
        self._flows.set()
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def hold(self) -> None:
        """From now on nothing gets through, in silence."""
        self._flows.clear()

    def release(self) -> None:
        """What was held gets through."""
        self._flows.set()

    def cut(self) -> int:
        """Loses every connection, on both sides and without a word; how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            _close(*pair)
        return len(pairs)

    def close(self) -> None:
        """Ends it."""
        self.release()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(here,), daemon=True).start()

    def _connect(self, here: socket.socket) -> None:
        if not self.is_open:
            _close(here)
            return
        try:
            there = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            _close(here)
            return
        pair = (here, there)
        for end in pair:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._pairs.add(pair)
        back = threading.Thread(target=self._pump, args=(there, here), daemon=True)
        back.start()
        self._pump(here, there)
        back.join()
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            end.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                self._flows.wait()
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def before(port: int) -> Iterator[Proxy]:
    """A network before a port, while the block runs."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
