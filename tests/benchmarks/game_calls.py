"""game.me, .attack and .purchase: a warm handler against bare SQL; attacks against the peer too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice
from typing import Any

from tests.benchmarks import game_players, game_raid
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, faster, rounds
from tests.benchmarks.game_players import Player
from tests.benchmarks.store import Store

NAMES = ("game.me", "game.attack", "game.purchase", "game.peer")
_ROUNDS = 30
_REQUESTS = 40  # a round
_PLAYERS = 10


def measure(store: Store) -> list[Figure]:
    """Each side its own process, on the same players and raid; all rounds interleaved."""
    players = game_players.add(store, _PLAYERS)
    raid = game_players.begin_raid(store, players)
    requests: dict[str, Callable[[Player], dict[str, Any]]] = {
        "me": lambda one: one.sends("GET", "/api/player/me"),
        "attack": raid.struck_by,
        "purchase": lambda one: one.sends("POST", "/api/shop/purchase", {"item_id": "sword-1"}),
    }
    with ExitStack() as block:

        def side(module: str) -> Callee:
            name = f"tests.benchmarks.{module}"
            return block.enter_context(callee(name, store.app_url, domains="game"))

        def seconds(of: Callee, request: Callable[[Player], dict[str, Any]], _: int) -> list[float]:
            return of.answer([request(one) for one in islice(cycle(players), _REQUESTS)])

        sides = {"floor": side("game_bare"), "ours": side("ours")}
        asked = {
            f"{name}_{verb}": partial(seconds, one, request)
            for verb, request in requests.items()
            for name, one in sides.items()
        }
        peer = partial(seconds, side("peers.game_fastapi"), raid.struck_by)
        found = rounds(_ROUNDS, **asked, peer_attack=peer)
        admin = block.enter_context(store.connect())
        game_raid.check(admin, raid, 3 * (_ROUNDS + 1) * _REQUESTS)
    return [
        at_most("game.me", found["ours_me"], found["floor_me"], 1.5),
        at_most("game.attack", found["ours_attack"], found["floor_attack"], 1.6),
        at_most("game.purchase", found["ours_purchase"], found["floor_purchase"], 1.6),
        faster("game.peer", found["ours_attack"], found["peer_attack"], 3),
    ]
