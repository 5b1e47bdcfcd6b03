"""schema/schema.sql: what the migrations make, with a comment on everything in it."""

from __future__ import annotations

import psycopg

from functions.domains import SCHEMAS
from schema.engine import snapshot
from schema.engine.migrate import Report

Migrated = tuple[Report, str, str]


def test_the_snapshot_is_fresh_on_either_edition(migrated: Migrated) -> None:
    with psycopg.connect(migrated[1], autocommit=True) as connection:
        text = snapshot.describe(connection)
    assert text == snapshot.TARGET.read_text(), "write schema/schema.sql again: make schema"


def test_the_snapshot_reads_only(migrated: Migrated) -> None:
    with psycopg.connect(migrated[1]) as connection:
        connection.execute("set transaction read only")
        assert "create table tilt.events (" in snapshot.describe(connection)


def test_every_table_and_view_says_what_a_row_is(migrated: Migrated) -> None:
    with psycopg.connect(migrated[1]) as connection:
        silent = connection.execute(
            """
            select c.oid::regclass::text
            from pg_class c
            where c.relnamespace::regnamespace::text = any(%s)
              and c.relkind in ('r', 'v', 'S')
              and obj_description(c.oid, 'pg_class') is null
              and not exists (
                select
                from rollups.catalog r
                where to_regclass(r.materialization) = c.oid
              )
              and not exists (select from pg_depend where objid = c.oid and deptype = 'i')
            order by 1
            """,
            (list(SCHEMAS),),
        ).fetchall()
    assert silent == []


def test_every_column_of_a_table_says_what_it_holds(migrated: Migrated) -> None:
    with psycopg.connect(migrated[1]) as connection:
        silent = connection.execute(
            """
            select format('%%s.%%s', c.oid::regclass, a.attname)
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relnamespace::regnamespace::text = any(%s)
              and c.relkind = 'r'
              and col_description(c.oid, a.attnum) is null
              and not exists (
                select
                from rollups.catalog r
                where to_regclass(r.materialization) = c.oid
              )
            order by 1
            """,
            (list(SCHEMAS),),
        ).fetchall()
    assert silent == []
