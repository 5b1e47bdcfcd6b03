"""Selections: what analysts may read, in the same order, a page or all of it."""

from __future__ import annotations

import io
import json
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import tuple_row

from functions.rollups import refresh
from functions.rollups.exports import catalog, files, page
from functions.rollups.exports.formats import FORMATS
from functions.rollups.exports.query import RollupQuery
from functions.rollups.exports.selection import Selection
from functions.shared import db, fields
from functions.shared.errors import Invalid, NotFound
from schema.engine.migrate import Report
from tests.support.rollups import ROLLUPS, connect, insert

pytestmark = pytest.mark.commits
USERS = ("ana", "Zoë", "béa", 'q"uo,te', "=1+1", "a\u2028b", "\u202ebob")


@pytest.fixture
def tilted(store: str) -> str:
    """Three clean days of tilt, and a dirty one."""
    with connect(store) as connection:
        for day in (1, 2, 3):
            for number, user in enumerate(USERS):
                insert(connection, f"2026-03-0{day} 12:00Z", user, number / 7)
        assert refresh.run(connection).left == 0
        insert(connection, "2026-03-04 12:00Z", "late")
    return store


def read_file(selection: Selection) -> list[dict[str, Any]]:
    file = io.BytesIO()
    files.write_file(selection, FORMATS["ndjson"], file)
    return [json.loads(line) for line in file.getvalue().splitlines()]


def select(name: str, **more: Any) -> Selection:
    rollup = catalog.get_rollup(name)
    return Selection(rollup, rollup.columns, None, None, **more)


def test_every_rollup_that_analysts_read_is_there_and_no_other(store: str) -> None:
    names = {rollup.name for rollup in catalog.list_rollups()}
    private = {rollup.name for rollup in ROLLUPS if rollup.private}
    nameless = {
        f"{rollup.name}_nameless" for rollup in ROLLUPS if rollup.private not in ([], ["*"])
    }
    assert private
    assert names == {rollup.name for rollup in ROLLUPS} - private | nameless
    for name in private:
        with pytest.raises(NotFound):
            catalog.get_rollup(name)


@pytest.mark.parametrize("name", ["tilt.events", "ttt.players", "pg_catalog.pg_authid", "x; drop"])
def test_what_is_no_rollup_is_not_found(store: str, name: str) -> None:
    with pytest.raises(NotFound):
        catalog.get_rollup(name)


def test_every_statement_is_one_that_an_analyst_may_run(
    tilted: str, migrated: tuple[Report, str, str]
) -> None:
    """As it is shown to people; the session's zone is none of ours."""
    with psycopg.connect(migrated[1], autocommit=True) as admin:
        admin.execute("set role tiltyard_analyst; set TimeZone = 'Asia/Tokyo'")
        for rollup in catalog.list_rollups():
            selection = Selection(rollup, rollup.columns, fields.parse_time("2026-03-01"), None)
            rows = admin.execute(page.show_sql(selection, 9).encode()).fetchall()
            assert bool(rows) == (rollup.name in ("tilt.user_days", "tilt.user_hours")), rollup.name


def test_a_file_holds_the_rows_of_the_clean_buckets(tilted: str) -> None:
    selection = select("tilt.user_days")
    rows = read_file(selection)
    with connect(tilted) as connection:
        expected = connection.cursor(row_factory=tuple_row).execute(
            """
            select to_char(day at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), user_id, events
            from tilt.user_days
            where day < '2026-03-04 00:00Z'
            order by day, user_id collate "C"
            """
        )
        assert [(row["day"], row["user_id"], row["events"]) for row in rows] == expected.fetchall()
    assert len(rows) == 3 * len(USERS)


def test_dirty_buckets_are_left_out_and_counted(tilted: str) -> None:
    for with_dirty, expected in ((False, 21), (True, 22)):
        selection = select("tilt.user_days", with_dirty=with_dirty)
        written = files.write_file(selection, FORMATS["csv"], io.BytesIO())
        assert (written.rows, written.dirty_buckets) == (expected, 1)
    since = fields.parse_time("2026-03-01")
    clean = Selection(selection.rollup, selection.columns, since, fields.parse_time("2026-03-04"))
    assert files.write_file(clean, FORMATS["csv"], io.BytesIO()).dirty_buckets == 0
    [info] = [one for one in page.list_infos()["rollups"] if one["name"] == "tilt.user_days"]
    assert info["dirty_buckets"] == 1
    assert info["oldest_dirty"] == fields.parse_time("2026-03-04")
    assert info["width"] == "P1D"


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_made_again_bit_by_bit(tilted: str, name: Any) -> None:
    """After a refresh, in another order of insertion, and while other buckets change."""

    def write() -> bytes:
        rollup = catalog.get_rollup("tilt.user_days")
        until = fields.parse_time("2026-03-04")
        file = io.BytesIO()
        files.write_file(Selection(rollup, rollup.columns, None, until), FORMATS[name], file)
        return file.getvalue()

    first = write()
    with connect(tilted) as connection:
        insert(connection, "2026-03-05 12:00Z", "later")
        assert refresh.run(connection).left == 0
        connection.execute("select rollups.mark_dirty(id, '2026-03-02') from rollups.catalog")
        assert write() != first
        assert refresh.run(connection).left == 0
    assert write() == first


def test_pages_join_to_the_whole_file(tilted: str) -> None:
    """Also where the row that a page ends at has nulls, and columns are left out."""
    with connect(tilted) as connection:
        connection.execute(
            """
            insert into ttt.rounds (id, occurred_at, winner, server, players, kills, buys)
            select 'r' || n, '2026-03-01 12:00Z', 'traitors', nullif('s' || n % 3, 's0'),
              '[]', '[]', '[]'
            from generate_series(1, 7) as n
            """
        )
        assert refresh.run(connection).left == 0
    for name, columns in (("tilt.user_days", "day,events"), ("ttt.round_days", None)):
        whole = read_file(select(name))
        assert whole
        rows: list[Any] = []
        cursor = None
        while True:
            asked = {"name": name, "limit": "1", "columns": columns, "cursor": cursor}
            found = page.get_page(RollupQuery.model_validate(asked))
            rows += found["rows"]
            cursor = found["next_cursor"]
            if cursor is None:
                break
        shown = [column["name"] for column in found["columns"]]
        assert len(rows) == len(whole)
        plain = shown.index("events" if columns else "server")
        assert [row[plain] for row in rows] == [row[shown[plain]] for row in whole]


def test_a_whole_number_that_javascript_cannot_hold_is_text() -> None:
    assert page._to_cell(2**53) == "9007199254740992"
    assert page._to_cell(2**53 - 1) == 2**53 - 1


def test_columns_are_those_of_the_rollup(store: str) -> None:
    query = RollupQuery(name="tilt.user_days", columns="events,day")
    assert [column.name for column in query.select().columns] == ["day", "events"]
    with pytest.raises(Invalid, match=r"columns must be columns of tilt\.user_days, not 'name'"):
        RollupQuery(name="tilt.user_days", columns="day,name").select()


def test_only_buckets_of_the_range_are_read(tilted: str) -> None:
    """No dirty bucket is recomputed to be left out, and no chunk before the range is read."""
    rollup = catalog.get_rollup("tilt.user_days")
    selection = Selection(rollup, rollup.columns, fields.parse_time("2026-03-02"), None)
    explain = sql.SQL("explain (analyze, timing off, costs off) {}").format(
        selection.build_statement()
    )
    with connect(tilted) as connection:
        plan = "\n".join(str(row["QUERY PLAN"]) for row in connection.execute(explain))
    assert db.query("select count(*) from rollups.dirty_buckets")[0]["count"] > 0
    recomputed = plan.partition("Nested Loop")[2]
    assert recomputed.count("never executed") >= 3, plan
