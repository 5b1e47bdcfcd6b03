"""Rollup files: one SELECT each, written as the engine asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from schema.engine.migrate import HERE
from schema.engine.rollup import Rollup, RollupError

FILE = """\
-- rollup: tilt.user_days   version: 3
-- What a row is.
-- source: tilt.events(occurred_at)   bucket: day, 1 day
-- index: user_id, day
select time_bucket('1 day', occurred_at) as day, user_id, count(*) as events
from tilt.events
group by day, user_id
"""


def read(folder: Path, text: str) -> Rollup:
    path = folder / "tilt" / "user_days.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return Rollup.parse(path)


def test_a_file_says_all_there_is(tmp_path: Path) -> None:
    rollup = read(tmp_path, FILE)
    assert (rollup.name, rollup.version, rollup.source) == ("tilt.user_days", 3, "tilt.events")
    assert (rollup.time_column, rollup.bucket_column, rollup.width) == (
        "occurred_at",
        "day",
        "1 day",
    )
    assert rollup.materialization == "rollups.tilt_user_days_v3"


def test_a_column_may_be_described_again(tmp_path: Path) -> None:
    """That makes no other rollup of it: databases that have it keep their version."""
    lines = "-- column: user_id  Who it is\n-- column: events  Events of theirs [events]\n"
    described = read(tmp_path, FILE.replace("select", f"{lines}select"))
    assert described.columns == {"user_id": "Who it is", "events": "Events of theirs [events]"}
    assert described.checksum == read(tmp_path, FILE).checksum


def test_the_live_select_is_bounded(tmp_path: Path) -> None:
    live = read(tmp_path, FILE).recompute_sql("$1", "$2")
    assert "where occurred_at >= $1\n  and occurred_at < $2\ngroup by day" in live


def test_a_where_clause_of_its_own_stays(tmp_path: Path) -> None:
    text = FILE.replace("group by", "where tilt_score > 1\ngroup by")
    live = read(tmp_path, text).recompute_sql("$1", "$2")
    assert "where tilt_score > 1\n  and occurred_at >= $1" in live


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("   version: 3", ""),
        ("-- What a row is.\n", ""),
        ("-- index: user_id, day\n", "-- index\n"),
        ("group by day, user_id\n", ""),
        ("group by day, user_id\n", "group by day, user_id;\n"),
        ("tilt.events(occurred_at)", "tilt.events"),
        ("select time", "insert into x select time"),
    ],
)
def test_a_file_that_is_written_otherwise_is_refused_by_name(
    tmp_path: Path, old: str, new: str
) -> None:
    assert old in FILE
    with pytest.raises(RollupError, match=r"tilt/user_days\.sql"):
        read(tmp_path, FILE.replace(old, new))


def test_every_rollup_of_this_checkout_can_be_read() -> None:
    names = [Rollup.parse(path).name for path in (HERE / "rollups").glob("*/*.sql")]
    assert len(names) == len(set(names)) >= 3


def test_a_rollup_of_all_time_ends_at_the_watermark_of_its_source(tmp_path: Path) -> None:
    text = FILE.replace("bucket: day, 1 day", "bucket: day, 1000 years   read by: day   all-time")
    rollup = read(tmp_path, text)
    assert rollup.is_all_time
    assert (
        "and day < least($2, (select rollups.watermark('tilt.events')))\ngroup by day"
        in rollup.recompute_sql("$1", "$2")
    )
    assert not read(tmp_path, FILE).is_all_time


def test_what_is_counted_from_another_rollup_stands_in_the_view_as_a_call(tmp_path: Path) -> None:
    columns = {"day": "timestamp with time zone", "user_id": "text", "events": "bigint"}
    own = read(tmp_path, FILE).view_sql(7, list(columns), columns)
    assert "rollups.recompute_bucket" not in own
    rollup = read(tmp_path, FILE)
    assert rollup.is_fed(["tilt.user_days", "tilt.events"])
    assert not rollup.is_fed(["tilt.event", "tilt.events_2"])
    other = rollup.view_sql(7, ["events", "day", "user_id"], columns, is_fed=True)
    assert 'select recomputed."events", dirty.bucket as "day", recomputed."user_id"' in " ".join(
        other.split()
    )
    assert (
        "rollups.recompute_bucket(7::smallint, dirty.bucket) as recomputed"
        ' ("day" timestamp with time zone, "user_id" text, "events" bigint)' in other
    )


def test_bounds_go_where_the_parts_of_a_select_ask_for_them(tmp_path: Path) -> None:
    part = "(\n  select occurred_at, user_id\n  from tilt.events\n  where true\n    -- bounds\n)"
    text = FILE.replace("from tilt.events", f"from {part} as a\njoin {part} as b using (user_id)")
    live = read(tmp_path, text).recompute_sql("$1", "$2")
    assert live.count("where true\n    and occurred_at >= $1\n  and occurred_at < $2\n)") == 2
    assert "-- bounds" not in live
    assert "\nwhere " not in live
