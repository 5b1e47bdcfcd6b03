"""The lake: what its files hold is what the database holds, whatever came late or in between."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from functions.lake import days, lake, writer
from functions.lake.relations import list_relations
from functions.lake.store import Store
from functions.logs.privacy import erasure as logs_erasure
from functions.rollups import refresh, retention
from functions.shared import db, locks
from functions.shared.errors import Unavailable
from functions.shared.exclusive import exclusive
from functions.tilt import events as tilt_events
from functions.ttt import erasure as ttt_erasure
from tests.support.lake import (
    ANA,
    EVENING,
    SECRETS,
    download,
    forget_history,
    list_files,
    list_objects,
    query,
    read_manifest,
    read_rows,
    vent,
    write,
)
from tests.support.ttt import example

pytestmark = pytest.mark.commits
README = Path(lake.__file__).with_name("README.md")
# Rollups, and how DuckDB counts them from raw files.
RECOUNTS = {
    "tilt.user_days": """
        select date_trunc('day', occurred_at)::date, user_id, count(*), sum(tilt_score),
          max(tilt_score), max(occurred_at)
        from 's3://lake/tilt/events/day=*/*.parquet'
        group by all
    """,
    "tilt.signal_days": """
        select date_trunc('day', occurred_at)::date, user_id, type, count(distinct event_id),
          sum(severity), count(severity), sum(confidence), count(confidence), max(occurred_at)
        from 's3://lake/tilt/signals/day=*/*.parquet'
        group by all
    """,
    "ttt.round_quarter_hours": """
        select time_bucket(interval '15 minutes', occurred_at), coalesce(map_name, 'unknown'),
          server, count(*), date_trunc('day', occurred_at)::date
        from 's3://lake/ttt/rounds/day=*/*.parquet'
        group by all
    """,
    "logs.activity": """
        select date_trunc('hour', occurred_at), server_id, mode, type, count(*),
          max(player_count), date_trunc('day', occurred_at)::date
        from 's3://lake/logs/events/day=*/*.parquet'
        group by all
    """,
    "game.damage_days": """
        select date_trunc('day', ended_at)::date, player_id, count(*), sum(attacks), sum(damage)
        from 's3://lake/game/battle_results/day=*/*.parquet'
        group by all
    """,
    "live.opening_hours": """
        select date_trunc('hour', opened_at), kind, count(*),
          date_trunc('day', opened_at)::date
        from 's3://lake/live/openings/day=*/*.parquet'
        group by all
    """,
}


def test_answers_of_duckdb_equal_the_rollups(
    evening: db.Connection, bucket: Store, tmp_path: Path
) -> None:
    write(evening)
    folder = download(bucket, tmp_path)
    for name, recount in RECOUNTS.items():
        path = name.replace(".", "/")
        rollup = query(folder, f"select * from 's3://lake/{path}/day=*/*.parquet'")
        assert rollup, name
        assert sorted(map(str, query(folder, recount))) == sorted(map(str, rollup)), name
    _check_readme(folder)


def _check_readme(folder: Path) -> None:
    """What the README asks DuckDB is answered."""
    blocks = re.findall(r"^```sql\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
    answers = [query(folder, block) for block in blocks]
    kills = len(example.FIRST["kills"])
    assert [(row[0], row[1]) for row in answers[0]] == [(EVENING.date(), kills)]
    assert [row[0] for row in answers[1]] == ["ana", "bo"]
    assert [row[1:] for row in answers[2]] == [("CHAT", 2), ("CONNECT", 2)]


def test_every_table_has_the_rows_of_the_database_and_no_secret(
    evening: db.Connection, bucket: Store
) -> None:
    write(evening)
    files = list_files(bucket)
    seen = set()
    for relation in list_relations(evening):
        table = sql.Identifier(*relation.name.split("."))
        [stored] = evening.execute(sql.SQL("select count(*) as n from {}").format(table)).fetchall()
        listed = read_manifest(bucket, relation.name) if stored["n"] else {"files": [], "rows": 0}
        assert listed["rows"] == stored["n"], relation.name
        for file in listed["files"]:
            body = files.pop(file["key"])
            assert file["sha256"] == hashlib.sha256(body).hexdigest()
            rows = read_rows(body)
            assert (file["rows"], file["bytes"]) == (len(rows), len(body))
            assert list(rows[0]) == [column.name for column in relation.rows.columns]
        seen |= {relation.name} if stored["n"] else set()
    assert files == {}
    raw = {relation.name for relation in list_relations(evening) if relation.kind == "raw"}
    assert raw - seen == {"game.ledger"}
    texts = "\n".join(map(str, _texts(bucket)))
    assert ANA in texts
    for secret in SECRETS:
        assert secret not in texts


def test_a_late_event_rewrites_only_its_day(measured: db.Connection, bucket: Store) -> None:
    write(measured)
    before = list_files(bucket)
    vent("ana", EVENING + timedelta(hours=2), 9)
    report = write(measured)
    after = list_files(bucket)
    changed = {key for key in after if before.get(key) != after[key]}
    assert changed == {
        f"tilt/{table}/day=2026-03-02/00.parquet"
        for table in ("events", "signals", "user_days", "user_hours", "signal_days")
    }
    assert report.files == len(changed)
    assert lake.run(measured).days == 0


@pytest.mark.parametrize("is_archived", [False, True], ids=["raw rows too", "rollups alone"])
def test_nobody_who_was_erased_is_left(
    evening: db.Connection, bucket: Store, is_archived: bool
) -> None:
    write(evening)
    people = {"ana", example.A, ANA}
    assert people <= _texts(bucket)
    if is_archived:
        for source in ("tilt.events", "ttt.rounds", "logs.event_hours"):
            retention.set_retention(evening, source, 10)
        retention.run(evening)
        assert people <= _texts(bucket)
    tilt_events.erase("ana")
    ttt_erasure.erase(example.A)
    logs_erasure.erase(ANA, "Rita")
    assert refresh.run(evening).left == 0
    report = lake.run_after_erasure(evening)
    assert report.files > 0
    assert not people & _texts(bucket)
    assert {"bo", example.B} <= _texts(bucket)
    assert not [key for key, body in list_objects(bucket).items() if ANA.encode() in body]
    forget_history(evening)


def _texts(store: Store) -> set[Any]:
    return {
        value
        for body in list_files(store).values()
        for row in read_rows(body)
        for text in row.values()
        for value in (text, *(str(text).strip('[]"').split('","')))
    }


def test_nothing_is_written_again_without_an_erasure(
    measured: db.Connection, bucket: Store
) -> None:
    assert lake.run_after_erasure(measured).days == 0
    assert list_objects(bucket) == {}


@pytest.mark.parametrize("uploads", [0, 1, 7])
def test_what_is_interrupted_is_completed_by_the_next_run(
    measured: db.Connection, bucket: Store, monkeypatch: pytest.MonkeyPatch, uploads: int
) -> None:
    left = uploads
    put = Store.put

    def put_some(self: Store, *values: Any) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        put(self, *values)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", put_some)
        with pytest.raises(KeyboardInterrupt):
            lake.run(measured)
    _check_manifests(bucket)
    written = len(list_files(bucket))
    assert written == uploads
    report = lake.run(measured)
    assert report.left == 0
    _check_manifests(bucket)
    assert report.files + written == len(list_files(bucket))
    files = list_files(bucket)
    listed = sum(
        len(read_manifest(bucket, relation.name)["files"])
        for relation in list_relations(measured)
        if any(key.startswith(f"{relation.name.replace('.', '/')}/") for key in files)
    )
    assert listed == len(files)


def _check_manifests(store: Store) -> None:
    """What a manifest lists is there, and is what it says."""
    objects = list_objects(store)
    for key in objects:
        if key.endswith("_manifest.json"):
            manifest = read_manifest(store, key.rpartition("/")[0].replace("/", "."))
            assert len({file["key"] for file in manifest["files"]}) == len(manifest["files"])
            for file in manifest["files"]:
                assert hashlib.sha256(objects[file["key"]]).hexdigest() == file["sha256"]


def test_two_at_once_do_no_harm(measured: db.Connection, bucket: Store) -> None:
    with exclusive(locks.LAKE) as mine:
        assert mine
        report = lake.run(measured)
        assert (report.busy, report.files) == (True, 0)
    assert list_objects(bucket) == {}
    assert lake.run(measured).files > 0


def test_what_changes_while_it_is_written_is_written_again(
    measured: db.Connection, bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_file = days.save_file

    def save_late(connection: db.Connection, file: days.LakeFile) -> None:
        save_file(connection, file)
        if file.name == "tilt.events" and file.row_count == 3:
            vent("late", EVENING, 1)
            refresh.run(connection)

    monkeypatch.setattr(days, "save_file", save_late)
    lake.run(measured)
    assert read_manifest(bucket, "tilt.events")["rows"] == 5
    assert "late" in _texts(bucket)


def test_a_day_that_lost_its_rows_has_no_file(measured: db.Connection, bucket: Store) -> None:
    write(measured)
    measured.execute("delete from tilt.events where occurred_at < '2026-03-03'")
    write(measured)
    assert [file["day"] for file in read_manifest(bucket, "tilt.events")["files"]] == ["2026-03-03"]
    assert "tilt/events/day=2026-03-02/00.parquet" not in list_files(bucket)


def test_an_empty_store_has_an_empty_lake(connection: db.Connection, bucket: Store) -> None:
    report = write(connection)
    assert (report.files, report.left) == (0, 0)
    assert list_files(bucket) == {}


def test_raw_files_expire_with_their_rows_and_rollups_stay(
    measured: db.Connection, bucket: Store
) -> None:
    write(measured)
    before = list_files(bucket)
    retention.set_retention(measured, "tilt.events", 10)
    retention.run(measured)
    assert lake.run(measured).expired == 4
    gone = set(before) - set(list_files(bucket))
    assert gone == {key for key in before if key.startswith(("tilt/events/", "tilt/signals/"))}
    assert read_manifest(bucket, "tilt.events")["files"] == []
    assert read_manifest(bucket, "tilt.user_days")["rows"] == 3
    forget_history(measured)


def test_a_day_that_is_not_over_waits(connection: db.Connection, bucket: Store) -> None:
    vent("ana", datetime.now(UTC), 1)
    report = write(connection)
    assert (report.files, report.left) == (0, 0)


def test_a_large_day_is_one_file_an_hour(
    measured: db.Connection, bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LARGE_DAY", 2)
    write(measured)
    keys = [file["key"] for file in read_manifest(bucket, "tilt.events")["files"]]
    assert keys == [
        "tilt/events/day=2026-03-02/19.parquet",
        "tilt/events/day=2026-03-02/20.parquet",
        "tilt/events/day=2026-03-03/00.parquet",
    ]
    monkeypatch.undo()
    vent("ana", EVENING + timedelta(hours=2), 9)
    assert write(measured).files == 2 + 1 + 2
    assert len(read_manifest(bucket, "tilt.events")["files"]) == 4


def test_a_large_day_goes_on_where_time_ended(
    measured: db.Connection, bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LARGE_DAY", 2)
    save_file, seen = days.save_file, 0

    def save_slowly(connection: db.Connection, file: days.LakeFile) -> None:
        nonlocal seen
        save_file(connection, file)
        if file.name == "tilt.events" and file.hour == 19:
            seen += 1
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(days, "save_file", save_slowly)
        with pytest.raises(KeyboardInterrupt):
            lake.run(measured)
    assert "tilt/events/day=2026-03-02/19.parquet" in list_files(bucket)
    before = bucket.client.head_object(
        Bucket=bucket.bucket, Key="tilt/events/day=2026-03-02/19.parquet"
    )
    lake.run(measured)
    after = bucket.client.head_object(
        Bucket=bucket.bucket, Key="tilt/events/day=2026-03-02/19.parquet"
    )
    assert (seen, after["LastModified"]) == (1, before["LastModified"])
    assert read_manifest(bucket, "tilt.events")["rows"] == 4


def test_no_time_leaves_everything_to_the_next_run(measured: db.Connection, bucket: Store) -> None:
    report = lake.run(measured, seconds=-1)
    assert (report.files, report.days) == (0, 0)
    assert report.left > 0
    assert lake.run(measured).left == 0


def test_s3_that_is_down_loses_nothing(
    measured: db.Connection, bucket: Store, setting: Callable[..., None]
) -> None:
    setting(LAKE_BUCKET="no-such-bucket")
    with pytest.raises(Unavailable):
        lake.run(measured)
    setting(LAKE_BUCKET=bucket.bucket)
    assert lake.run(measured).left == 0
    assert read_manifest(bucket, "tilt.events")["rows"] == 4


def test_without_a_bucket_it_says_so(
    connection: db.Connection, setting: Callable[..., None]
) -> None:
    setting(LAKE_BUCKET="")
    with pytest.raises(Unavailable, match="LAKE_BUCKET"):
        lake.run(connection)


def test_a_database_that_is_gone_ends_the_run(
    measured: db.Connection, bucket: Store, away: Callable[[], None]
) -> None:
    away()
    with pytest.raises(psycopg.OperationalError):
        lake.run(measured)
    assert list_objects(bucket) == {}


def test_a_rollup_that_is_new_to_the_lake_is_written_whole(
    measured: db.Connection, bucket: Store
) -> None:
    measured.execute("truncate rollups.changed_days")
    measured.execute("update rollups.catalog set is_in_lake = false")
    lake.run(measured)
    assert read_manifest(bucket, "tilt.events")["rows"] == 4
    assert read_manifest(bucket, "tilt.user_days")["rows"] == 3
