"""A quarter of a year of four servers' logs in the store: as the handler would have stored them.

A tenth of the time is made event by event and goes the handler's way into rows; the other tenths
say the same again at their time, with other people in place of every second one.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg

from functions.logs.ingest import batch
from functions.logs.ingest.ingest_server import Sender
from functions.logs.ingest.normalise import Server
from functions.logs.rows import COLUMNS
from functions.shared import db
from tests.benchmarks import logs_population
from tests.benchmarks.store import Store

SERVERS = tuple(Server(f"srv_bench_{n}", f"Sandbox #{n}", "Sandbox") for n in range(1, 5))
TENTH = timedelta(days=8.5)
_AT_ONCE = 1000  # events of a server in a batch
_BATCHES = 25  # that a process makes before it asks for more
_COPY = """
    copy logs.events
      (id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
       involved_steam_ids, map, player_count, session_id, metadata, arrival)
    from stdin
"""
# The new id has the new time in front, and other bits behind it.
_AGAIN = """
    insert into logs.events
      (id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
       involved_steam_ids, map, player_count, session_id, metadata, arrival)
    select (lpad(to_hex((extract(epoch from sent_at + shift) * 1000)::bigint), 12, '0') || '8'
        || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
      sent_at + shift, occurred_at + shift, server_id, mode, type,
      replace(steam_id, 'STEAM_0:1:', others), player_name, raw_text,
      replace(involved_steam_ids::text, 'STEAM_0:1:', others)::text[], map, player_count,
      session_id, replace(metadata::text, 'STEAM_0:1:', others)::jsonb, arrival
    from (
      select *, md5(id::text || %(tenth)s) as hash, %(tenth)s * %(length)s::interval as shift,
        format('STEAM_%%s:1:', %(tenth)s %% 6) as others
      from logs.events
      where sent_at < %(until)s
    ) as e
    order by sent_at
"""
_INDEXES = """
    select indexname as name, indexdef as definition
    from pg_indexes
    where schemaname = 'logs'
      and tablename = 'events'
      and indexname <> 'events_pkey'
    order by indexname
"""


def fill(store: Store, count: int, since: datetime) -> None:
    """Stores so many events of the ten tenths after a moment, ready to be searched.

    Their indexes are made when all are there, which takes a fifth of the time.
    """
    with store.connect() as admin:
        indexes = admin.execute(_INDEXES).fetchall()
        for index in indexes:
            admin.execute(f"drop index logs.{index['name']}")
        record(store, count // 10, since, TENTH)
        admin.execute("analyze logs.events")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda tenth: _repeat(store, tenth, since + TENTH), range(1, 10)))
        admin.execute("set maintenance_work_mem = '1GB'")
        for index in indexes:
            admin.execute(index["definition"])
        settle(admin)


def record(store: Store, count: int, since: datetime, length: timedelta) -> None:
    """Stores as many events of some time, evenly spread, each batch by itself."""
    with store.connect() as admin:  # nobody folds here what is not measured
        admin.execute("drop trigger if exists queue_insert on logs.events")
    step = length * _AT_ONCE * len(SERVERS) / count
    batches = range(count // _AT_ONCE)
    slices = [batches[n : n + _BATCHES] for n in range(0, len(batches), _BATCHES)]
    with ProcessPoolExecutor(2) as pool:
        waits = [pool.submit(_record, store.admin_url, one, since, step) for one in slices]
        for wait in waits:
            wait.result()


def settle(admin: db.Connection) -> None:
    """Leaves the table as autovacuum leaves all but the newest rows."""
    admin.execute("vacuum analyze logs.events")
    admin.execute("checkpoint")


def _record(url: str, numbers: range, since: datetime, step: timedelta) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("set synchronous_commit = off")  # not what is measured
        for number in numbers:
            server = SERVERS[number % len(SERVERS)]
            start = since + step * (number // len(SERVERS))
            sent = logs_population.events(number, start, step, _AT_ONCE)
            with admin.cursor() as cursor, cursor.copy(_COPY) as copy:
                for row in rows(sent, server):
                    copy.write_row(row)


def rows(sent: list[logs_population.Sent], server: Server) -> list[tuple[object, ...]]:
    """What a batch stores, in the order that the handler stores it in."""
    outcomes = batch.prepare(list(sent), Sender(server), datetime.now(UTC))
    stored = [one.row for one in outcomes if one.row]
    assert len(stored) == len(sent), [one.reason for one in outcomes if one.reason]
    return [
        # psycopg spells a time in ten times as long.
        (row.id, row.sent_at.isoformat(), row.occurred_at.isoformat(), *row[3 : len(COLUMNS)])
        for row in stored
    ]


def _repeat(store: Store, tenth: int, until: datetime) -> None:
    with store.connect() as admin:
        admin.execute("set synchronous_commit = off")
        admin.execute(_AGAIN, {"tenth": tenth, "length": TENTH, "until": until})
