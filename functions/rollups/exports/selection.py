"""What is read of a rollup: which buckets and columns, in an order that is always the same.

The statement is shown to people as it runs, so it is one that an analyst may paste into psql.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg import sql

from functions.rollups.exports.catalog import Column, Rollup
from functions.shared.errors import Invalid

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Selection:
    """Rows of a rollup whose buckets begin at `since` or later and before `until`."""

    rollup: Rollup
    columns: tuple[Column, ...]
    since: datetime | None
    until: datetime | None
    with_dirty: bool = False  # buckets that changed since the last refresh, counted while read

    def build_statement(self) -> sql.Composed:
        """The rows, each column as one of the types of files; `order by` makes them the same."""
        return sql.SQL("select {}\nfrom {} as r{}\norder by {}").format(
            sql.SQL(", ").join(_convert(column) for column in self.columns),
            sql.Identifier(*self.rollup.name.split(".")),
            _where(self._conditions()),
            sql.SQL(", ").join(_sort_key(column) for column in self.rollup.columns),
        )

    def build_page(self, after: Sequence[str | None] | None, limit: int) -> sql.Composed:
        """Rows behind the one whose columns have these texts, each with the texts of its own."""
        position: list[sql.Composable] = []
        if after:
            first = sql.SQL("{} >= {}::timestamptz")  # so that no chunk before it is read
            bucket = sql.Identifier(self.rollup.bucket)
            position = [
                first.format(bucket, sql.Literal(after[0])),
                _behind(self.rollup.columns, after),
            ]
        return sql.SQL(
            "select {columns}, array[{texts}] as position from {view} as r{where}\n"
            "order by {order} limit {limit}"
        ).format(
            columns=sql.SQL(", ").join(_convert(column) for column in self.columns),
            texts=sql.SQL(", ").join(
                sql.SQL("{}::text").format(sql.Identifier(column.name))
                for column in self.rollup.columns
            ),
            view=sql.Identifier(*self.rollup.name.split(".")),
            where=_where([*self._conditions(), *position]),
            order=sql.SQL(", ").join(_sort_key(column) for column in self.rollup.columns),
            limit=sql.Literal(limit),
        )

    def count_dirty(self) -> sql.Composed:
        """How many dirty buckets are in the range."""
        bucket = sql.Identifier("bucket")
        return sql.SQL("select count(*) from {} as bucket{}").format(
            _dirty_buckets(self.rollup), _where(self._range(bucket))
        )

    def find_bounds(self) -> sql.Composed:
        """The first and the last bucket of the range."""
        return sql.SQL("select min({0}) as first, max({0}) as last from {1}{2}").format(
            sql.Identifier(self.rollup.bucket),
            sql.Identifier(*self.rollup.name.split(".")),
            _where(self._conditions()),
        )

    def _range(self, bucket: sql.Identifier) -> list[sql.Composed]:
        bounds = (("{} >= {}", self.since), ("{} < {}", self.until))
        return [
            sql.SQL(comparison).format(bucket, sql.Literal(moment))
            for comparison, moment in bounds
            if moment is not None
        ]

    def _conditions(self) -> list[sql.Composed]:
        bucket = sql.Identifier(self.rollup.bucket)
        # As an array, which reaches into the view: with `not in (select …)` each dirty bucket would
        # be counted, to be left out.
        clean = sql.SQL("{} <> all (array(select {}))").format(bucket, _dirty_buckets(self.rollup))
        return [*self._range(bucket), *([] if self.with_dirty else [clean])]


def choose_columns(rollup: Rollup, names: Sequence[str]) -> tuple[Column, ...]:
    """The named columns in the rollup's own order, all of them for no name; raises Invalid."""
    unknown = set(names) - {column.name for column in rollup.columns}
    if unknown:
        problem = f"must be columns of {rollup.name}, not {min(unknown)!r}"
        raise Invalid(f"columns {problem}", [{"field": "columns", "problem": problem}])
    return tuple(column for column in rollup.columns if not names or column.name in names)


def _dirty_buckets(rollup: Rollup) -> sql.Composed:
    return sql.SQL("analysts.list_dirty_buckets({})").format(sql.Literal(rollup.name))


def _where(conditions: Sequence[sql.Composable]) -> sql.Composable:
    if not conditions:
        return sql.SQL("")
    return sql.SQL("\nwhere {}").format(sql.SQL("\n  and ").join(conditions))


def _convert(column: Column) -> sql.Composable:
    """A column as one of the types of files."""
    name = sql.Identifier(column.name)
    if column.sql_type == "boolean":
        return sql.SQL("{}::integer").format(name)
    if column.type == "decimal":
        return sql.SQL("{0}::numeric(38, 18)::text as {0}").format(name)
    if column.sql_type == "numeric":
        return sql.SQL("{}::double precision").format(name)
    if column.sql_type.endswith("[]"):
        return sql.SQL("to_json({0})::text as {0}").format(name)
    if column.type == "text" and column.sql_type != "text":
        return sql.SQL("{}::text").format(name)
    return name


def _sort_key(column: Column) -> sql.Composable:
    """Texts by their bytes: a locale's order changes with the library that knows it."""
    name = sql.Identifier("r", column.name)
    return sql.SQL('{} collate "C"').format(name) if "text" in column.sql_type else name


def _behind(columns: Sequence[Column], texts: Sequence[str | None]) -> sql.Composable:
    """Whether a row comes after the one whose columns have these texts; nulls come last."""
    key, text = _sort_key(columns[0]), texts[0]
    rest = _behind(columns[1:], texts[1:]) if len(columns) > 1 else sql.SQL("false")
    if text is None:
        return sql.SQL("({} is null and {})").format(key, rest)
    kind = sql.SQL(columns[0].sql_type)  # as the catalog spells it
    value = sql.SQL("{}::{}").format(sql.Literal(text), kind)
    return sql.SQL("({0} > {1} or {0} is null or ({0} = {1} and {2}))").format(key, value, rest)
