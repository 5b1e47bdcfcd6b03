"""lake.write: a day of a million kills as Parquet: rows a second, and what the process grows by."""

from __future__ import annotations

import os
import resource
import time
from datetime import UTC, datetime
from unittest.mock import patch

import boto3
from moto import mock_aws

from functions.lake import days, lake
from functions.lake.store import Store as Lake
from tests.benchmarks.figures import Figure, at_least, below
from tests.benchmarks.store import Store, environ

NAMES = ("lake.write", "lake.write.memory")
_ROWS = 1_000_000
_GOAL = 40_000  # rows a second
_MB = 200
_DAY = datetime(2026, 3, 2, tzinfo=UTC)
_KILLS = """
    insert into ttt.kills
      (occurred_at, round_id, ordinal, attacker_steamid, attacker_role, victim_steamid, victim_role,
       weapon, headshot, map_name, server)
    select timestamptz '2026-03-02Z' + n / 30 * interval '2 seconds', md5((n / 30)::text), n %% 30,
      'STEAM_0:1:' || n * 71 %% 50000, 'traitor', 'STEAM_0:0:' || n * 97 %% 50000, 'innocent',
      'weapon_ttt_' || n %% 40, n %% 5 = 0, 'ttt_map_' || n %% 30, 'harbour'
    from generate_series(1, %s) as n
"""
_AWS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}


def measure(store: Store) -> list[Figure]:
    """Writes a small day first, so that what is only loaded once is not counted."""
    with patch.dict(os.environ, _AWS), environ(store), store.connect() as admin, mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="lake")
        bucket = Lake("lake", client)
        admin.execute(_KILLS, (1000,))
        lake.run(admin, store=bucket)
        admin.execute("delete from ttt.kills")
        admin.execute(_KILLS, (_ROWS,))
        admin.execute("vacuum analyze ttt.kills")
        days.mark_days(admin, "ttt.rounds", [_DAY])
        before, began = _peak(), time.perf_counter()
        report = lake.run(admin, 600, store=bucket)
        seconds, grown = time.perf_counter() - began, _peak() - before
    assert report.rows == _ROWS, report
    return [
        at_least("lake.write", _ROWS / seconds, _GOAL, "rows/s"),
        below("lake.write.memory", grown, _MB, "MB"),
    ]


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
