"""Highscores: the best twenty by level and by what they wear."""

from __future__ import annotations

from typing import Any

from functions.shared import db
from functions.shared.fields import ResponseModel


class Score(ResponseModel):
    """A player in a list; `exp` is lifetime experience, totals are with the worn items."""

    rank: int
    player_id: int
    username: str
    level: int
    exp: int
    item_score: int
    gold: int
    total_attack: int
    total_defense: int
    total_hp: int


class Highscores(ResponseModel):
    """The two lists, of twenty at most."""

    by_level: list[Score]
    by_item_score: list[Score]


def list_highscores() -> dict[str, Any]:
    """Both lists, for everybody to read. One round trip."""
    found = db.query(
        """
        with by_level as (
          select 'by_level' as list, p.*,
            row_number() over (order by p.level desc, p.xp desc, p.user_id) as rank
          from (
            select user_id, username, level, xp, gold, item_score, base_attack, base_defense,
              base_hp
            from game.players
            where erased_at is null
            order by level desc, xp desc, user_id
            limit 20
          ) as p
        ), by_item_score as (
          select 'by_item_score' as list, p.*,
            row_number() over (order by p.item_score desc, p.level desc, p.user_id) as rank
          from (
            select user_id, username, level, xp, gold, item_score, base_attack, base_defense,
              base_hp
            from game.players
            where erased_at is null
            order by item_score desc, level desc, user_id
            limit 20
          ) as p
        ), ranked as (
          select *
          from by_level
          union all
          select *
          from by_item_score
        )
        select r.list, r.rank, r.user_id as player_id, r.username, r.level, r.xp as exp,
          r.item_score, r.gold, r.base_attack + worn.attack as total_attack,
          r.base_defense + worn.defense as total_defense, r.base_hp + worn.hp as total_hp
        from ranked as r
        cross join lateral (
          select coalesce(sum(i.attack_bonus), 0) as attack,
            coalesce(sum(i.defense_bonus), 0) as defense, coalesce(sum(i.hp_bonus), 0) as hp
          from game.equipment as e
          join game.items as i on i.id = e.item_id
          where e.player_id = r.user_id
        ) as worn
        order by r.list, r.rank
        """
    )
    lists: dict[str, list[db.Row]] = {"by_level": [], "by_item_score": []}
    for row in found:
        lists[row.pop("list")].append(row)
    return lists
