"""Five million tilt events over two years: one user with a million, one with ten thousand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg

from tests.benchmarks.store import Store

EVENTS = 5_000_000
BIG, SMALL = "user-million", "user-10k"
_SLICE = 50_000  # about a chunk: a statement's rows stay together
# Event k of the two years, evenly spread; every fifth is BIG's, every 500th SMALL's, the rest are
# shared out among 2,048 others. All derived from k, so that every run loads the same.
_ROWS = """
    create function pg_temp.rows(first integer, last integer)
    returns table (id uuid, at timestamptz, who text, score numeric, type text)
    language sql
    as $$
      select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '8'
          || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
        at,
        case when k %% 5 = 0 then 'user-million' when k %% 500 = 1 then 'user-10k'
          else 'user-' || (hashint4(k) & 2047) end,
        (k %% 51) / 10.0,
        (array['rage-quit', 'rapid-messages', 'bad-beat'])[1 + k %% 3]
      from (
        select k, md5(k::text) as hash,
          date_trunc('milliseconds', %(until)s::timestamptz - (5000000 - k) * interval '12.614 s')
            as at
        from generate_series(first, last) as k
      ) as raw
    $$
"""
_EVENTS = """
    insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
    select id, at, who, score,
      jsonb_build_array(jsonb_build_object('type', type, 'severity', 3, 'confidence', 0.8)),
      'discord-dm'
    from pg_temp.rows(%s, %s)
"""
_SIGNALS = """
    insert into tilt.signals (event_id, ordinal, occurred_at, user_id, type, severity, confidence)
    select id, 1, at, who, type, 3, 0.8
    from pg_temp.rows(%s, %s)
"""


def load(store: Store, until: datetime) -> None:
    """Events up to `until`, one signal each, both tables at once; their buckets are all dirty."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda insert: _fill(store, insert, until), (_EVENTS, _SIGNALS)))


def _fill(store: Store, insert: str, until: datetime) -> None:
    with store.connect() as admin:
        admin.execute("set synchronous_commit = off; set TimeZone = 'UTC'")  # not what is measured
        admin.execute("set client_min_messages = warning")
        with psycopg.ClientCursor(admin) as cursor:
            cursor.execute(_ROWS, {"until": until})
        for first in range(1, EVENTS + 1, _SLICE):
            admin.execute(insert, (first, first + _SLICE - 1))
