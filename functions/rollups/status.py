"""How the rollups are: for people who look after them."""

from __future__ import annotations

from functions.shared import db, stores


def get_status_everywhere() -> list[db.Row]:
    """The status of each rollup in the store where its domain lives, by name."""
    found: list[db.Row] = []
    for store in stores.list_stores():
        with stores.on(store):
            found += [row for row in get_status() if stores.is_here(row["name"].partition(".")[0])]
    return sorted(found, key=lambda row: (row["name"], row["version"]))


def get_status() -> list[db.Row]:
    """Each rollup of the store: its dirty buckets, the oldest of them, its last audit, and what its
    source keeps."""
    return db.query(
        """
        select c.name, c.version, c.is_current, c.is_aggregate,
          count(distinct d.bucket) as dirty, min(d.bucket) as oldest_dirty,
          c.audited_at, c.wrong_rows, s.retention,
          nullif(s.retained_from, '-infinity') as retained_from
        from rollups.catalog c
        join rollups.sources s on s.name = c.source
        left join rollups.dirty_buckets d on d.rollup = c.id
        group by c.id, s.name
        order by c.name, c.version
        """
    )
