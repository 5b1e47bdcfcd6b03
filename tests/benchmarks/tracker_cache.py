"""tracker.cache: reading a battle, against a GET of the same object from Redis."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack

from functions.shared import json_codec
from functions.tracker.battles import changes
from tests.benchmarks import tracker_players, tracker_redis
from tests.benchmarks.caller import PYTHON, callee
from tests.benchmarks.figures import Figure, rounds, stated
from tests.benchmarks.store import Store
from tests.benchmarks.tracker_players import FIRST, Battle

NAMES = ("tracker.cache", "tracker.cache.saved")
_ROUNDS = 30
_REQUESTS = 40  # a round
_BATTLES = 10
_FILL = """
import json, sys, redis
url, battles = json.loads(sys.argv[1])
redis.Redis.from_url(url).mset(battles)
"""


def measure(store: Store) -> list[Figure]:
    """A process a side, rounds interleaved: the whole answer, bare SQL for it, and Redis."""
    players = tracker_players.add(store, 2 * _BATTLES)
    pairs = [(FIRST + n, FIRST + 2 * _BATTLES - 1 - n) for n in range(_BATTLES)]
    battles = tracker_players.add_battles(store, pairs, players)
    times = _REQUESTS // _BATTLES
    with ExitStack() as block:
        url = block.enter_context(tracker_redis.server())
        _fill(store, url, battles)
        admin = block.enter_context(store.connect())
        ours, bare = (
            block.enter_context(callee(f"tests.benchmarks.{module}", store.app_url, "tracker"))
            for module in ("ours", "tracker_bare")
        )
        cache = block.enter_context(
            callee("tests.benchmarks.tracker_redis", store.app_url, environ={"REDIS_URL": url})
        )
        events = [one.read() for one in battles] * times

        def whole(_: int) -> list[float]:
            admin.execute("delete from shared.rate_limits")
            return ours.answer(events)

        found = rounds(
            _ROUNDS,
            ours=whole,
            bare=lambda _: bare.answer(events),
            redis=lambda _: cache.answer([one.id for one in battles] * times),
        )
    ours, cached = found["ours"], found["redis"]
    return [
        Figure(NAMES[0], ours, "ms", cached, ours / cached, "", True),
        stated(NAMES[1], found["bare"] - cached),
    ]


def _fill(store: Store, url: str, battles: list[Battle]) -> None:
    """Puts each battle's object where a cache would have it, as clients read it."""
    with tracker_players.connected(store):
        loaded = changes.load_battles([one.id for one in battles])
    shown = {one.battle.state["id"]: json_codec.dumps({"battle": one.show()}) for one in loaded}
    assert len(shown) == len(battles)
    subprocess.run([PYTHON, "-c", _FILL, json.dumps([url, shown])], check=True)
