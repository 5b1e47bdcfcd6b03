"""What sockets need around them: a gateway with latency, and rows of sockets that take part."""

from __future__ import annotations

import subprocess
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from functions.shared import db
from tests.benchmarks.caller import PYTHON, ROOT, make_environ
from tests.benchmarks.store import Store

_SOCKETS = """
    with sender as (
      insert into live.senders (room)
      values (%(room)s)
    ), member as (
      insert into live.members (room, user_id, member)
      select %(room)s, n, jsonb_build_object('username', 'Player ' || n, 'level', 10)
      from generate_series(1, %(count)s) as n
    )
    insert into live.connections
      (connection_id, room, user_id, version, role, member, takes_batches, is_live, greeted_at)
    select %(room)s || '-' || n, %(room)s, n, 0, 'spectator',
      jsonb_build_object('username', 'Player ' || n, 'level', 10), %(batch)s, true,
      clock_timestamp()
    from generate_series(1, %(count)s) as n
"""
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "the secret key of the benchmarks, forty c",
    "AWS_SESSION_TOKEN": "t" * 900,  # as long as those of a function's role
    "AWS_REGION": "eu-central-1",
}


@dataclass(frozen=True)
class Cloud:
    """A gateway: its address, and what functions are told of it."""

    address: str
    environ: dict[str, str]
    _waiting: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def hears(self, room: str, seq: int, sockets: int) -> Future[float]:
        """When the last of a room's sockets gets an event, as time.time(); asked before it."""
        url = f"{self.address}/heard/{room}/{seq}/{sockets}"

        def ask() -> float:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return float(answer.read())

        return self._waiting.submit(ask)


@contextmanager
def cloud(store: Store, seconds: float) -> Iterator[Cloud]:
    """A gateway that takes as long for a call, and the live function beside it."""
    environ = _CREDENTIALS | {
        "LIVE_ENDPOINT": "https://bench.execute-api.eu-central-1.amazonaws.com/live",
        "LIVE_FUNCTION": "live",
    }
    with subprocess.Popen(
        [PYTHON, "-m", "tests.benchmarks.live_gateway", str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=make_environ(store.app_url, "game,live") | environ,
        text=True,
    ) as process:
        try:
            assert process.stdin
            assert process.stdout
            address = f"http://127.0.0.1:{int(process.stdout.readline())}"
            yield Cloud(address, environ | {"AWS_ENDPOINT_URL": address})
        finally:
            process.stdin.close()


def open_sockets(admin: db.Connection, room: str, count: int, *, batch: bool = False) -> None:
    """Adds sockets of spectators, called <room>-<number>, as they are once they take part."""
    admin.execute(_SOCKETS, {"room": room, "count": count, "batch": batch})
    admin.execute("vacuum analyze live.connections")
