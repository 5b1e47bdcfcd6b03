"""Rollups under test: each view held against its own SELECT over all raw rows."""

from __future__ import annotations

from psycopg import sql
from psycopg.rows import dict_row

from functions.shared import db
from schema.engine.migrate import HERE
from schema.engine.rollup import Rollup

ROLLUPS = [Rollup.parse(path) for path in sorted((HERE / "rollups").glob("*/*.sql"))]


def connect(url: str) -> db.Connection:
    """A connection like a scheduled job's."""
    connection = db.Connection.connect(url, autocommit=True, row_factory=dict_row)
    connection.wait_timeout = None
    return connection


def wrong(connection: db.Connection) -> dict[str, int]:
    """Rows in which a view and brute force differ, per rollup that has any: one snapshot each."""
    found = {}
    for rollup in ROLLUPS:
        view = sql.Identifier(*rollup.name.split("."))
        brute = sql.SQL(rollup.recompute_sql("'-infinity'", "'infinity'"))
        row = connection.execute(
            sql.SQL(
                """
                with view as (select * from {view}), brute as ({brute})
                select count(*) as rows
                from ((select * from view except all select * from brute)
                  union all (select * from brute except all select * from view)) as odd
                """
            ).format(view=view, brute=brute)
        ).fetchone()
        assert row
        if row["rows"]:
            found[rollup.name] = row["rows"]
    return found


INSERT = """
    insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
    values (gen_random_uuid(), %s, %s, %s, '[]', '')
"""


def insert(connection: db.Connection, at: str, user: str = "u", score: float = 1) -> None:
    connection.execute(INSERT, (at, user, score))


def materialization(connection: db.Connection, name: str = "tilt.user_days") -> sql.Identifier:
    """The table that holds a rollup's rows, also where a continuous aggregate is in front of it."""
    row = connection.execute(
        "select rollups.storage_table(id) as name from rollups.catalog"
        " where name = %s and is_current",
        (name,),
    ).fetchone()
    assert row
    return sql.Identifier(*row["name"].split("."))


def close_until(connection: db.Connection, moment: object) -> None:
    connection.execute("update rollups.sources set watermark = %s", (moment,))
    connection.execute(
        """
        select rollups.mark_dirty(id, timestamptz '2000-01-01')
        from rollups.catalog
        where is_all_time
        """
    )
