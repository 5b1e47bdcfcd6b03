"""live.append: what an event adds to the change of which it tells."""

from __future__ import annotations

import time

from tests.benchmarks import game_players
from tests.benchmarks.figures import Figure, at_most, rounds
from tests.benchmarks.store import Store
from tests.support.rollups import connect

NAMES = ("live.append",)
_ROUNDS = 30
_TIMES = 40  # a round
# The smallest change of which anything tells: one row. An attack's are five.
_CHANGE = """
    update game.battle_enemies as e
    set hp_current = e.hp_current - 1
    where e.id = %(enemy_id)s
    returning e.hp_current
"""
_WITH_EVENT = """
    with enemy as (
      update game.battle_enemies as e
      set hp_current = e.hp_current - 1
      where e.id = %(enemy_id)s
      returning e.id, e.name, e.hp_current
    )
    select e.hp_current,
      live.append(
        'battle:' || %(battle_id)s, 'attack',
        jsonb_build_object(
          'player_name', 'Player 1', 'username', 'Player 1', 'userId', 1, 'player_level', 10,
          'enemy_id', e.id, 'enemy_name', e.name, 'damage', 1, 'is_critical', false,
          'enemy_hp_remaining', e.hp_current, 'enemy_defeated', false, 'battle_completed', false,
          'attack_type', 'normal', 'timestamp', statement_timestamp()
        )
      ) as seq
    from enemy as e
"""


def measure(store: Store) -> list[Figure]:
    """Both as prepared statements that commit themselves, over one connection."""
    raid = game_players.begin_raid(store, game_players.add(store, 1))
    with connect(store.app_url) as writer:

        def run(statement: str) -> list[float]:
            found = []
            for _ in range(_TIMES):
                began = time.perf_counter()
                writer.execute(statement, raid._asdict(), prepare=True)
                found.append(time.perf_counter() - began)
            return found

        sides = rounds(_ROUNDS, event=lambda _: run(_WITH_EVENT), bare=lambda _: run(_CHANGE))
    return [at_most("live.append", sides["event"], sides["bare"], 1.4)]
