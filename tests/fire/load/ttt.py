"""TTT servers that post the rounds of a season, and some of them again later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from functions.shared import auth
from infra.demo.season import Season
from tests.fire.account import Verdict, compare_equal, compare_once
from tests.fire.client import Client
from tests.fire.journal import Op
from tests.fire.load.domain import Audited

_SERVERS = 2
_PACE = 0.8  # seconds
_ROUNDS = 3000  # more than are played


class Ttt:
    """The load of TTT."""

    def __init__(self, seed: int) -> None:
        self._key = auth.issue("fire-ttt", ["ttt:write"])
        now = datetime.now(UTC)
        rounds: list[list[dict[str, Any]]] = [[] for _ in range(_SERVERS)]
        season = Season(seed, 60, _SERVERS, size=(6, 10))
        for played in season.rounds(_ROUNDS, now - timedelta(days=40), now):
            rounds[played.server].append(played.body)
        self._rounds = rounds

    def list_clients(self) -> list[Callable[[Client], None]]:
        return [partial(self._play, n) for n in range(_SERVERS)]

    def list_secrets(self) -> list[str]:
        return [self._key]

    def _play(self, server: int, client: Client) -> None:
        sent: list[Op] = []
        for body in self._rounds[server]:
            if client.is_over:
                break
            op = Op("ttt", body["round_id"], "POST", "/api/collect", body)
            op.headers["X-Api-Key"] = self._key
            sent.append(client.do(op))
            if len(sent) % 7 == 0 and not client.is_over:
                client.repeat(client.rng.choice(sent))
            client.rest(_PACE)

    def account(self, audited: Audited) -> list[Verdict]:
        ops = audited.journal.of("ttt")
        rounds = audited.counts("select id, count(*) from ttt.rounds group by id")
        kills = audited.counts("select round_id, count(*) from ttt.kills group by round_id")
        buys = audited.counts("select round_id, count(*) from ttt.buys group by round_id")
        parts = {op.name: (kills.get(op.name, 0), buys.get(op.name, 0)) for op in ops if op.is_done}
        sent = {op.name: (len(op.body["kills"]), len(op.body["buys"])) for op in ops if op.is_done}
        return [
            compare_once("ttt", "every round once", ops, rounds),
            compare_equal("ttt", "with its kills and purchases", len(sent), sent, parts),
        ]
