"""The player: what a user is in the web game. Stamina is brought up to the moment at every use."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from functions.game import progression
from functions.game.calls import Call, to_response
from functions.game.fields import Count, clamp
from functions.shared import db, roles
from functions.shared.fields import Lenient, RequestModel, ResponseModel
from functions.shared.response import Response


class Buff(ResponseModel):
    """A boost that is on."""

    id: int
    buff_type: Literal["stamina_boost", "attack_boost", "defense_boost"]
    effect_value: int
    applied_at: datetime
    expires_at: datetime
    source: str


class Player(ResponseModel):
    """A player; `exp` is the progress inside the level, `exp_max` the cost of the next one."""

    id: int
    user_id: int
    username: str
    level: int
    exp: int
    exp_max: int
    total_exp: int
    gold: int
    gems: int
    stamina: int
    stamina_max: int
    base_attack: int
    base_defense: int
    base_hp: int
    unspent_stat_points: int
    active_buffs: list[Buff]
    created_at: datetime
    updated_at: datetime


class Allocation(RequestModel):
    """Stat points, one each for attack, defense and the own maximum of stamina."""

    attack: Count = 0
    defense: Count = 0
    max_stamina: Count = 0


class Allocated(ResponseModel):
    """The player after it."""

    message: str
    player: Player


class Stamina(ResponseModel):
    """Stamina now, and its maximum with a boost."""

    stamina: int
    stamina_max: int


class TableQuery(Lenient, RequestModel):
    """How many levels: 1 to 100."""

    max_level: Annotated[int, clamp(20, progression.MAX_LEVEL)] = 20


def get_me(call: Call) -> Response:
    """The player who calls; raises Unauthorized, Forbidden. Writes nothing. One round trip.

    As the store's `game.player_json` has it, but for clients who ask every three seconds: one
    statement that is planned once, in whose answer nothing is left to spell.
    """
    user_id, version, *_, permille, seconds = call
    row = roles.check(
        db.fetch_one(
            """
            select c.is_active, json_build_object(
                'id', p.user_id,
                'user_id', p.user_id,
                'username', p.username,
                'level', p.level,
                'exp', p.xp - l.total_xp,
                'exp_max', n.cost,
                'total_exp', p.xp,
                'gold', p.gold,
                'gems', p.gems,
                'stamina', s.points,
                'stamina_max', s.maximum,
                'base_attack', p.base_attack,
                'base_defense', p.base_defense,
                'base_hp', p.base_hp,
                'unspent_stat_points', p.unspent_stat_points,
                'active_buffs', array(
                  select game.buff_json(o)
                  from game.buffs as o
                  where o.player_id = c.id
                    and o.expires_at > statement_timestamp()
                  order by o.id
                ),
                'created_at', game.to_time(p.created_at),
                'updated_at', game.to_time(p.updated_at)
              )::text as body
            from accounts.caller(%s, %s) as c
            join game.players as p on p.user_id = c.id
            join game.levels as l on l.level = p.level
            join game.levels as n on n.level = l.level + 1
            left join game.buffs as b on b.player_id = p.user_id
              and b.buff_type = 'stamina_boost'
            cross join lateral game.stamina_at(
              row(p.stamina, p.stamina_rest, p.stamina_anchor, p.stamina_max)::game.stamina,
              b.effect_value, b.expires_at, statement_timestamp(), %s, %s
            ) as s
            """,
            (user_id, version, permille, seconds),
        )
    )
    return Response(row["body"])


def get_progression(call: Call) -> dict[str, Any]:
    """How far the player is on the way to the next level. One round trip."""
    return progression.describe(json.loads(get_me(call).body))


def regenerate_stamina(call: Call) -> Response:
    """Applies what time has earned, and nothing else. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.regenerate_stamina(row(%s, %s, %s, %s, %s, %s, %s)::game.call)
            """,
            call,
        )
    )


def allocate_stats(call: Call, sent: Allocation) -> Response:
    """Spends stat points; raises BadRequest for too few. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.allocate_stats(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s)
            """,
            (*call, sent.attack, sent.defense, sent.max_stamina),
        )
    )
