"""Which days changed, and what the lake has of them: the state of the lake in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.lake.relations import Relation
from functions.shared import db

_BATCH = 300  # days of rollups and sources between two manifests


@dataclass(frozen=True)
class ChangedDay:
    """A day of a rollup or source that is to be written; `mark` is another one at each change."""

    name: str
    day: datetime
    mark: int


@dataclass(frozen=True)
class LakeFile:
    """A file of the lake, which holds `hours` hours from `hour` on; without rows there is none."""

    name: str
    day: datetime
    hour: int
    hours: int
    row_count: int
    size: int  # bytes
    sha256: str
    mark: int

    @property
    def key(self) -> str:
        """Its key in the bucket, by which Athena, DuckDB, Spark and ClickHouse know the day."""
        return f"{self.name.replace('.', '/')}/day={self.day:%Y-%m-%d}/{self.hour:02}.parquet"


def mark_new_rollups(connection: db.Connection) -> None:
    """Marks all days of rollups, and versions of them, that the lake has not seen yet."""
    connection.execute(
        "select rollups.mark_all_days(id) from rollups.catalog where is_current and not is_in_lake"
    )


def unmark_rollups(connection: db.Connection) -> None:
    """Lets the next run mark all days of all rollups, as for a new bucket."""
    connection.execute("update rollups.catalog set is_in_lake = false")


def mark_days(connection: db.Connection, name: str, changed: Sequence[datetime]) -> None:
    """Marks days of a rollup or source by hand."""
    connection.execute(
        """
        insert into rollups.changed_days (name, day)
        select %s, unnest(%s::timestamptz[])
        on conflict (name, day) do update
        set mark = excluded.mark
        """,
        (name, list(changed)),
    )


def list_due(connection: db.Connection) -> list[ChangedDay]:
    """Changed days that are over for an hour, up to a batch of them.

    Those that the lake has come first, since an erasure may have changed them; then the newest. A
    bucket of a month is over with the month, and one of all time at any time.
    """
    rows = connection.execute(
        """
        select d.name, d.day, d.mark
        from rollups.changed_days d
        left join rollups.catalog c on c.name = d.name and c.is_current
        where coalesce(c.is_all_time, false)
          or date_add(d.day, greatest(c.width, interval '24 hours'), 'UTC')
            < now() - interval '1 hour'
        order by not exists (
            select
            from rollups.lake_files f
            where f.day = d.day
              and f.name in (d.name, d.name || '_nameless')
          ), d.day desc, d.name
        limit %s
        """,
        (_BATCH,),
    ).fetchall()
    return [ChangedDay(**row) for row in rows]


def was_erased(connection: db.Connection, hours: int) -> bool:
    """Whether anybody was erased, or anything deleted, within the last hours."""
    found: bool = db.fetch_value(
        """
        select exists (
          select
          from shared.audit
          where occurred_at > now() - make_interval(hours => %s)
            and split_part(action, '.', 2) in ('erase', 'delete')
        ) as is_erased
        """,
        (hours,),
        on=connection,
    )
    return found


def list_files(connection: db.Connection, name: str, day: datetime) -> dict[int, LakeFile]:
    """What the lake has of a day, by hour; files without rows too."""
    rows = connection.execute(
        """
        select name, day, hour, hours, row_count, size, sha256, mark
        from rollups.lake_files
        where name = %s
          and day = %s
        """,
        (name, day),
    ).fetchall()
    return {row["hour"]: LakeFile(**row) for row in rows}


def save_file(connection: db.Connection, file: LakeFile) -> None:
    """Notes that a file is in the bucket, or that it must not be."""
    connection.execute(
        """
        insert into rollups.lake_files as f
          (name, day, hour, hours, row_count, size, sha256, mark)
        values (%(name)s, %(day)s, %(hour)s, %(hours)s, %(row_count)s, %(size)s, %(sha256)s,
          %(mark)s)
        on conflict (name, day, hour) do update
        set hours = excluded.hours,
          row_count = excluded.row_count,
          size = excluded.size,
          sha256 = excluded.sha256,
          mark = excluded.mark,
          written_at = excluded.written_at
        """,
        vars(file),
    )


def list_whole(connection: db.Connection, relation: Relation) -> list[LakeFile]:
    """The files that the manifest lists, by day: those of whole days, which did not expire."""
    rows = connection.execute(
        """
        select name, day, hour, hours, row_count, size, sha256, mark
        from rollups.lake_files
        where name = %(name)s
          and day >= coalesce(%(from)s, '-infinity'::timestamptz)
          and is_whole
          and row_count > 0
        order by day, hour
        """,
        {"name": relation.name, "from": relation.retained_from},
    ).fetchall()
    return [LakeFile(**row) for row in rows]


def list_expired(connection: db.Connection, relation: Relation) -> list[LakeFile]:
    """The files whose raw rows are kept no longer."""
    rows = connection.execute(
        """
        select name, day, hour, hours, row_count, size, sha256, mark
        from rollups.lake_files
        where name = %s
          and day < %s
        order by day, hour
        """,
        (relation.name, relation.retained_from),
    ).fetchall()
    return [LakeFile(**row) for row in rows]


def list_empty(connection: db.Connection, relation: Relation) -> list[LakeFile]:
    """The files that lost all their rows."""
    rows = connection.execute(
        """
        select name, day, hour, hours, row_count, size, sha256, mark
        from rollups.lake_files
        where name = %s
          and row_count = 0
          and is_whole
        """,
        (relation.name,),
    ).fetchall()
    return [LakeFile(**row) for row in rows]


def forget_files(connection: db.Connection, files: Sequence[LakeFile]) -> None:
    """Notes that objects are gone."""
    connection.execute(
        """
        delete from rollups.lake_files f
        using unnest(%s::text[], %s::timestamptz[], %s::smallint[]) as gone (name, day, hour)
        where f.name = gone.name
          and f.day = gone.day
          and f.hour = gone.hour
        """,
        ([f.name for f in files], [f.day for f in files], [f.hour for f in files]),
    )


def mark_whole(connection: db.Connection, names: Sequence[str], days: Sequence[datetime]) -> None:
    """Lets manifests list days whose files are all written."""
    connection.execute(
        """
        update rollups.lake_files
        set is_whole = true
        where name = any(%s)
          and day = any(%s)
          and not is_whole
        """,
        (list(names), list(days)),
    )


def complete(connection: db.Connection, days: Sequence[ChangedDay]) -> None:
    """Takes marks away, unless a day was marked again since, or is being marked: nobody waits."""
    connection.execute(
        """
        with unchanged as (
          select d.name, d.day
          from rollups.changed_days d
          join unnest(%s::text[], %s::timestamptz[], %s::bigint[]) as done (name, day, mark)
            using (name, day, mark)
          for update of d skip locked
        )
        delete from rollups.changed_days d
        using unchanged u
        where d.name = u.name
          and d.day = u.day
        """,
        ([d.name for d in days], [d.day for d in days], [d.mark for d in days]),
    )
