"""Rollups: one SELECT in one file of schema/rollups/, and what a database makes of it.

    -- rollup: tilt.user_days   version: 1
    -- A row is one user's tilt on one UTC day.
    -- source: tilt.events(occurred_at)   bucket: day, 1 day
    -- index: user_id, day include events
    select time_bucket('1 day', occurred_at) as day, user_id, count(*) as events
    from tilt.events
    group by day, user_id

Its rows are stored in `rollups.<name>_v<version>`, its materialization: a continuous aggregate
where the edition has them and the source is a hypertable, else a table. The view `tilt.user_days`
is always exact: the stored rows of clean buckets, and the SELECT itself over the dirty ones. To
change the SELECT, put a new file with the next version in the old one's place: it is filled beside
the old one, and then takes its view over; it keeps the old columns and may add others after them.

A SELECT may read something else than the table whose writes mark it: another rollup's view, or rows
that are only ever written together with their source's. Then `read by` names its own time column:

    -- source: ttt.rounds(occurred_at)   bucket: month, 1 month   read by: day

The bounds of what is counted go before the line `group by`, or, where a SELECT is made of parts
(`ttt/duo_days.sql`), in place of each line `-- bounds` of theirs.

One that adds up all of the past in one bucket is `all-time`: it reads what its source held before
`rollups.sources.watermark`, the beginning of a month that the refresh moves on. So it is dirty
when that moves and when something comes late, but not whenever something happens:

    -- source: ttt.rounds(occurred_at)   bucket: all_time, 1000 years   read by: month   all-time

Columns that hold names of players, or are about them, are not for analysts (`*`: none of it is):

    -- private: name, named_at

Columns say what they hold, numbers also their unit. The bucket need not, nor does what has its
name and meaning from a rollup or view that the SELECT reads. These lines may be changed without a
next version (`schema/engine/comments.py`):

    -- column: score_max  Highest tilt score, 0 to 100 [score]
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from psycopg import sql

_HEADER = re.compile(
    r"-- rollup: (?P<name>[a-z_]+\.[a-z_0-9]+)   version: (?P<version>[0-9]+)\n"
    r"(?P<comment>(?:-- .*\n)+?)"
    r"-- source: (?P<source>[a-z_]+\.[a-z_0-9]+)\((?P<time>[a-z_]+)\)"
    r"   bucket: (?P<bucket>[a-z_]+), (?P<width>[0-9]+ [a-z]+)"
    r"(?:   read by: (?P<read_by>[a-z_.]+))?(?P<all_time>   all-time)?\n"
    r"(?:-- private: (?P<private>\*|[a-z_0-9, ]+)\n)?"
    r"(?P<indexes>(?:-- index: [a-z_0-9, ]+\n)*)"
    r"(?P<columns>(?:-- column: [a-z_0-9]+  .+\n)*)"
    r"(?P<select>select [^;]+?)\n*"
)
_COLUMN = re.compile(r"^-- column: ([a-z_0-9]+)  (.+)\n", re.MULTILINE)
_READS = re.compile(r"\b(?:from|join) ([a-z_]+\.[a-z_0-9]+)")
_BOUNDS = re.compile(r"^( *)-- bounds$", re.MULTILINE)


class RollupError(Exception):
    """Why a rollup file cannot be used, as a message that names it."""


@dataclass(frozen=True)
class Rollup:
    """A rollup as its file defines it."""

    file: str
    name: str
    version: int
    source: str
    time_column: str
    bucket_column: str
    width: str
    read_by: str  # the time column of what the SELECT reads; empty: the source's own
    is_all_time: bool  # it reads only what is before the source's watermark
    private: list[str]  # columns that analysts may not read; of one that is all private: *
    comment: str  # what a row is, which is also the comment of the view
    indexes: list[tuple[str, str]]  # of each its columns, and those it carries along
    columns: dict[str, str]  # what a column holds, of those that say so
    select: str
    checksum: str

    @classmethod
    def parse(cls, path: Path) -> Rollup:
        """The rollup of a file; raises RollupError when it is not written as it must be."""
        text = path.read_text(encoding="utf-8")
        found = _HEADER.fullmatch(text)
        file = f"{path.parent.name}/{path.name}"
        if found is None or len(re.findall(r"^group by ", text, re.MULTILINE)) != 1:
            raise RollupError(f"{file}: not written as schema/engine/rollup.py asks for.")
        return cls(
            file,
            found["name"],
            int(found["version"]),
            found["source"],
            found["time"],
            found["bucket"],
            found["width"],
            found["read_by"] or "",
            found["all_time"] is not None,
            found["private"].split(", ") if found["private"] else [],
            " ".join(line.removeprefix("-- ") for line in found["comment"].splitlines()),
            [
                (columns, carried)
                for line in found["indexes"].splitlines()
                for columns, _, carried in [line.removeprefix("-- index: ").partition(" include ")]
            ],
            dict(_COLUMN.findall(found["columns"])),
            found["select"],
            hashlib.sha256(_COLUMN.sub("", text).encode()).hexdigest(),
        )

    @property
    def materialization(self) -> str:
        return f"rollups.{self.name.replace('.', '_')}_v{self.version}"

    @property
    def reads(self) -> list[str]:
        """The tables, views and rollups of the SELECT, as schema.name."""
        return list(dict.fromkeys(_READS.findall(self.select)))

    def recompute_sql(self, since: str, until: str) -> str:
        """The SELECT over the raw rows from `since` until `until`, which are SQL expressions."""
        time = self.read_by or self.time_column
        if self.is_all_time:
            until = f"least({until}, {watermark_sql(self.source)})"
        bounds = f"{time} >= {since}\n  and {time} < {until}"
        if _BOUNDS.search(self.select):
            return _BOUNDS.sub(lambda line: f"{line[1]}and {bounds}", self.select)
        head, group, tail = re.split(r"^(group by )", self.select, maxsplit=1, flags=re.MULTILINE)
        joint = "  and " if re.search(r"^where ", head, re.MULTILINE) else "where "
        return f"{head}{joint}{bounds}\n{group}{tail}"

    def is_fed(self, names: Iterable[str]) -> bool:
        """Whether the SELECT reads one of these rollups."""
        return any(re.search(rf"\b{re.escape(name)}\b", self.select) for name in names)

    def view_sql(
        self, number: int, columns: list[str], types: dict[str, str], is_fed: bool = False
    ) -> str:
        """The SELECT of the view of these columns: clean buckets as they are kept, dirty ones
        recomputed. `types` are those of the materialization, in its order.

        A bucket ends by UTC, whatever the zone of the session that reads the view. A dirty row's
        bucket is the dirty bucket's, so that who reads a range pays for no dirty one outside it.
        What is fed by another rollup is seldom dirty, as its buckets are large: it stands in the
        view as a call, for every view of a view would make each reader's plan larger.
        """
        bucket = sql.Identifier(self.bucket_column)
        recomputed_columns = [
            sql.SQL("dirty.bucket as {}").format(bucket)
            if name == self.bucket_column
            else sql.SQL("recomputed.{}").format(sql.Identifier(name))
            for name in columns
        ]
        if is_fed:
            typed = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
            call = f"rollups.recompute_bucket({number}::smallint, dirty.bucket)"
            recomputed = f"{call} as recomputed ({typed})"
        else:
            until = f"date_add(dirty.bucket, interval '{self.width}', 'UTC')"
            select = self.recompute_sql("dirty.bucket", until)
            recomputed = f"(\n{select}\n) as recomputed"
        return _VIEW.format(
            materialization=sql.Identifier(*self.materialization.split(".")),
            bucket=bucket,
            stored_columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            recomputed_columns=sql.SQL(", ").join(recomputed_columns),
            recomputed=sql.SQL(recomputed),
            number=number,
        ).as_string(None)


def read_rollups(folder: Path) -> list[Rollup]:
    """The rollups of schema/rollups/, each after those whose views it reads; raises RollupError."""
    rollups = {one.name: one for one in map(Rollup.parse, sorted(folder.glob("*/*.sql")))}
    reads = {
        rollup.name: [name for name in rollups if rollup.is_fed([name])]
        for rollup in rollups.values()
    }
    try:
        return [rollups[name] for name in TopologicalSorter(reads).static_order()]
    except CycleError as error:
        raise RollupError(f"Rollups read each other in a circle: {error.args[1]}.") from error


def watermark_sql(source: str) -> str:
    """The SQL expression of a source's watermark, looked up once."""
    return f"(select rollups.watermark('{source}'))"


_VIEW = sql.SQL(
    """
    select {stored_columns}
    from {materialization} as stored
    where stored.{bucket} not in (select bucket from rollups.dirty_buckets where rollup = {number})
    union all
    select {recomputed_columns}
    from (select distinct bucket from rollups.dirty_buckets where rollup = {number}) as dirty
    cross join lateral {recomputed}
    """
)
