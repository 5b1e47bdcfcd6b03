"""tracker.battle: a warm handler reads and changes battles, against bare SQL."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import count, cycle, islice
from typing import Any

from tests.benchmarks import tracker_players
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, rounds
from tests.benchmarks.store import Store
from tests.benchmarks.tracker_players import FIRST, Battle

NAMES = ("tracker.battle.get", "tracker.battle.patch")
_ROUNDS = 30
_REQUESTS = 40  # a round
_BATTLES = 10


def measure(store: Store) -> list[Figure]:
    """Each side its own process and battles; all rounds interleaved, limits cleared between."""
    players = tracker_players.add(store, 2 * _BATTLES)
    pairs = [(FIRST + n, FIRST + 2 * _BATTLES - 1 - n) for n in range(_BATTLES)]
    points = count(1)
    requests: dict[str, Callable[[Battle], dict[str, Any]]] = {
        "get": Battle.read,
        "patch": lambda battle: battle.scored(next(points) % 900),
    }
    with ExitStack() as block:
        admin = block.enter_context(store.connect())
        asked = {}
        for name in ("bare", "ours"):
            module = "tests.benchmarks.tracker_bare" if name == "bare" else "tests.benchmarks.ours"
            side = block.enter_context(callee(module, store.app_url, domains="tracker"))
            battles = tracker_players.add_battles(store, pairs, players)

            def seconds(
                side: Callee, battles: list[Battle], request: Callable[[Battle], Any], _: int
            ) -> list[float]:
                admin.execute("delete from shared.rate_limits")
                return side.answer([request(one) for one in islice(cycle(battles), _REQUESTS)])

            for verb, request in requests.items():
                asked[f"{name}_{verb}"] = partial(seconds, side, battles, request)
        found = rounds(_ROUNDS, **asked)
        _check(admin, 2 * _BATTLES, 2 * (_ROUNDS + 1) * _REQUESTS)
    return [
        at_most("tracker.battle.get", found["ours_get"], found["bare_get"], 1.6),
        at_most("tracker.battle.patch", found["ours_patch"], found["bare_patch"], 1.6),
    ]


def _check(admin: Any, battles: int, changes: int) -> None:
    """Both sides have stored every change: a version, an event and a message of each."""
    [stored] = admin.execute(
        """
        select (select count(*) from tracker.battles) as battles,
          (
            select count(*)
            from tracker.battle_events as e
            join live.events as m on m.room = 'tracker:' || e.battle_id and m.seq = e.seq
            where e.type = 'scores_updated'
          ) as changes
        """
    ).fetchall()
    assert stored == {"battles": battles, "changes": changes}, stored
