"""The floor of logs.ingest: the same rows by bare psycopg's COPY, normalised and with their ids.

One COPY in the same order, which commits itself, into a copy of the table with all of its indexes.
Nothing else is counted, looked up or marked, and nothing is answered.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg

from functions.logs.ingest import batch
from tests.benchmarks import callee, logs_store

# The floor's and the peer's, with the same indexes as ours and nothing else.
TABLES = """
    create schema bare;
    create schema peer;
    create table bare.events (like logs.events including all);
    create table peer.events (like logs.events including all);
    select create_hypertable(
      name || '.events', by_range('sent_at', interval '7 days'), create_default_indexes => false
    )
    from unnest(array['bare', 'peer']) as name;
    grant usage on schema bare, peer to public;
    grant select, insert on bare.events, peer.events to public;
"""
_COPY = """
    copy bare.events
      (id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
       involved_steam_ids, map, player_count, session_id, metadata, arrival)
    from stdin
"""
_SERVER = logs_store.SERVERS[0]


def rows(event: dict[str, Any]) -> list[tuple[object, ...]]:
    """What the Lambda event of a batch stores, in the order that the handler stores it in."""
    return logs_store.rows(batch.parse_body(event["body"]), _SERVER)


def main() -> None:
    """Serves until the end of input."""
    connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    cursor = connection.cursor()

    def store(given: list[tuple[object, ...]], _: Any) -> dict[str, int]:
        with cursor.copy(_COPY) as copy:
            for row in given:
                copy.write_row(row)
        return {"statusCode": 200}

    callee.serve(store, prepare=rows)


if __name__ == "__main__":
    main()
