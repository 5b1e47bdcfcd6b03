"""live.fanout.1000: blows at a raid that a thousand watch, and at one that two do."""

from __future__ import annotations

import time
from contextlib import ExitStack
from statistics import median

from functions.shared import db
from tests.benchmarks import game_players, live_cloud
from tests.benchmarks.caller import callee
from tests.benchmarks.figures import Figure, at_most, below, percentile, stated
from tests.benchmarks.store import Store

NAMES = (
    "live.fanout.1000",
    "live.fanout.1000.median",
    "live.fanout.1000.answer",
    "live.fanout.2",
)
_SOCKETS = 1_000
_EVENTS = 200
_LATENCY = 0.010  # seconds of the gateway
_PAUSE = 0.55  # seconds between events: a thousand posts each, of 2,000 a second


def measure(store: Store) -> list[Figure]:
    """One blow after the other, at either raid in turn; the first ones warm up."""
    players = game_players.add(store, 1)
    raids = [game_players.begin_raid(store, players) for _ in range(2)]
    small, large = (f"battle:{raid.battle_id}" for raid in raids)
    answers: dict[str, list[float]] = {small: [], large: []}
    last: dict[str, list[float]] = {small: [], large: []}
    with ExitStack() as block:
        admin = block.enter_context(store.connect())
        for room, count in ((small, 2), (large, _SOCKETS)):
            live_cloud.open_sockets(admin, room, count)
        cloud = block.enter_context(live_cloud.cloud(store, _LATENCY))
        writer = block.enter_context(
            callee("tests.benchmarks.ours", store.app_url, "game,live", cloud.environ)
        )
        for seq in range(1, _EVENTS + 11):
            begun = time.monotonic()
            for raid, room, count in zip(raids, (small, large), (2, _SOCKETS), strict=True):
                heard = cloud.hears(room, seq, count)
                writer.hand([raid.struck_by(players[0])])
                answers[room] += writer.begin()
                last[room].append(heard.result() - _read_time(admin, room, seq))
            time.sleep(max(0, _PAUSE - (time.monotonic() - begun)))
    reached = [seconds * 1000 for seconds in last[large][10:]]
    own, other = (median(answers[room][10:]) * 1000 for room in (large, small))
    return [
        below("live.fanout.1000", percentile(reached, 0.99), 500),
        stated("live.fanout.1000.median", median(reached)),
        at_most("live.fanout.1000.answer", own, other, 1.2),
        stated("live.fanout.2", median(last[small][10:]) * 1000),
    ]


def _read_time(admin: db.Connection, room: str, seq: int) -> float:
    """When an event was appended, which is before its commit."""
    [row] = admin.execute(
        """
        select extract(epoch from occurred_at)::double precision as at
        from live.events
        where room = %s
          and seq = %s
        """,
        (room, seq),
    ).fetchall()
    return float(row["at"])
