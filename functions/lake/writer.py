"""Writes a day of a table: one Parquet file, or one an hour of a large day."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Literal

from psycopg import sql

from functions.lake import days
from functions.lake.days import ChangedDay, LakeFile
from functions.lake.relations import Relation
from functions.lake.store import Store
from functions.rollups.exports.files import write_file
from functions.rollups.exports.formats import FORMATS
from functions.rollups.exports.selection import Selection
from functions.shared import db

LARGE_DAY = 5_000_000  # raw rows above which each hour has a file of its own
_DAY = 24  # hours
Outcome = Literal["sent", "same", "gone"]  # gone: it lost its rows
Note = Callable[[LakeFile, Outcome], None]


@dataclass(frozen=True)
class DayWriter:
    """Writes days until `deadline` (monotonic seconds).

    `note` hears what became of each file; `force` sends what did not change, too.
    """

    connection: db.Connection
    store: Store
    deadline: float
    note: Note
    force: bool = False

    def write(self, relation: Relation, changed: ChangedDay) -> bool:
        """Writes what a mark asks for and no run before did; False: no time for all of it.

        How a day is split is decided when it is first written, and stays: so a reader of all files
        never finds an hour twice.
        """
        known = days.list_files(self.connection, relation.name, changed.day)
        hours = next((file.hours for file in known.values()), 0) or self._choose(relation, changed)
        for hour in range(0, _DAY, hours):
            before = known.get(hour)
            if before and before.mark == changed.mark and not self.force:
                continue
            if time.monotonic() > self.deadline:
                return False
            self._write_file(relation, changed, (hour, hours), before)
        return True

    def _choose(self, relation: Relation, changed: ChangedDay) -> int:
        if relation.kind == "rollup":
            return _DAY
        count: int = db.fetch_value(
            _COUNT.format(
                table=sql.Identifier(*relation.name.split(".")),
                time=sql.Identifier(relation.rows.bucket),
            ),
            {"from": changed.day, "to": changed.day + timedelta(days=1), "limit": LARGE_DAY + 1},
            on=self.connection,
        )
        return 1 if count > LARGE_DAY else _DAY

    def _write_file(
        self,
        relation: Relation,
        changed: ChangedDay,
        part: tuple[int, int],
        before: LakeFile | None,
    ) -> None:
        hour, hours = part
        since = changed.day + timedelta(hours=hour)
        with tempfile.TemporaryFile() as file:
            about = _write_rows(relation, since, since + timedelta(hours=hours), file)
            found = LakeFile(relation.name, changed.day, hour, hours, *about, changed.mark)
            if before is None and not found.row_count:
                return  # there never was any
            outcome = self._compare(found, before)
            if outcome == "sent":
                file.seek(0)
                self.store.put(found.key, file)
        days.save_file(self.connection, found)
        self.note(found, outcome)

    def _compare(self, found: LakeFile, before: LakeFile | None) -> Outcome:
        if found.row_count == 0:
            return "gone"
        is_same = before is not None and before.sha256 == found.sha256
        return "same" if is_same and not self.force else "sent"


def _write_rows(
    relation: Relation, since: datetime, until: datetime, file: IO[bytes]
) -> tuple[int, int, str]:
    """Writes a file; returns its rows, its bytes and their SHA-256."""
    columns = relation.rows.columns
    selection = Selection(relation.rows, columns, since, until, with_dirty=True)
    written = write_file(selection, FORMATS["parquet"], file)  # type: ignore[arg-type]
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
    return written.rows, written.size, digest.hexdigest()


_COUNT = sql.SQL(
    """
    select count(*) as rows
    from (
      select
      from {table}
      where {time} >= %(from)s
        and {time} < %(to)s
      limit %(limit)s
    ) as counted
    """
)
