"""game.raid: ten players strike one boss at once, against as many bare writers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median

from functions.shared import db
from tests.benchmarks import game_players
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, share
from tests.benchmarks.game_players import Raid
from tests.benchmarks.store import Store

NAMES = ("game.raid",)
_ROUNDS = 5
_ATTACKERS = 10
_ATTACKS = 100  # of each, a round
_LEAST = 0.6  # of the attacks a second that bare writers store


def measure(store: Store) -> list[Figure]:
    """A process an attacker and side; rounds interleaved, the first one warms up."""
    players = game_players.add(store, _ATTACKERS)
    raid = game_players.begin_raid(store, players)
    blows = [[raid.struck_by(one)] * _ATTACKS for one in players]
    found: dict[str, list[float]] = {"ours": [], "game_bare_raid": []}
    with ExitStack() as block:
        pool = block.enter_context(ThreadPoolExecutor(_ATTACKERS))
        sides = {
            name: [
                block.enter_context(callee(f"tests.benchmarks.{name}", store.app_url, "game"))
                for _ in players
            ]
            for name in found
        }
        for _ in range(_ROUNDS + 1):
            for name, side in sides.items():
                list(pool.map(Callee.hand, side, blows))
                began = time.perf_counter()
                list(pool.map(Callee.begin, side))
                rate = _ATTACKERS * _ATTACKS / (time.perf_counter() - began)
                found[name].append(rate)
        admin = block.enter_context(store.connect())
        check(admin, raid, len(found) * (_ROUNDS + 1) * _ATTACKERS * _ATTACKS)
    ours, floor = (median(rates[1:]) for rates in found.values())
    return [share("game.raid", ours, floor, _LEAST, "attacks/s")]


def check(admin: db.Connection, raid: Raid, attacks: int) -> None:
    """No blow was lost, whoever stored it: damage, numbers of events and draws agree."""
    [stored] = admin.execute(
        """
        select sum(t.total_damage_dealt)::bigint as dealt,
          sum(t.attacks_count)::bigint as counted,
          (select e.hp_max - e.hp_current from game.battle_enemies as e where e.id = %(enemy_id)s)
            as lost,
          (
            select array[count(*), max(e.seq), sum((e.payload ->> 'damage')::bigint)::bigint]
            from live.events as e
            where e.room = 'battle:' || %(battle_id)s
          ) as told,
          (
            select array[count(*), sum(r.result::bigint) filter (where r.kind = 'damage')::bigint]
            from game.rolls as r
            where r.reference = %(battle_id)s
          ) as rolled
        from game.participants as t
        where t.battle_id = %(battle_id)s
        """,
        raid._asdict(),
    ).fetchall()
    assert stored["counted"] == attacks
    assert stored["lost"] == stored["dealt"]
    assert stored["told"] == [attacks, attacks, stored["dealt"]]
    assert stored["rolled"] == [2 * attacks, stored["dealt"]]
