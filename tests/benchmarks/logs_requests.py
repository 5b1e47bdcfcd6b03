"""Requests of a game server and of staff to measure logs with, and the keys that they need."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from functions.logs.ingest.normalise import Server
from functions.logs.servers import servers
from functions.shared import auth
from tests.benchmarks import logs_population
from tests.benchmarks.logs_population import Sent
from tests.benchmarks.store import Store, environ
from tests.support.gateway import gateway_event

_SECONDS = 20  # of a server's life in a batch
_MOST = 2_097_152  # bytes of a body


class Sender(NamedTuple):
    """A game server and its key."""

    server: Server
    key: str

    def post(self, number: int, count: int = 1000) -> dict[str, Any]:
        """It sends what it noticed in its batch of that number, a little while ago."""
        return self.send(_body(self._noticed(number, count)))

    def large(self, number: int, count: int = 2000) -> str:
        """A body of that many events which is nearly as large as one may be."""
        sent = self._noticed(number, count)
        room = (_MOST - len(_body(sent).encode())) // count - len(',"note":""')
        random = Random(number)
        for one in sent:
            note = logs_population.said(random)
            while len(note.encode()) < room:
                note += f" {logs_population.said(random)}"
            one["metadata"]["note"] = note.encode()[:room].decode(errors="ignore")
        return _body(sent)

    def _noticed(self, number: int, count: int) -> list[Sent]:
        start = _now() - timedelta(days=1) + timedelta(seconds=number * _SECONDS)
        return logs_population.events(number, start, timedelta(seconds=_SECONDS), count)

    def send(self, body: str) -> dict[str, Any]:
        """It sends that text."""
        headers = {"Content-Type": "application/json", "X-Server-Key": self.key}
        return gateway_event("POST", "/api/ingest/logs", body, headers)


def sender(store: Store, name: str = "Sandbox #1") -> Sender:
    """A new server."""
    with environ(store):
        sent = servers.NewServer(
            name=name, ip="203.0.113.5", port=27015, mode="Sandbox", maxPlayers=64
        )
        made = servers.create(sent, "bench")
        return Sender(Server(made["id"], made["name"], made["mode"]), made["apiKey"])


def staff(store: Store) -> str:
    """A new bearer token of staff."""
    with environ(store):
        return auth.issue("bench", ["staff"])


def read(path: str, token: str) -> dict[str, Any]:
    """Staff read."""
    headers = {"Accept": "*/*", "Authorization": f"Bearer {token}"}
    return gateway_event("GET", path, None, headers)


def _body(sent: list[Sent]) -> str:
    return json.dumps({"events": sent}, ensure_ascii=False, separators=(",", ":"))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
