"""Game servers that send their logs and heartbeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from functions.logs.servers import keys
from functions.shared import db
from tests.fire.account import Verdict, compare_equal, compare_once
from tests.fire.client import Client
from tests.fire.journal import Op
from tests.fire.load.domain import Audited

_SERVERS = 2
_PACE = 0.8  # seconds
_BATCH = 5
_ADDRESS = "203.0.113.{}"


class Logs:
    """The load of logs."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)
        self._servers = [f"srv_00000000fi{n:02}" for n in range(_SERVERS)]
        self._keys = [self._make_server(name) for name in self._servers]

    @staticmethod
    def _make_server(name: str) -> str:
        db.query(
            """
            insert into logs.servers (id, name, ip, port, mode, max_players)
            values (%s, %s, '198.51.100.1', 27015, 'Sandbox', 32)
            """,
            (name, name),
        )
        return str(keys.issue(name, "fire")["apiKey"])

    def list_clients(self) -> list[Callable[[Client], None]]:
        numbers = range(_SERVERS)
        return [partial(role, n) for n in numbers for role in (self._log, self._beat)]

    def list_secrets(self) -> list[str]:
        return [*self._keys, *(_ADDRESS.format(n) for n in range(1, 40))]

    def _log(self, server: int, client: Client) -> None:
        sent: list[Op] = []
        while not client.is_over:
            body = {"events": [self._event(server, len(sent), n) for n in range(_BATCH)]}
            op = Op("logs", f"batch {server}/{len(sent)}", "POST", "/api/ingest/logs", body)
            op.headers["X-Server-Key"] = self._keys[server]
            sent.append(client.do(op))
            if len(sent) % 7 == 0 and not client.is_over:
                client.repeat(client.rng.choice(sent))
            client.rest(_PACE)

    def _event(self, server: int, batch: int, number: int) -> dict[str, Any]:
        at = self._now - timedelta(minutes=7 * (batch % 4000), seconds=number)
        who = batch % 39 + 1
        event: dict[str, Any] = {
            "type": "CHAT",
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "steamId": f"STEAM_0:1:{900 + who}",
            "playerName": f"Player {who}",
            "rawText": f"fire {server}/{batch}/{number}",
            "metadata": {"message": f"fire {server}/{batch}/{number}"},
        }
        if number == 0:
            event |= {"type": "CONNECT", "metadata": {"ip": _ADDRESS.format(who)}}
        return event

    def _beat(self, server: int, client: Client) -> None:
        number = 0
        while not client.is_over:
            name = f"fire_{server}_{number}"
            body = {"map": name, "playerCount": number % 32}
            op = Op("logs", name, "POST", "/api/servers/heartbeat", body)
            op.headers["X-Server-Key"] = self._keys[server]
            client.do(op)
            number += 1
            client.rest(2 * _PACE)

    def account(self, audited: Audited) -> list[Verdict]:
        batches = audited.journal.of("logs", "/api/ingest/")
        events = [
            Op("logs", one["rawText"], op.method, op.path, attempts=op.attempts)
            for op in batches
            for one in op.body["events"]
        ]
        stored = audited.counts(
            """
            select raw_text, count(*)
            from logs.events
            where server_id = any(%s)
            group by raw_text
            """,
            self._servers,
        )
        rejected = Counter(
            one["status"]
            for op in batches
            if op.is_done
            for one in op.answer.get("results", [])
            if one["status"] == "rejected"
        )
        beats = audited.counts(
            "select map, count(*) from logs.heartbeats where server_id = any(%s) group by map",
            self._servers,
        )
        return [
            compare_once("logs", "every event once", events, stored),
            compare_equal("logs", "none rejected", len(events), Counter(), rejected),
            compare_once(
                "logs",
                "every heartbeat, and none that was not sent",
                audited.journal.of("logs", "/api/servers/"),
                beats,
                is_repeatable=False,
            ),
        ]
