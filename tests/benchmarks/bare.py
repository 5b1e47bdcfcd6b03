"""The floor of ttt.collect: the same rows by bare psycopg, parsed and normalised already.

A prepared statement a table, its rows as arrays, all in one pipeline that commits itself: measured
faster than rows as VALUES, than executemany, and than a transaction around them. The tables are
copies of ours without triggers, so that no bucket is marked.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import psycopg

from functions.ttt import round_report
from tests.benchmarks import callee

TABLES = """
    create schema bare;
    create table bare.rounds (like ttt.rounds including all);
    create table bare.players (like ttt.players including all);
    create table bare.kills (like ttt.kills including all);
    create table bare.buys (like ttt.buys including all);
    select create_hypertable(
      'bare.' || name, by_range('occurred_at', interval '90 days'), create_default_indexes => false
    )
    from unnest(array['players', 'kills', 'buys']) as name;
    grant usage on schema bare to public;
    grant insert on all tables in schema bare to public;
"""
_ROUND = """
    insert into bare.rounds
      (occurred_at, id, map_name, winner, winner_raw, duration, players, kills, buys)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_PLAYERS = """
    insert into bare.players
      (occurred_at, round_id, map_name, winner, duration, steam_id, role_start, role_end,
       karma_diff, points_diff)
    select %s, %s, %s, %s, %s, *
    from unnest(%s::text[], %s::text[], %s::text[], %s::integer[], %s::integer[])
"""
_KILLS = """
    insert into bare.kills
      (occurred_at, round_id, map_name, attacker_steamid, attacker_role, victim_steamid,
       victim_role, weapon, headshot, ordinal)
    select %s, %s, %s, *
    from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[])
      with ordinality
"""
_BUYS = """
    insert into bare.buys (occurred_at, round_id, map_name, steam_id, role, item, ordinal)
    select %s, %s, %s, *
    from unnest(%s::text[], %s::text[], %s::text[]) with ordinality
"""
Statements = list[tuple[str, list[Any]]]


def statements(event: dict[str, Any]) -> Statements:
    """The inserts, with their values, for the Lambda event of a round."""
    sent = round_report.parse_body(event["body"])
    content = sent.content
    lists = {name: _columns(content[name]) for name in ("players", "kills", "buys")}
    head = [datetime.now(UTC), sent.round_id, sent.map_name]
    ending = [sent.normalised_winner, sent.duration]
    texts = [content[name] for name in lists]
    return [
        (_ROUND, [*head, sent.normalised_winner, sent.winner, sent.duration, *texts]),
        (_PLAYERS, [*head, *ending, *lists["players"]]),
        (_KILLS, [*head, *lists["kills"]]),
        (_BUYS, [*head, *lists["buys"]]),
    ]


def _columns(text: str) -> list[list[Any]]:
    rows = json.loads(text)
    return [[row[name] for row in rows] for name in rows[0]]


def main() -> None:
    """Serves until the end of input."""
    connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0)
    cursor = connection.cursor()

    def insert(given: Statements, _: Any) -> dict[str, int]:
        with connection.pipeline():
            for statement, values in given:
                cursor.execute(statement, values)
        return {"statusCode": 201}

    callee.serve(insert, prepare=statements)


if __name__ == "__main__":
    main()
