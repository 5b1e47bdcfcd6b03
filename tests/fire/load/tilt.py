"""Bots that record tilt events, each with its key, and some events again later."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from functions.shared import auth
from tests.fire.account import Verdict, compare_equal, compare_once
from tests.fire.client import Client
from tests.fire.journal import Op
from tests.fire.load.domain import Audited

_BOTS = 2
_PACE = 0.5  # seconds
_STEP = 7_000_000  # ms between two events of a bot, so that many buckets are dirty at once


class Tilt:
    """The load of tilt."""

    def __init__(self) -> None:
        self._keys = [auth.issue(f"fire-bot-{n}", ["tilt:write"]) for n in range(_BOTS)]
        self._now = int(time.time() * 1000)

    def list_clients(self) -> list[Callable[[Client], None]]:
        return [partial(self._record, n) for n in range(_BOTS)]

    def list_secrets(self) -> list[str]:
        return list(self._keys)

    def _record(self, bot: int, client: Client) -> None:
        sent: list[Op] = []
        while not client.is_over:
            number = len(sent)
            body = {
                "userId": f"fire-{bot}-{number // 40}",
                "timestamp": self._now - number * _STEP,
                "signals": ["rage-quit", "type: caps, severity: 3"],
                "tiltScore": number % 100,
            }
            name = f"{body['userId']}/{body['timestamp']}"
            headers = {"X-Api-Key": self._keys[bot]}
            sent.append(client.do(Op("tilt", name, "POST", "/api/tilt/events", body, headers)))
            if number % 7 == 6 and not client.is_over:
                client.repeat(sent[client.rng.randrange(number)])
            client.rest(_PACE)

    def account(self, audited: Audited) -> list[Verdict]:
        ops = audited.journal.of("tilt")
        stored = audited.counts(
            """
            select user_id || '/' || (extract(epoch from occurred_at) * 1000)::bigint, count(*)
            from tilt.events
            where user_id like 'fire-%%'
            group by 1
            """
        )
        ids = {op.answer["eventId"] for op in ops if op.is_done}
        found = audited.rows("select id::text from tilt.events where user_id like 'fire-%%'")
        signals = audited.rows("select count(*) from tilt.signals where user_id like 'fire-%%'")
        return [
            compare_once("tilt", "every event once", ops, stored),
            compare_equal(
                "tilt",
                "under the ids that were answered",
                len(ids),
                set(),
                ids - {i for (i,) in found},
            ),
            compare_equal(
                "tilt", "with its signals", len(found), 2 * len(found), int(signals[0][0])
            ),
        ]
