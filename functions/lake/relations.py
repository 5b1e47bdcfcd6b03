"""What the lake holds: every rollup that analysts may read, and the raw tables of the domains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from functions.domains import load_lake_tables
from functions.rollups.exports.catalog import Column, Rollup, list_rollups_here, make_column
from functions.shared import db, stores
from functions.shared.lake_tables import RawTable

_NAMELESS = "_nameless"


@dataclass(frozen=True)
class Relation:
    """A table of the lake, as what is read of it day by day.

    `follows` is under which name its days are marked: the rollup's, or that of the raw table's
    source. Raw rows before `retained_from` are gone, or about to be.
    """

    kind: Literal["raw", "rollup"]
    follows: str
    rows: Rollup
    retained_from: datetime | None = None

    @property
    def name(self) -> str:
        return self.rows.name

    def is_expired(self, day: datetime) -> bool:
        """Whether a day holds raw rows that are kept no longer."""
        return self.retained_from is not None and day < self.retained_from


def list_relations(connection: db.Connection) -> list[Relation]:
    """All tables of the lake that live in the store, by name; only columns that a domain classified
    as safe."""
    rollups = [
        Relation("rollup", rollup.name.removesuffix(_NAMELESS), _exact(rollup))
        for rollup in list_rollups_here()
    ]
    return sorted([*rollups, *_raw(connection)], key=lambda relation: relation.name)


def _raw(connection: db.Connection) -> Iterable[Relation]:
    tables = {
        table.name: table
        for table in load_lake_tables()
        if stores.is_here(table.name.partition(".")[0])
    }
    found = connection.execute(
        """
        select t.name, obj_description(t.name::regclass, 'pg_class') as comment,
          nullif(s.retained_from, '-infinity') as retained_from,
          jsonb_object_agg(a.attname, jsonb_build_array(
            format_type(coalesce(nullif(y.typbasetype, 0), a.atttypid), -1),
            col_description(a.attrelid, a.attnum)
          )) as columns
        from unnest(%s::text[], %s::text[]) as t (name, source)
        join rollups.sources s on s.name = t.source
        join pg_attribute a on a.attrelid = to_regclass(t.name)
        join pg_type y on y.oid = a.atttypid
        where a.attnum > 0
          and not a.attisdropped
        group by t.name, s.retained_from
        """,
        (list(tables), [table.source for table in tables.values()]),
    ).fetchall()
    for row in found:
        table = tables[row["name"]]
        rows = _exact(_to_rows(table, row["comment"], row["columns"]))
        yield Relation("raw", table.source, rows, row["retained_from"])


def _to_rows(table: RawTable, comment: str, found: dict[str, tuple[str, str]]) -> Rollup:
    columns = tuple(
        make_column(name, sql_type, None, says)
        for name in table.columns
        for sql_type, says in [found[name]]
    )
    return Rollup(table.name, comment, table.time, "", "", columns, 0, None)


def _exact(rollup: Rollup) -> Rollup:
    """The same with decimals where the database has them."""
    return replace(rollup, columns=tuple(map(_exact_column, rollup.columns)))


def _exact_column(column: Column) -> Column:
    return replace(column, type="decimal") if column.sql_type == "numeric" else column
