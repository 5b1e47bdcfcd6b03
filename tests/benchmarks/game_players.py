"""Players of the web game to measure with: what they wear, their raid, what their browsers send.

Derived from their number, so that every run measures the same.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from functions.shared import tokens
from tests.benchmarks.store import Store, environ
from tests.support.gateway import gateway_event

FIRST = 1_000_000  # the smallest user id
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en",
    "Content-Type": "application/json",
    "Host": "api.example.org",
    "Origin": "null",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
}
_SLICE = 10_000  # players that a transaction adds
_USERS = """
    insert into accounts.users (id, public_id, username, email, display_name)
    overriding system value
    select n, 'usr_' || lpad(n::text, 10, '0'), 'Player ' || n, 'player' || n || '@example.org',
      'Player ' || n
    from generate_series(%(first)s::bigint, %(last)s) as n
"""
# Rich, and never tired: what is measured are answers of 200.
_PLAYERS = """
    with player as (
      insert into game.players (
        user_id, username, level, xp, gold, stamina, stamina_max, item_score
      )
      select n, 'Player ' || n, 10 + n %% 50, l.total_xp + n %% l.cost, 1000000000000, 100000000,
        100000000, hashint8(n) & 1023
      from generate_series(%(first)s::bigint, %(last)s) as n
      join game.levels as l on l.level = 10 + n %% 50
      returning user_id, gold
    )
    insert into game.ledger (player_id, kind, amount, balance_after, cause)
    select user_id, 'gold', gold, gold, 'start'
    from player
"""
_WORN = """
    with item as (
      insert into game.items (player_id, item_type, name, rarity, attack_bonus, defense_bonus)
      select n, s.item_type, initcap(s.item_type), 'rare', 3 + n %% 7, 2
      from generate_series(%(first)s::bigint, %(last)s) as n,
        unnest(array['weapon', 'helmet', 'armor', 'ring']) as s (item_type)
      returning player_id, item_type, id
    )
    insert into game.equipment (player_id, set_type, slot, item_id)
    select player_id, 'attack', item_type, id
    from item
"""
_PETS = """
    with pet as (
      insert into game.pets (player_id, species, focus, name, is_egg, level)
      select n, 'dragon', 'attack', 'Rex', false, 5
      from generate_series(%(first)s::bigint, %(last)s) as n
      returning player_id, id
    )
    insert into game.pet_slots (player_id, set_type, slot, pet_id)
    select player_id, 'attack', 1, id
    from pet
"""
_BUFFS = """
    insert into game.buffs (player_id, buff_type, effect_value, source, applied_at, expires_at)
    select n, 'attack_boost', 10, 'potion', now(), now() + interval '1 day'
    from generate_series(%(first)s::bigint, %(last)s) as n
"""
# A boss who outlives the measurement.
_JOIN = """
    with boss as (
      update game.battle_enemies
      set hp_current = 1000000000000000,
        hp_max = 1000000000000000
      where battle_id = %(battle_id)s
      returning id
    ), begun as (
      update game.battles
      set status = 'in_progress',
        started_at = now(),
        current_players = cardinality(%(user_ids)s::bigint[])
      where id = %(battle_id)s
    ), joined as (
      insert into game.participants (battle_id, player_id)
      select %(battle_id)s, n
      from unnest(%(user_ids)s::bigint[]) as n
    )
    select id
    from boss
"""


class Player(NamedTuple):
    """A player, and the token in their browser."""

    user_id: int
    token: str

    def sends(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The Lambda event of what their browser sends."""
        headers = _HEADERS | {"Authorization": f"Bearer {self.token}"}
        return gateway_event(method, path, body and json.dumps(body), headers)


class Raid(NamedTuple):
    """A raid, and its boss."""

    battle_id: int
    enemy_id: int

    def struck_by(self, player: Player) -> dict[str, Any]:
        """A player clicks on the boss."""
        body = {"enemy_id": self.enemy_id, "attack_type": "normal"}
        return player.sends("POST", f"/api/battles/{self.battle_id}/attack", body)


def add(store: Store, count: int) -> list[Player]:
    """Players with four worn items, a pet and a boost each."""
    with store.connect() as admin:
        admin.execute("set synchronous_commit = off")  # not what is measured
        for first in range(FIRST, FIRST + count, _SLICE):
            last = min(first + _SLICE, FIRST + count) - 1
            with admin.transaction():
                for statement in (_USERS, _PLAYERS, _WORN, _PETS, _BUFFS):
                    admin.execute(statement, {"first": first, "last": last})
        admin.execute("vacuum analyze")
    with environ(store):
        return [
            Player(n, tokens.issue("game", n, f"player{n}@example.org", 0))
            for n in range(FIRST, FIRST + min(count, 100))
        ]


def begin_raid(store: Store, players: list[Player]) -> Raid:
    """A raid that they have joined."""
    with store.connect() as admin:
        [made] = admin.execute("select game.make_raid('epic', 0) as battle_id").fetchall()
        user_ids = [one.user_id for one in players]
        [boss] = admin.execute(_JOIN, {**made, "user_ids": user_ids}).fetchall()
    return Raid(made["battle_id"], boss["id"])
