"""The floor of the web game: a request as one prepared statement of bare psycopg, committed.

Each is what its author would write by hand: it reads the rows on which the answer depends, looks
whether the rules allow it, and writes the rows that the request leaves. Token and body are read,
and numbers drawn, before and outside of the timing; its answer are columns that psycopg decodes.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

import jwt
import psycopg

from tests.benchmarks import callee

ME = """
    select u.is_active, p.user_id, p.username, p.level, p.xp - l.total_xp as exp,
      n.cost as exp_max, p.xp, p.gold, p.gems, s.points, s.maximum, p.base_attack, p.base_defense,
      p.base_hp, p.unspent_stat_points, p.created_at, p.updated_at, o.id, o.buff_type,
      o.effect_value, o.applied_at, o.expires_at, o.source
    from accounts.users as u
    join game.players as p on p.user_id = u.id
    join game.levels as l on l.level = p.level
    join game.levels as n on n.level = l.level + 1
    left join game.buffs as o on o.player_id = p.user_id
      and o.expires_at > statement_timestamp()
    left join game.buffs as b on b.player_id = p.user_id
      and b.buff_type = 'stamina_boost'
    cross join lateral game.stamina_at(
      row(p.stamina, p.stamina_rest, p.stamina_anchor, p.stamina_max)::game.stamina,
      b.effect_value, b.expires_at, statement_timestamp(), 100, 10
    ) as s
    where u.id = %(user_id)s
      and u.token_version = 0
      and u.deleted_at is null
"""
# All that an attack changes, but that it is told: live.append measures without.
STRIKE = """
    with player as (
      select p.user_id, p.username, p.level, s.points - a.stamina_cost as stamina, s.rest,
        s.anchor, a.attack_type, a.stamina_cost, c.is_critical,
        (1 + c.is_critical::integer) * (90 + (%(damage)s::bigint * 20 >> 32)) * a.factor_tenths
          as factor, (
          p.base_attack
          + coalesce(
            (
              select sum(i.attack_bonus)
              from game.equipment as e
              join game.items as i on i.id = e.item_id
              where e.player_id = p.user_id
                and e.set_type = 'attack'
            ), 0
          )
          + coalesce(
            (
              select sum(f.attack + f.attack_tenths * (t.level - 1) / 10)
              from game.pet_slots as s
              join game.pets as t on t.id = s.pet_id
              join game.pet_focuses as f on f.focus = t.focus
              where s.player_id = p.user_id
                and s.set_type = 'attack'
            ), 0
          )
        ) * coalesce(
          (
            select b.effect_value
            from game.buffs as b
            where b.player_id = p.user_id
              and b.buff_type = 'attack_boost'
              and b.expires_at > statement_timestamp()
          ), 1
        ) as power
      from accounts.users as u
      join game.players as p on p.user_id = u.id
      join game.attack_types as a on a.attack_type = %(attack_type)s
      cross join lateral (
        select (%(critical)s::bigint * 100 >> 32) < a.critical_percent as is_critical
      ) as c
      left join game.buffs as b on b.player_id = p.user_id
        and b.buff_type = 'stamina_boost'
      cross join lateral game.stamina_at(
        row(p.stamina, p.stamina_rest, p.stamina_anchor, p.stamina_max)::game.stamina,
        b.effect_value, b.expires_at, statement_timestamp(), 100, 10
      ) as s
      where u.id = %(user_id)s
        and u.token_version = 0
        and u.is_active
        and u.deleted_at is null
        and s.points >= a.stamina_cost
    ), struck as (
      update game.battle_enemies as e
      set hp_current = greatest(e.hp_current - (p.power - e.defense / 2) * p.factor / 1000, 0)
      from player as p
      where e.id = %(enemy_id)s
        and e.hp_current > 0
      returning e.id, e.name, e.hp_current, (p.power - e.defense / 2) * p.factor / 1000 as damage
    ), member as (
      update game.participants as t
      set total_damage_dealt = t.total_damage_dealt + s.damage,
        attacks_count = t.attacks_count + 1
      from struck as s
      where t.battle_id = %(battle_id)s
        and t.player_id = %(user_id)s
        and not t.is_dead
      returning t.id
    ), battle as (
      update game.battles as b
      set last_attack_at = clock_timestamp(),
        boss_phase = 1
      from struck as s
      where b.id = %(battle_id)s
        and b.status = 'in_progress'
      returning b.id, b.last_attack_at as at
    ), tired as (
      update game.players as q
      set stamina = p.stamina,
        stamina_rest = p.rest,
        stamina_anchor = p.anchor
      from player as p
      where q.user_id = p.user_id
    ), rolled as (
      insert into game.rolls (player_id, kind, reference, chance, drawn, result)
      select p.user_id, r.kind, %(battle_id)s, r.chance, r.drawn, r.result
      from player as p
      cross join struck as s
      cross join lateral (
        values
          (
            'critical', '{"critical": 10, "plain": 90}'::jsonb, %(critical)s::bigint,
            case when p.is_critical then 'critical' else 'plain' end
          ),
          (
            'damage', jsonb_build_object('from', p.power * 9 / 10, 'to', p.power * 11 / 10),
            %(damage)s, s.damage::text
          )
      ) as r (kind, chance, drawn, result)
    )"""
ATTACK = f"""{STRIKE}, room as (
      insert into live.rooms as r (room, head_seq)
      select 'battle:' || b.id, 1
      from battle as b
      cross join member as m
      on conflict (room) do update
      set head_seq = r.head_seq + 1,
        last_event_at = greatest(r.last_event_at, clock_timestamp())
      returning r.room, r.head_seq, r.last_event_at
    ), told as (
      insert into live.events (room, seq, occurred_at, type, payload)
      select r.room, r.head_seq, r.last_event_at, 'attack',
        jsonb_build_object(
          'player_name', p.username, 'username', p.username, 'userId', p.user_id,
          'player_level', p.level, 'enemy_id', s.id, 'enemy_name', s.name, 'damage', s.damage,
          'is_critical', p.is_critical, 'enemy_hp_remaining', s.hp_current,
          'enemy_defeated', s.hp_current = 0, 'battle_completed', false,
          'attack_type', p.attack_type, 'timestamp', game.to_time(r.last_event_at)
        )
      from room as r
      cross join player as p
      cross join struck as s
    )
    select s.damage, p.is_critical, s.id, s.hp_current, p.attack_type, p.stamina_cost, p.stamina
    from player as p
    cross join struck as s
    cross join member as m
    cross join room as r
"""
PURCHASE = """
    with bought as (
      select p.user_id, p.gold - c.price as gold, p.gems, c.*
      from accounts.users as u
      join game.players as p on p.user_id = u.id
      join game.catalogue as c on c.id = %(item_id)s
      where u.id = %(user_id)s
        and u.token_version = 0
        and u.is_active
        and u.deleted_at is null
        and p.level >= c.level
        and p.gold >= c.price
        and c.is_sold
      for update of p
    ), item as (
      insert into game.items (
        player_id, catalogue_id, item_type, name, rarity, level_requirement, attack_bonus,
        defense_bonus, hp_bonus, properties, icon
      )
      select b.user_id, b.id, lower(b.type), b.name, lower(b.rarity), b.level, b.attack,
        b.defense, b.hp, jsonb_build_object('description', b.description), b.icon
      from bought as b
      returning id
    ), purchase as (
      insert into game.purchases (player_id, item_type, item_name, cost_gold, cost_gems)
      select b.user_id, b.type, b.name, b.price, 0
      from bought as b
      returning id
    ), entered as (
      insert into game.ledger (player_id, kind, amount, balance_after, cause, reference)
      select b.user_id, 'gold', -b.price, b.gold, 'purchase', u.id
      from bought as b
      cross join purchase as u
    ), paid as (
      update game.players as p
      set gold = b.gold,
        updated_at = clock_timestamp()
      from bought as b
      where p.user_id = b.user_id
    )
    select i.id, b.name, b.gold, b.gems
    from bought as b
    cross join item as i
"""
_STATEMENTS = {"me": ME, "attack": ATTACK, "purchase": PURCHASE}


def read(event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The statement that serves a Lambda event, and its values."""
    [_, token] = event["headers"]["Authorization"].split()
    claims = jwt.decode(token, options={"verify_signature": False})
    *_, battle, verb = event["path"].split("/")
    values = {
        "user_id": int(claims["sub"]),
        "battle_id": int(battle) if battle.isdecimal() else None,
        "critical": secrets.randbits(32),
        "damage": secrets.randbits(32),
        **json.loads(event["body"] or "{}"),
    }
    return _STATEMENTS[verb], values


def main() -> None:
    """Serves until the end of input."""
    connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0)
    cursor = connection.cursor(binary=True)

    def run(given: tuple[str, dict[str, Any]], _: Any) -> dict[str, int]:
        return {"statusCode": 200 if cursor.execute(*given).fetchall() else 400}

    callee.serve(run, prepare=read)


if __name__ == "__main__":
    main()
