"""What the lake holds: every column of every raw table is classified, and no unsafe one is in."""

from __future__ import annotations

import re

import pytest

from functions.domains import load_lake_tables
from functions.lake import relations
from functions.rollups.exports.catalog import list_rollups
from functions.shared import db
from functions.shared.lake_tables import RawTable

TABLES = {table.name: table for table in load_lake_tables()}
# Hypertables that are no raw rows of analysts.
LEFT_OUT = {
    "accounts.audit": "about persons and their logins",
    "game.rolls": "proof that chance was fair, not counted by any rollup",
    "live.events": "what sockets are sent for some hours, chat too",
    "shared.audit": "about persons and operators",
}
# What a column that is free text, an address or a name of a person is called.
UNSAFE = re.compile(
    r"(^|_)(ips?|address(es)?|name|text|raw|chat|message|content|metadata|payload|body|reason|"
    r"note|email|actor|author|context|geo|hash|signals|players|kills|buys|password|token|key)$"
)
SAFE = {
    "map_name": "name of a map",
    "players": "how many there are on a server",
}


@pytest.fixture
def columns(store: str) -> dict[str, set[str]]:
    """The columns of all tables of the database."""
    rows = db.query(
        """
        select format('%s.%s', n.nspname, c.relname) as name, array_agg(a.attname::text) as columns
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid
        where c.relkind = 'r'
          and a.attnum > 0
          and not a.attisdropped
        group by n.nspname, c.relname
        """,
        None,
    )
    return {row["name"]: set(row["columns"]) for row in rows}


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_column_is_classified(columns: dict[str, set[str]], table: RawTable) -> None:
    """A new column of a raw table goes into `columns` of its domain's lake.py or `left_out`."""
    assert len(set(table.columns)) == len(table.columns)
    assert not set(table.columns) & table.left_out.keys()
    assert {*table.columns, *table.left_out} == columns[table.name]
    assert table.columns[0] == table.time
    assert all(table.left_out.values())


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_no_address_word_or_name_is_in_the_lake(table: RawTable) -> None:
    unsafe = {column for column in table.columns if UNSAFE.search(column)} - SAFE.keys()
    assert not unsafe


def test_what_is_unsafe_is_seen() -> None:
    for column in ("ip", "player_name", "raw_text", "metadata", "actor", "last_ip", "geo"):
        assert UNSAFE.search(column), column


def test_every_raw_table_is_in_the_lake_or_left_out(store: str) -> None:
    rows = db.query(
        """
        select format('%s.%s', hypertable_schema, hypertable_name) as name
        from timescaledb_information.hypertables
        where hypertable_schema <> 'rollups'
          and hypertable_schema not like '\\_timescaledb%'
        union
        select name
        from rollups.sources
        """,
        None,
    )
    assert {row["name"] for row in rows} == TABLES.keys() | LEFT_OUT.keys()


def test_every_raw_table_follows_a_source_that_is_marked(store: str) -> None:
    """Only what rollups read marks its days."""
    rows = db.query("select distinct source from rollups.catalog where is_current")
    assert {table.source for table in TABLES.values()} <= {row["source"] for row in rows}


def test_the_lake_has_every_rollup_that_analysts_read(store: str) -> None:
    found = relations.list_relations(db.connection())
    rollups = {one.name for one in found if one.kind == "rollup"}
    assert rollups == {rollup.name for rollup in list_rollups()}
    assert {one.name for one in found if one.kind == "raw"} == TABLES.keys()
    nameless = next(one for one in found if one.name == "logs.player_days_nameless")
    assert nameless.follows == "logs.player_days"


def test_numbers_are_exact(store: str) -> None:
    found = {one.name: one for one in relations.list_relations(db.connection())}
    types = {column.name: column.type for column in found["tilt.events"].rows.columns}
    assert types["tilt_score"] == "decimal"
    claims = {column.name: column.type for column in found["game.claims"].rows.columns}
    assert (claims["gold"], claims["rarity"], claims["drop_percent"]) == (
        *("bigint", "text"),
        "bigint",
    )
