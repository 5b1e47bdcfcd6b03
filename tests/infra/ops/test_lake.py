"""The operator's command of the lake: what it writes, lists, and finds wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from functions.lake.store import Store
from functions.shared import db
from infra.ops import lake as command
from tests.support.lake import bucket, connection, list_files, measured

__all__ = ["bucket", "connection", "measured"]
pytestmark = pytest.mark.commits
Run = Callable[..., str]


@pytest.fixture
def run(bucket: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command on the bucket; what it prints, or its message."""

    def call(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["lake", "--bucket", bucket.bucket, *words])
        capsys.readouterr()
        try:
            command.main()
        except SystemExit as ended:
            return f"{capsys.readouterr().out}{ended.code}"
        finally:
            if db._connection is not None:
                db._connection.execute("reset statement_timeout")
        return capsys.readouterr().out

    return call


def test_it_writes_lists_and_verifies(measured: db.Connection, bucket: Store, run: Run) -> None:
    assert "'left': 0" in run()
    listed = run("--list")
    assert "tilt.events                 raw     2026-03-02 to 2026-03-03       2 files" in listed
    assert "tilt.user_days              rollup" in listed
    assert "--- " not in listed
    assert run("--verify").endswith("0 differences\nFalse")
    _spoil(bucket)
    found = run("--verify")
    assert found.endswith("4 differences\nTrue")
    for line in (
        "tilt/events/day=2026-03-02/00.parquet: is not there",
        "tilt/events/day=2026-03-03/00.parquet: is not what was written",
        "tilt/events/day=2026-03-04/00.parquet: in no manifest",
        "tilt/signals/_manifest.json: lists other files than were written",
    ):
        assert line in found


def _spoil(store: Store) -> None:
    place = {"Bucket": store.bucket}
    store.client.delete_object(**place, Key="tilt/events/day=2026-03-02/00.parquet")
    store.client.put_object(**place, Key="tilt/events/day=2026-03-03/00.parquet", Body=b"PAR1")
    store.client.put_object(**place, Key="tilt/events/day=2026-03-04/00.parquet", Body=b"PAR1")
    store.client.delete_object(**place, Key="tilt/signals/_manifest.json")


def test_days_are_written_again_and_a_new_bucket_wholly(
    measured: db.Connection, bucket: Store, run: Run
) -> None:
    run()
    before = list_files(bucket)
    lost = [{"Key": key} for key in bucket.list_keys()]
    bucket.client.delete_objects(Bucket=bucket.bucket, Delete={"Objects": lost})
    assert "'files': 2" in run("--table", "tilt.events")
    assert sorted(list_files(bucket)) == [
        "tilt/events/day=2026-03-02/00.parquet",
        "tilt/events/day=2026-03-03/00.parquet",
    ]
    run("--all")
    assert list_files(bucket) == before
    assert run("--verify").endswith("0 differences\nFalse")


def test_what_cannot_be_done_is_said_in_a_sentence(
    connection: db.Connection, bucket: Store, run: Run
) -> None:
    assert "There is no table x.y in the lake; --list shows them." in run("--table", "x.y")
    bucket.bucket = "no-such-bucket"
    assert "NoSuchBucket" in run("--verify")
