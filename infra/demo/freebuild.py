"""The demo's sandbox server: announces itself, sends an evening, and reads what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from infra.demo.sandbox import Event, Sandbox
from infra.demo.service import Service
from infra.demo.tables import format_table

NAME = "Freebuild (demo)"
_AT_ONCE = 200  # events of a request
_LENGTH = timedelta(hours=4)
_SERVER = {"name": NAME, "ip": "198.51.100.7", "port": 27015, "mode": "Sandbox", "maxPlayers": 32}


@dataclass
class Freebuild:
    """The four hours before `end` on one server; counts what the stack answers to it."""

    seed: int
    end: datetime
    stored: int = 0
    known: int = 0
    queued: int = 0
    server_id: str = ""
    _events: list[Event] = field(init=False)

    def __post_init__(self) -> None:
        self._events = list(Sandbox(self.seed).events(self.end - _LENGTH, self.end))

    def play(self, staff: Service, progress: Callable[[int, int], None]) -> None:
        """Makes or finds the server, and sends its evening in the order in which it happened."""
        self.server_id, key = _server(staff)
        with closing(Service(staff.url, key, "X-Server-Key")) as game:
            payload, waiting = 0, iter(self._events)
            while batch := list(islice(waiting, _AT_ONCE)):
                answer = game.post("/api/ingest/logs", {"events": batch}).body
                self.stored += answer["stored"]
                self.known += answer["duplicates"]
                self.queued += answer["queued"]
                payload += len(batch)
                progress(payload, len(self._events))
            # Of now: a heartbeat has no time of its own.
            game.post("/api/servers/heartbeat", {"map": "gm_construct", "playerCount": 0.0})

    def describe(self) -> str:
        """What became of it, in sentences."""
        if self.known == len(self._events):
            return f"All {self.known} log events were there already: a repeat changes nothing."
        sentence = f"{self.stored} log events stored, {self.known} were there already."
        if self.queued:
            sentence += f" {self.queued} wait in the queue: the database is down."
        return sentence

    def build_tables(self, staff: Service) -> Iterator[str]:
        """A table for each of the panel's views, as they arrive."""
        asked = {"range": "7d"}
        analytics = staff.get(f"/api/servers/{self.server_id}/analytics", **asked)
        columns = ("totalPlayTimeHours", "totalSessions", "newPlayers", "peakPlayers")
        yield format_table(f"Sandbox: {NAME}", columns, [analytics])
        yield format_table("Builders", ("hours", "name"), analytics["topPlayers"])
        players = staff.get("/api/players", serverId=self.server_id, limit=8)
        yield format_table("Last seen", ("totalConnections", "playTimeHours", "name"), players)
        groups = [_group(one) for one in staff.get("/api/suspicious")]
        yield format_table("Same address or network", ("level", "place", "accounts"), groups)
        counted = staff.get("/api/ingest/stats")
        yield format_table("Ingestion, 30 days", ("stored", "duplicates"), [counted])


def _server(staff: Service) -> tuple[str, str]:
    """The id of the demo's server and a new key for it; what had the old one was an older demo."""
    for one in staff.get("/api/servers"):
        if one["name"] == NAME:
            path = f"/api/servers/{one['id']}/regenerate-key"
            made = staff.post(path, {"revokePrevious": True}).body
            return one["id"], made["apiKey"]
    made = staff.post("/api/servers", _SERVER).body
    return made["id"], made["apiKey"]


def _group(found: dict[str, Any]) -> dict[str, Any]:
    accounts = ", ".join(sorted(one["name"] for one in found["players"][:5]))
    return {"level": found["level"], "place": found["commonIpOrSubnet"], "accounts": accounts}
