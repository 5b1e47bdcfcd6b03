"""live.append: what an event adds to the change of which it tells."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.benchmarks import game_players
from tests.benchmarks.figures import Figure, at_most, rounds, stated
from tests.benchmarks.game_bare import STRIKE
from tests.benchmarks.store import Store
from tests.support.rollups import connect

NAMES = ("live.append", "live.append.row")
_ROUNDS = 40
_TIMES = 20  # a round
_EVENT = """
    live.append(
      'battle:' || %(battle_id)s, 'attack',
      jsonb_build_object(
        'player_name', 'Player 1', 'username', 'Player 1', 'userId', 1, 'player_level', 10,
        'enemy_id', s.id, 'enemy_name', s.name, 'damage', 100, 'is_critical', false,
        'enemy_hp_remaining', s.hp_current, 'enemy_defeated', false, 'battle_completed', false,
        'attack_type', 'normal', 'timestamp', statement_timestamp()
      )
    )
"""
# The change of which most events tell: boss, participant, player, battle and two draws.
_ATTACK = (
    STRIKE
    + """
    select s.hp_current, {event} as seq
    from struck as s
    cross join member as m
    cross join battle as b
"""
)
# The smallest one of which an event can tell.
_ROW = """
    with struck as (
      update game.battle_enemies as e
      set hp_current = e.hp_current - 1
      where e.id = %(enemy_id)s
      returning e.id, e.name, e.hp_current
    )
    select s.hp_current, {event} as seq
    from struck as s
"""


def measure(store: Store) -> list[Figure]:
    """Both as prepared statements that commit themselves, over one connection."""
    [player] = game_players.add(store, 1)
    raid = game_players.begin_raid(store, [player])
    values = {"user_id": player.user_id, "attack_type": "normal", "critical": 1, "damage": 1}
    with connect(store.app_url) as writer:

        def run(statement: str) -> list[float]:
            found = []
            for _ in range(_TIMES):
                began = time.perf_counter()
                done = writer.execute(statement, {**raid._asdict(), **values}, prepare=True)
                found.append(time.perf_counter() - began)
                assert done.fetchall()
            return found

        def compare(name: str, statement: str) -> dict[str, Callable[[int], list[float]]]:
            whole, bare = (statement.replace("{event}", event) for event in (_EVENT, "0"))
            return {f"event_{name}": lambda _: run(whole), f"bare_{name}": lambda _: run(bare)}

        found = rounds(_ROUNDS, **compare("attack", _ATTACK), **compare("row", _ROW))
    return [
        at_most("live.append", found["event_attack"], found["bare_attack"], 1.4),
        stated("live.append.row", found["event_row"] / found["bare_row"], "x"),
    ]
