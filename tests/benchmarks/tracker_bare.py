"""The floor of the tracker: a request as one prepared statement of bare psycopg, committed.

Each is what its author would write by hand: it counts the request, looks who calls, reads the rows
on which the answer depends and writes those that it leaves. Token and body are read before, outside
of the timing; what changes of a battle is known, and its answer are columns that psycopg decodes.
"""

from __future__ import annotations

import json
import os
from typing import Any

import jwt
import psycopg

from tests.benchmarks import callee

_COUNT = """
      insert into shared.rate_limits as l (key, window_start, count)
      values ({key}, floor(extract(epoch from clock_timestamp()))::bigint, 1)
      on conflict on constraint rate_limits_pkey do update
      set count = case
          when l.window_start + {seconds} <= excluded.window_start then 1
          else l.count + 1
        end,
        window_start = case
          when l.window_start + {seconds} <= excluded.window_start then excluded.window_start
          else l.window_start
        end
      returning count"""
_COUNTED = _COUNT.format(key="'general:user:' || %(user_id)s", seconds=3600)
_SEEN = """
    select u.public_id, b.state, p.names, m.connected, s.count
    from accounts.users as u
    join accounts.sessions as n on n.user_id = u.id
    cross join tracker.battles as b
    cross join lateral (
      select jsonb_object_agg(o.public_id, o.display_name) as names
      from accounts.users as o
      where o.public_id in (b.state -> 'order' ->> 0, b.state -> 'order' ->> 1)
    ) as p
    cross join lateral (
      select array_agg(o.member ->> 'user_id') as connected
      from live.members as o
      where o.room = 'tracker:' || b.id
    ) as m
    cross join counted as s
    where u.id = %(user_id)s
      and u.token_version = %(version)s
      and u.is_active
      and u.deleted_at is null
      and n.id = %(session_id)s::uuid
      and n.revoked_at is null
      and b.id = %(battle_id)s
      and (b.visibility = 'public' or b.state -> 'players' ? u.public_id)
"""
GET = f"""
    with counted as ({_COUNTED}
    ){_SEEN}"""
# One event, in the state, the event's row and the room.
PATCH = f"""
    with counted as ({_COUNTED}
    ), changed as ({_COUNT.format(key="'battle:' || %(battle_id)s", seconds=60)}
    ), seen as ({_SEEN}
    ), scored as (
      update tracker.battles as b
      set version = b.version + 1,
        status = 'in_progress',
        updated_at = clock_timestamp(),
        state = jsonb_set(
          b.state || jsonb_build_object('version', b.version + 1, 'updated_at', clock_timestamp()),
          array['players', s.public_id, 'scores'],
          (b.state #> array['players', s.public_id, 'scores']) || %(scores)s::jsonb
        )
      from seen as s
      cross join changed as c
      where b.id = %(battle_id)s
      returning b.id, b.version, b.state, b.updated_at, s.public_id,
        s.state #> array['players', s.public_id, 'scores'] as before
    ), noted as (
      insert into tracker.battle_events (
        battle_id, seq, type, actor_id, actor_role, source, occurred_at, data, before, after,
        request_id
      )
      select s.id, s.version, 'scores_updated', s.public_id, 'player', 'rest', s.updated_at,
        jsonb_build_object('player_id', s.public_id, 'changed', '["primary", "secondary"]'::jsonb),
        s.before, %(scores)s::jsonb, %(request_id)s
      from scored as s
    ), room as (
      insert into live.rooms as r (room, head_seq)
      select 'tracker:' || s.id, s.version
      from scored as s
      on conflict (room) do update
      set head_seq = r.head_seq + 1,
        last_event_at = clock_timestamp()
      returning r.room, r.head_seq, r.last_event_at
    ), appended as (
      insert into live.events (room, seq, occurred_at, type, payload)
      select r.room, r.head_seq, r.last_event_at, 'score_update',
        jsonb_build_object(
          'battle_id', s.id, 'timestamp', s.updated_at, 'version', s.version,
          'status', 'in_progress', 'player_id', s.public_id, 'changed',
          '["primary", "secondary"]'::jsonb, 'scores', %(scores)s::jsonb, 'actor_id', s.public_id,
          'warnings', '[]'::jsonb
        )
      from room as r
      cross join scored as s
    )
    select s.state, n.names, n.connected
    from scored as s
    cross join seen as n
"""


def read(event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The statement that serves a Lambda event, and its values."""
    [_, token] = event["headers"]["Authorization"].split()
    claims = jwt.decode(token, options={"verify_signature": False})
    values = {
        "user_id": int(claims["sub"]),
        "version": claims["ver"],
        "session_id": claims["sid"],
        "battle_id": event["path"].rsplit("/", 1)[-1],
        "request_id": event["requestContext"]["requestId"],
    }
    if event["httpMethod"] == "GET":
        return GET, values
    return PATCH, values | {"scores": json.dumps(json.loads(event["body"])["scores"])}


def main() -> None:
    """Serves until the end of input."""
    connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0)
    cursor = connection.cursor(binary=True)

    def run(given: tuple[str, dict[str, Any]], _: Any) -> dict[str, int]:
        return {"statusCode": 200 if cursor.execute(*given).fetchall() else 400}

    callee.serve(run, prepare=read)


if __name__ == "__main__":
    main()
