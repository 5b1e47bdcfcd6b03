"""Erasure of a player: a tombstone takes their place in rounds that others played too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from functions.shared import db, json_codec, locks
from functions.shared.erasure import (
    TOMBSTONE_PREFIX,
    is_tombstone,
    list_tombstones,
    to_pseudonym,
    to_tombstone,
)
from functions.shared.errors import Invalid

# SteamIDs that several people or bots share: nobody's. ttt.is_pseudo has the same list.
PSEUDO_IDS = frozenset(
    {"BOT", "NULL", "STEAM_0:0:0", "STEAM_ID_LAN", "STEAM_ID_PENDING", "UNKNOWN"}
)
_TEXTS = ("players", "kills", "buys")
_KEYS = ("steam_id", "attacker_steamid", "victim_steamid")


def find_tombstones(people: Iterable[str], text: str) -> dict[str, str]:
    """By person the tombstones of those who are erased in the JSON text of a round."""
    if f'"{TOMBSTONE_PREFIX}' not in text:
        return {}
    stones = ((person, stone) for person in people for stone in list_tombstones(person))
    return {person: stone for person, stone in stones if stone in text}


def replace_people(stones: Mapping[str, str], content: dict[str, Any]) -> dict[str, Any]:
    """A round's content with tombstones in place of these people."""
    changed = dict(content)
    for person, stone in stones.items():
        for name in _TEXTS:
            for key in _KEYS:
                was, becomes = _spelled(key, person), _spelled(key, stone)
                changed[name] = changed[name].replace(was, becomes)
    return changed


@contextmanager
def block_erasure() -> Iterator[None]:
    """A transaction during which nobody is erased."""
    with db.transaction():
        db.query("select pg_advisory_xact_lock_shared(%s)", (locks.TTT_ROUNDS,))
        yield


@db.retried
def erase(steam_id: str, actor: str | None = None) -> dict[str, int]:
    """Replaces a person by a tombstone in every round, and removes their names and refused bodies.

    Returns the rows changed, per table. Audited as done by `actor`. Raises Invalid for who is no
    person. Waits for rounds that are being written.
    """
    if steam_id in PSEUDO_IDS or is_tombstone(steam_id):
        raise Invalid("Invalid steam_id", [{"field": "steam_id", "problem": "is no person's"}])
    with db.transaction():
        db.query("select pg_advisory_xact_lock(%s)", (locks.TTT_ROUNDS,))
        return _erase(steam_id, actor)


def _erase(steam_id: str, actor: str | None) -> dict[str, int]:
    stone = to_tombstone(steam_id)
    changed: dict[str, int] = db.fetch_value(
        """
        with day as materialized (
          select distinct day as start, day + interval '24 hours' as next_day
          from ttt.player_fact_days
          where steam_id = %(person)s
        ), player as (
          update ttt.players p
          set steam_id = %(stone)s
          from day d
          where p.occurred_at >= d.start
            and p.occurred_at < d.next_day
            and p.steam_id = %(person)s
          returning 1
        ), kill as (
          update ttt.kills k
          set attacker_steamid = case
              when k.attacker_steamid = %(person)s then %(stone)s
              else k.attacker_steamid
            end,
            victim_steamid = case
              when k.victim_steamid = %(person)s then %(stone)s
              else k.victim_steamid
            end
          from day d
          where k.occurred_at >= d.start
            and k.occurred_at < d.next_day
            and %(person)s in (k.attacker_steamid, k.victim_steamid)
          returning 1
        ), buy as (
          update ttt.buys b
          set steam_id = %(stone)s
          from day d
          where b.occurred_at >= d.start
            and b.occurred_at < d.next_day
            and b.steam_id = %(person)s
          returning 1
        ), round as (
          update ttt.rounds r
          set players = replace(r.players, %(was)s, %(becomes)s),
            kills = replace(
              replace(r.kills, %(was_attacker)s, %(becomes_attacker)s),
              %(was_victim)s, %(becomes_victim)s
            ),
            buys = replace(r.buys, %(was)s, %(becomes)s)
          from day d
          where r.occurred_at >= d.start
            and r.occurred_at < d.next_day
            and strpos(r.players || r.kills || r.buys, %(spelled)s) > 0
          returning 1
        ), name as (
          delete from ttt.names
          where steam_id = %(person)s
          returning 1
        ), refused as (
          delete from ttt.quarantine q
          using unnest(%(spellings)s::text[]) as spelling
          where strpos(q.body, spelling) > 0
          returning q.id
        )
        insert into shared.audit (action, subject, actor, counts)
        select 'ttt.erase', %(subject)s, %(actor)s, jsonb_build_object(
          'ttt.rounds', (select count(*) from round),
          'ttt.players', (select count(*) from player),
          'ttt.kills', (select count(*) from kill),
          'ttt.buys', (select count(*) from buy),
          'ttt.names', (select count(*) from name),
          'ttt.quarantine', (select count(distinct id) from refused),
          'rollups', rollups.rename_person(
            'ttt.rounds', array['steam_id', 'killer', 'victim', 'player1', 'player2'],
            array['player1', 'player2'], %(person)s, %(stone)s
          )
        )
        returning counts
        """,
        {
            "person": steam_id,
            "stone": stone,
            "subject": to_pseudonym(steam_id),
            "actor": actor,
            "spelled": _quoted(steam_id),
            # A refused body may be anything, so wherever the id stands in it.
            "spellings": [steam_id, _quoted(steam_id)[1:-1], json.dumps(steam_id)[1:-1]],
            "was": _spelled("steam_id", steam_id),
            "becomes": _spelled("steam_id", stone),
            "was_attacker": _spelled("attacker_steamid", steam_id),
            "becomes_attacker": _spelled("attacker_steamid", stone),
            "was_victim": _spelled("victim_steamid", steam_id),
            "becomes_victim": _spelled("victim_steamid", stone),
        },
    )
    return changed


def _quoted(text: str) -> str:
    return json_codec.dumps(text)


def _spelled(key: str, steam_id: str) -> str:
    """A SteamID under its key, as a round's JSON text has it."""
    return f'"{key}":{_quoted(steam_id)}'
