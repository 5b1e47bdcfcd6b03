"""live.idle: what a socket costs the database that is open and says nothing."""

from __future__ import annotations

from functions.shared import db
from tests.benchmarks.figures import Figure, stated
from tests.benchmarks.store import Store

NAMES = ("live.idle", "live.idle.rows")
_SOCKETS = 5_000
_ROOMS = 500
# As opening one and greeting it do, each socket in a transaction of its own.
_OPEN = """
    do $$
    declare
      name text;
    begin
      for n in 1 .. {sockets} loop
        name := 'L0SM9cOFvHcCIhw' || n || '=';
        perform live.open_connection(
          name, 'battle:' || n % {rooms}, n, 0, null, 'spectator',
          jsonb_build_object('username', 'Player ' || n, 'level', 10), true, null, null, 10
        );
        commit;
        update live.connections
        set busy_until = clock_timestamp() + interval '30 seconds'
        where connection_id = name;
        commit;
        update live.connections
        set greeted_at = clock_timestamp(),
          after_seq = 1
        where connection_id = name;
        commit;
        perform live.enter(name);
        commit;
        perform live.join_room(name, 0, interval '30 seconds', 500);
        commit;
      end loop;
    end
    $$
"""
_TABLES = """
    select sum(pg_total_relation_size(c.oid))::bigint as bytes, sum(s.n_live_tup)::bigint as rows
    from pg_class as c
    join pg_stat_user_tables as s on s.relid = c.oid
    where s.schemaname = 'live'
      and s.relname = any(array['connections', 'members'])
"""


def measure(store: Store) -> list[Figure]:
    """Its row, its user's in the room, and the indexes; rooms and senders are there without it."""
    with store.connect() as admin:
        before = _read(admin)
        admin.execute("set synchronous_commit = off")  # not what is measured
        admin.execute(_OPEN.format(sockets=_SOCKETS, rooms=_ROOMS))
        after = _read(admin)
    rows, size = (after[name] - before[name] for name in ("rows", "bytes"))
    return [
        stated("live.idle", size / _SOCKETS, "B"),
        stated("live.idle.rows", rows / _SOCKETS, "rows"),
    ]


def _read(admin: db.Connection) -> db.Row:
    admin.execute("vacuum analyze live.connections, live.members")
    [row] = admin.execute(_TABLES).fetchall()
    return row
