"""Rounds that are kept for a number of days only: they go with their rows, their numbers stay.

Regression: `keep ttt.rounds 400` ended every nightly job, for rounds are no hypertable; and a round
from before would have been counted from what was left of its day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from functions.rollups import audit, refresh, retention
from functions.shared import db
from functions.shared.erasure import to_tombstone
from functions.ttt import rounds
from functions.ttt.round_report import RoundReport
from infra.demo.season import Season
from tests.support.client import Client, admin
from tests.support.rollups import ROLLUPS, close_until, connect

pytestmark = pytest.mark.commits
NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=300)
TTT = [one.name for one in ROLLUPS if one.name.startswith("ttt.")]
PAGES = (
    *("overview", "players", "weapons", "maps", "roles", "duos?min_rounds=1", "nemesis"),
    *("rivalries", "karma", "activity", "buys"),
)


@pytest.fixture
def connection(store: str) -> Iterator[db.Connection]:
    """The functions' database; what is kept without its raw rows is removed in the end."""
    with connect(store) as connection:
        yield connection
        connection.execute(
            "update rollups.sources set retained_from = '-infinity', retention = null"
        )
        connection.execute("delete from ttt.rounds")
        for table in ("players", "kills", "buys"):
            connection.execute(f"delete from ttt.{table}")  # type: ignore[arg-type]
        connection.execute(
            """
            select rollups.mark_dirty(c.id, bucket)
            from rollups.catalog c
            cross join lateral rollups.sample_buckets(c.id, 100000)
            where c.source = 'ttt.rounds'
            """
        )
        close_until(connection, "-infinity")
        assert refresh.run(connection).left == 0


@pytest.fixture
def aged(connection: db.Connection) -> db.Connection:
    """A season of long ago and one of today, refreshed, and 100 days to keep them."""
    for seed, since in ((7, OLD), (7, NOW - timedelta(days=2))):
        for played in Season(seed, players=12, size=(5, 8)).rounds(
            12, since, since + timedelta(days=2)
        ):
            rounds.record(RoundReport.model_validate(played.body), "red")
    refresh.run(connection)
    assert retention.set_retention(connection, "ttt.rounds", 100) == ["ttt.rounds"]
    return connection


def rows() -> list[int]:
    return [
        db.query(f"select count(*) as n from ttt.{name}")[0]["n"]  # type: ignore[arg-type]
        for name in ("rounds", "players", "kills", "buys")
    ]


def told(client: Client) -> dict[str, Any]:
    found = {}
    for page in PAGES:
        answered = client.get(f"/api/ttt/{page}")
        assert answered.status == 200, answered.text
        found[page] = {k: v for k, v in answered.json.items() if k != "as_of"}
    return found


def test_rounds_go_and_the_numbers_stay(client: Client, aged: db.Connection) -> None:
    before, all_rows = told(client), rows()
    report = retention.run(aged)
    assert report.dropped["ttt.rounds"] >= 3  # a chunk of each table
    assert report.rows == 12
    left = rows()
    assert left[0] == 12
    assert all(0 < some < many for some, many in zip(left, all_rows, strict=True))
    assert told(client) == before
    assert refresh.count_dirty(aged) == 0
    assert audit.run(aged, 1000).wrong == {}
    assert refresh.run(aged).left == 0
    assert told(client) == before
    again = retention.run(aged)
    assert (again.dropped["ttt.rounds"], again.rows, again.waiting) == (0, 0, [])


def test_a_round_from_before_is_refused_and_put_aside(client: Client, aged: db.Connection) -> None:
    [known] = db.query("select id from ttt.rounds order by occurred_at limit 1")
    retention.run(aged)
    before = told(client)
    for round_id in ("another", known["id"]):
        body = {"round_id": round_id, "ended_at": OLD.isoformat(), "winner": "traitors"}
        answered = client.post("/api/collect", body)
        assert (answered.status, answered.json["error"]) == (
            400,
            "ended_at is older than what is kept here",
        )
    kept = db.query("select reason from ttt.quarantine")
    assert [row["reason"] for row in kept] == ["ended_at is older than what is kept here"] * 2
    assert told(client) == before
    assert rows()[0] == 12


def test_writers_are_marked_again_after_the_rows_went(client: Client, aged: db.Connection) -> None:
    """The trigger was off within the job's own transaction only."""
    retention.run(aged)
    aged.execute(
        "delete from ttt.rounds where occurred_at = (select max(occurred_at) from ttt.rounds)"
    )
    assert refresh.count_dirty(aged) > 0


def test_a_person_is_erased_from_numbers_whose_rounds_are_gone(
    aged: db.Connection,
) -> None:
    """Their tombstone has the same numbers, as it has where the rounds are there."""
    [one] = db.query(
        """
        select steam_id as id
        from ttt.player_days
        where not ttt.is_pseudo(steam_id)
        group by steam_id
        order by count(*) desc, steam_id
        limit 1
        """
    )
    who, stone = one["id"], to_tombstone(one["id"])
    retention.run(aged)
    before = [_without(who, stone, row) for row in _all(aged)]
    removed = admin().delete(f"/api/ttt/players/{quote(who, safe='')}").json["removed"]
    assert removed["rollups"] > 0
    assert refresh.run(aged).left == 0
    after = _all(aged)
    assert not [row for row in after if who in map(str, row.values())]
    assert sorted(map(str, after)) == sorted(map(str, before))


def _all(connection: db.Connection) -> list[dict[str, Any]]:
    """Every row of every rollup of ttt, with the rollup's name."""
    return [
        {"rollup": name, **row}
        for name in TTT
        for row in connection.execute(f"select * from {name}").fetchall()  # type: ignore[arg-type]
    ]


def _without(who: str, stone: str, row: dict[str, Any]) -> dict[str, Any]:
    changed = {name: stone if value == who else value for name, value in row.items()}
    if "player1" in changed:
        changed["player1"], changed["player2"] = sorted((changed["player1"], changed["player2"]))
    return changed
