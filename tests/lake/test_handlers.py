"""The scheduled function of the lake."""

from __future__ import annotations

import pytest

from functions.lake import handlers
from functions.lake.store import Store
from functions.shared import db
from functions.shared.errors import Unavailable
from functions.tilt import events
from tests.support.lake import list_files, read_manifest

pytestmark = pytest.mark.commits


def test_a_night_writes_what_is_due(measured: db.Connection, bucket: Store) -> None:
    done = handlers.write({}, None)
    assert (done["busy"], done["left"]) == (False, 0)
    assert done["files"] == len(list_files(bucket)) > 0
    run = db.fetch_one("select succeeded_at from shared.job_runs where name = 'lake.write'")
    assert run
    assert run["succeeded_at"]


def test_an_hour_without_an_erasure_writes_nothing(measured: db.Connection, bucket: Store) -> None:
    assert handlers.write({"after_erasure": True}, None)["days"] == 0
    events.erase("ana")
    assert handlers.write({"after_erasure": True}, None)["files"] > 0
    assert read_manifest(bucket, "tilt.events")["files"]


def test_a_run_that_fails_is_noted_and_tried_again(
    measured: db.Connection, bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", _refuse)
        with pytest.raises(Unavailable):
            handlers.write({}, None)
    run = db.fetch_one("select error from shared.job_runs where name = 'lake.write'")
    assert run == {"error": "Unavailable"}
    assert handlers.write({}, None)["left"] == 0


def _refuse(*_: object) -> None:
    raise Unavailable("The lake's bucket cannot be reached now")
