"""Hypertables: their old chunks go into the columnstore, on the edition that has one.

TimescaleDB's own policy would do it too, but only for owners who may log in, which ours may not;
and a domain may have to do something in the same transaction.
"""

from __future__ import annotations

from functions.shared import db

_DAYS = 7  # of rows that stay as they are: late ones come into them
# Bits of a chunk's status, as TimescaleDB's src/ts_catalog/chunk.h names them.
_COMPRESSED = 1
_COMPRESSED_PARTIAL = 8  # it has rows beside what is compressed


def list_chunks_to_compress(connection: db.Connection, schema: str) -> list[str]:
    """Old chunks of a schema that are not compressed, or not all of them, the oldest first.

    None on an edition without columnstore: no table of it can want one.
    """
    rows = connection.execute(
        """
        select format('%%I.%%I', c.chunk_schema, c.chunk_name) as chunk
        from timescaledb_information.hypertables h
        join timescaledb_information.chunks c using (hypertable_schema, hypertable_name)
        where h.compression_enabled
          and h.hypertable_schema = %(schema)s
          and c.range_end < now() - make_interval(hours => 24 * %(days)s)
          and _timescaledb_functions.chunk_status(
            format('%%I.%%I', c.chunk_schema, c.chunk_name)::regclass
          ) & (%(compressed)s | %(partial)s) <> %(compressed)s
        order by c.range_end, chunk
        """,
        {
            "schema": schema,
            "days": _DAYS,
            "compressed": _COMPRESSED,
            "partial": _COMPRESSED_PARTIAL,
        },
    ).fetchall()
    return [row["chunk"] for row in rows]


def compress_chunk(connection: db.Connection, chunk: str) -> None:
    """Compresses a chunk, also what was written to it since; for within a transaction.

    Raises psycopg's LockNotAvailable or DeadlockDetected if somebody writes there now.
    """
    # Filters of two columns together take a sixteenth of what is compressed, and nobody uses them.
    connection.execute(
        """
        select set_config(name, 'off', true)
        from pg_settings
        where name = 'timescaledb.enable_composite_bloom_indexes'
        """
    )
    connection.execute("select compress_chunk(%s::regclass)", (chunk,))
