"""The lake: writes the days that are over and changed, and takes away what expired.

Files are replaced first, then the table's manifest, then what lost its rows is deleted, and the
marks of the days go last. So whatever is interrupted is done again, and its readers see whole days.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from functions.lake import days
from functions.lake.days import ChangedDay, LakeFile
from functions.lake.relations import Relation, list_relations
from functions.lake.store import Store, open_store
from functions.lake.writer import DayWriter, Outcome
from functions.shared import db, locks
from functions.shared.exclusive import exclusive


@dataclass
class Report:
    """What a run did; `busy`: somebody else was at it; `left`: changed days that it left.

    `files` were sent, with `rows` and `bytes`; `unchanged` ones were read and found the same;
    `expired` ones are deleted with the raw rows of their days.
    """

    busy: bool = False
    days: int = 0
    files: int = 0
    unchanged: int = 0
    rows: int = 0
    bytes: int = 0
    expired: int = 0
    left: int = 0
    ms: float = 0.0


def run(
    connection: db.Connection,
    seconds: float = 240.0,
    store: Store | None = None,
    force: bool = False,
) -> Report:
    """Writes what is due for about `seconds`, on an autocommit connection; raises Unavailable.

    `store` is that of LAKE_BUCKET unless given; `force` sends files that did not change, too.
    """
    started = time.monotonic()
    report, store = Report(), store or open_store()
    with exclusive(locks.LAKE) as mine:
        report.busy = not mine
        if mine:
            days.mark_new_rollups(connection)
            Run(connection, store, started + seconds, report, force).write_due()
    report.ms = round((time.monotonic() - started) * 1000, 1)
    return report


def run_after_erasure(connection: db.Connection, seconds: float = 240.0) -> Report:
    """The same, if anybody was erased in the last hours; else nothing."""
    return run(connection, seconds) if days.was_erased(connection, hours=3) else Report()


class Run:
    """One run of the lake's writer, for whoever holds its lock."""

    def __init__(
        self,
        connection: db.Connection,
        store: Store,
        deadline: float,
        report: Report,
        force: bool = False,
    ) -> None:
        self.connection, self.store, self.report = connection, store, report
        self.deadline = deadline
        self.writer = DayWriter(connection, store, deadline, self._note, force)
        self.relations = list_relations(connection)
        self.following: dict[str, list[Relation]] = defaultdict(list)
        for relation in self.relations:
            self.following[relation.follows].append(relation)

    def write_due(self) -> None:
        """Writes changed days until none is due, or the deadline."""
        for relation in self.relations:
            self._expire(relation)
        while due := days.list_due(self.connection):
            if not self.write_days(due):
                self.report.left = len(due)
                return

    def write_days(self, changed: Sequence[ChangedDay]) -> bool:
        """Writes these days of all tables that follow them; False: no time for all of them."""
        by_name = sorted(changed, key=lambda one: one.name)
        for name, group in groupby(by_name, key=lambda one: one.name):
            of_name = list(group)
            if self._write_name(self.following[name], of_name) < len(of_name):
                return False
        return True

    def _write_name(self, relations: Sequence[Relation], changed: Iterable[ChangedDay]) -> int:
        """Writes days of the tables that follow one name; returns how many are complete."""
        done: list[ChangedDay] = []
        for one in changed:
            kept = [relation for relation in relations if not relation.is_expired(one.day)]
            if not all(self.writer.write(relation, one) for relation in kept):
                break
            done.append(one)
        names = [relation.name for relation in relations]
        days.mark_whole(self.connection, names, [one.day for one in done])
        for relation in relations if done else ():
            self._publish(relation, days.list_empty(self.connection, relation))
        days.complete(self.connection, done)
        self.report.days += len(done)
        return len(done)

    def _expire(self, relation: Relation) -> None:
        if expired := days.list_expired(self.connection, relation):
            self._publish(relation, expired)
            self.report.expired += len(expired)

    def _publish(self, relation: Relation, gone: Sequence[LakeFile]) -> None:
        """Replaces a table's manifest, and deletes the files that it lists no longer."""
        whole = days.list_whole(self.connection, relation)
        if whole or gone:
            self.store.put_manifest(relation, whole)
        if gone:
            self.store.delete([file.key for file in gone])
            days.forget_files(self.connection, gone)

    def _note(self, file: LakeFile, outcome: Outcome) -> None:
        self.report.unchanged += outcome == "same"
        if outcome == "sent":
            self.report.files += 1
            self.report.rows += file.row_count
            self.report.bytes += file.size
