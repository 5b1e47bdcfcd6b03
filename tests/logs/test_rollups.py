"""The rollups of logs: each equal to its own SELECT over all rows, dirty, refreshed or mixed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from functions.logs import change_queue
from functions.rollups import audit, refresh
from functions.shared import db
from tests.support.logs import evening, stored
from tests.support.logs.oracle import Event
from tests.support.rollups import connect, wrong

pytestmark = pytest.mark.commits
NOW = datetime.now(UTC)


@pytest.mark.parametrize("seed", [1, 2])
def test_rollups_are_exact_at_every_moment(store: str, seed: int) -> None:
    random = Random(seed)
    known = evening.things(seed, NOW - timedelta(days=35), NOW, size=160)
    random.shuffle(known)
    stored.servers(evening.MODES)
    with connect(store) as connection:
        for part in range(3):
            stored.store(known[part::3])
            change_queue.fold_all()
            assert wrong(connection) == {}  # some buckets are clean, some are not
            assert refresh.run(connection).left == 0
            assert wrong(connection) == {}
        gone = [one for one in known if isinstance(one, Event)][:10]
        for one in gone:
            stored.remove(one)
        db.query("update logs.servers set mode = 'Murder' where id = 'sand'")
        change_queue.fold_all()
        assert wrong(connection) == {}
        refresh.run(connection)
        # Nothing but this test deletes events: totals are behind, which an audit finds and repairs.
        found = audit.run(connection, 1000).wrong
        assert found.keys() >= {"logs.player_totals", "logs.type_days", "logs.liveness_slots"}
        assert wrong(connection) == {}
        refresh.run(connection)
        assert audit.run(connection, 1000).wrong == {}
