"""live.memory: what posting to a thousand sockets takes of the live function's memory."""

from __future__ import annotations

from statistics import median

from tests.benchmarks import game_players, live_cloud
from tests.benchmarks.caller import callee
from tests.benchmarks.figures import Figure, below
from tests.benchmarks.live_resume import APPEND
from tests.benchmarks.store import Store

NAMES = ("live.memory",)
_SOCKETS = 1_000
_TIMES = 3
_EVENTS = 100  # what a sender takes at most at once
_LATENCY = 0.010  # seconds of the gateway
_MB = 1_000_000


def measure(store: Store) -> list[Figure]:
    """The larger of an event to each, and of a hundred in batches; a fresh process each time."""
    players = game_players.add(store, 1)
    with store.connect() as admin, live_cloud.cloud(store, _LATENCY) as cloud:

        def measure_peak(events: int, *, batch: bool) -> float:
            raid = game_players.begin_raid(store, players)
            room = f"battle:{raid.battle_id}"
            live_cloud.open_sockets(admin, room, _SOCKETS, batch=batch)
            admin.execute(APPEND, {**raid._asdict(), "missed": events})
            module = "tests.benchmarks.live_peak"
            environ = cloud.environ | {"FANOUT_RATE": "100000"}  # nobody is to wait
            with callee(module, store.app_url, "game,live", environ) as ours:
                return ours.answer([{"work": "deliver", "room": room}])[0] / _MB

        one = [measure_peak(1, batch=False) for _ in range(_TIMES)]
        many = [measure_peak(_EVENTS, batch=True) for _ in range(_TIMES)]
    print(f"  one event {median(one):.1f} MB, a hundred {median(many):.1f} MB", flush=True)
    return [below("live.memory", max(median(one), median(many)), 96, "MB")]
