"""live.fanout.serial: a frame to a thousand sockets, at once and one by one."""

from __future__ import annotations

from tests.benchmarks import live_cloud
from tests.benchmarks.caller import callee
from tests.benchmarks.figures import Figure, faster, rounds
from tests.benchmarks.store import Store

NAMES = ("live.fanout.serial",)
_ROUNDS = 5
_SOCKETS = 1_000
_LATENCY = 0.010  # seconds of the gateway


def measure(store: Store) -> list[Figure]:
    """The same process and the same function; one post at a time keeps its connection too."""
    with (
        live_cloud.cloud(store, _LATENCY) as cloud,
        callee("tests.benchmarks.live_posts", store.app_url, "live", cloud.environ) as poster,
    ):

        def seconds(at_once: bool) -> list[float]:
            return poster.answer([{"sockets": _SOCKETS, "at_once": at_once}])

        found = rounds(_ROUNDS, ours=lambda _: seconds(True), serial=lambda _: seconds(False))
    return [faster("live.fanout.serial", found["ours"], found["serial"], 20)]
