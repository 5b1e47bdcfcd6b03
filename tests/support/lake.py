"""A lake under test: an evening that all domains played, its bucket in moto, and its readers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest
from moto import mock_aws

from functions.lake import lake
from functions.lake.store import Store, name_manifest, open_store
from functions.rollups import refresh, retention
from functions.shared import aws, db
from tests.support.client import Client
from tests.support.logs.panel import connect as connect_event
from tests.support.logs.panel import make_server, say, send
from tests.support.rollups import connect
from tests.support.server import API_KEY
from tests.support.ttt.example import FIRST

BUCKET = "lake"
EVENING = datetime(2026, 3, 2, 19, tzinfo=UTC)
ANA, BO = "STEAM_0:1:12", "STEAM_0:0:13"  # in logs
SECRETS = ("198.51.100.8", "198.51.100.9", "hello there", "player :12", "Bo the Builder")


@pytest.fixture
def connection(store: str) -> Iterator[db.Connection]:
    """A connection like a scheduled job's."""
    opened = connect(store)
    yield opened
    opened.close()


@pytest.fixture
def evening(connection: db.Connection) -> db.Connection:
    """The same, after an evening that all domains played."""
    play_evening(connection)
    return connection


@pytest.fixture
def measured(connection: db.Connection) -> db.Connection:
    """The same, after measurements of tilt on two days alone: ten files."""
    _vent_some()
    assert refresh.run(connection).left == 0
    return connection


@pytest.fixture
def bucket(setting: Callable[..., None]) -> Iterator[Store]:
    """The lake's bucket, as the template would make it."""
    setting(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-central-1",
        LAKE_BUCKET=BUCKET,
    )
    with mock_aws():
        aws.client.cache_clear()
        place = {"LocationConstraint": "eu-central-1"}
        aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        yield open_store()
    aws.client.cache_clear()


def play_evening(connection: db.Connection) -> None:
    """A few rows of every raw table, on two days; refreshed."""
    retention.set_retention(connection, "logs.events", 36_500)
    answered = Client({"X-Api-Key": API_KEY}).post("/api/collect", FIRST)
    assert answered.status == 201, answered.text
    _vent_some()
    server = make_server()
    here = {"map": "gm_construct", "playerCount": 2}
    send(
        server,
        connect_event(ANA, "198.51.100.8", EVENING, **here),
        connect_event(BO, "198.51.100.9", EVENING, **{**here, "playerName": "Bo the Builder"}),
        say("hello there", EVENING + timedelta(minutes=5), ANA, **here),
        say("hello there", EVENING + timedelta(hours=25), BO, **here),
    )
    for statement in _ROWS:
        connection.execute(statement)
    assert refresh.run(connection).left == 0


def _vent_some() -> None:
    for hours, user, score in ((0, "ana", 3.5), (1, "ana", 0.1), (1, "bo", 0.2), (26, "ana", 7)):
        vent(user, EVENING + timedelta(hours=hours), score)


def vent(user: str, moment: datetime, score: float) -> None:
    """A measurement of tilt with two signals."""
    signals = [
        {"type": "rage-keywords", "severity": 4.1, "confidence": 0.3},
        {"type": "rapid-messages", "severity": 0.2, "confidence": None},
    ]
    body = {"userId": user, "timestamp": moment.timestamp() * 1000, "tiltScore": score}
    body |= {"signals": signals, "context": "hello there"}
    answered = Client({"X-Api-Key": API_KEY}).post("/api/tilt/events", body)
    assert answered.status == 200, answered.text


# What happens at the moment of a call everywhere else in the tests, happened on that evening here.
_ROWS = (
    """
    insert into logs.heartbeats (occurred_at, server_id, players, map)
    select timestamptz '2026-03-02 19:00Z' + n * interval '1 minute', 'srv_01', n, 'gm_flatgrass'
    from generate_series(1, 10) as n
    """,
    """
    insert into game.visits (visited_at, player_id, joined_at)
    select timestamptz '2026-03-02 19:00Z' + n * interval '2 hours', n, '2026-03-01 10:00Z'
    from generate_series(1, 4) as n
    """,
    """
    insert into game.battle_results
      (ended_at, battle_id, player_id, battle_type, difficulty, outcome, attacks, damage)
    select '2026-03-02 20:00Z', 1, n, 'standard', 'easy', 'completed', n, 10 * n
    from generate_series(1, 4) as n
    """,
    """
    insert into game.claims
      (claimed_at, battle_id, player_id, battle_type, difficulty, gold, xp, drop_percent, rarity)
    select '2026-03-02 20:01Z', 1, n, 'standard', 'easy', 100, 50, 20, null
    from generate_series(1, 4) as n
    """,
    """
    insert into tracker.battle_results
      (completed_at, battle_id, user_id, faction_id, detachment, mission, is_mirror, outcome,
       victory_points, opponent_victory_points)
    values ('2026-03-02 21:00Z', 'b1', 'u1', 'orks', 'War Horde', 'Purge', false, 'win', 80, 60),
      ('2026-03-02 21:00Z', 'b1', 'u2', 'necrons', 'Awakened', 'Purge', false, 'loss', 60, 80)
    """,
    """
    insert into live.openings (opened_at, kind)
    select timestamptz '2026-03-02 23:30Z' + n * interval '20 minutes', 'battle'
    from generate_series(0, 3) as n
    """,
)


def forget_history(connection: db.Connection) -> None:
    """Removes stored rows whose raw rows are gone, for the tests after this one."""
    connection.execute("update rollups.sources set retained_from = '-infinity'")
    connection.execute(
        """
        select rollups.mark_dirty(c.id, bucket)
        from rollups.catalog c
        cross join lateral rollups.sample_buckets(c.id, 1000)
        """
    )
    refresh.run(connection)


def write(connection: db.Connection) -> lake.Report:
    """Refreshes, and writes what is due."""
    assert refresh.run(connection).left == 0
    report = lake.run(connection)
    assert not report.busy
    return report


def read_manifest(store: Store, name: str) -> dict[str, Any]:
    """A table's manifest."""
    body = store.read(name_manifest(name))
    assert body is not None
    manifest: dict[str, Any] = json.loads(body)
    return manifest


def list_objects(store: Store) -> dict[str, bytes]:
    """All objects of the bucket, by key."""
    return {key: store.read(key) or b"" for key in store.list_keys()}


def list_files(store: Store) -> dict[str, bytes]:
    """All Parquet files of the bucket, by key."""
    return {key: body for key, body in list_objects(store).items() if key.endswith(".parquet")}


def read_rows(body: bytes) -> list[dict[str, Any]]:
    """The rows of a Parquet file."""
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist()
    return rows


def download(store: Store, folder: Path) -> Path:
    """Puts all objects into a folder, as `aws s3 sync` would."""
    for key, body in list_objects(store).items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def query(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    """What DuckDB answers; `s3://lake/` in the statement is the folder."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(statement.replace("s3://lake/", f"{folder}/")).fetchall()
