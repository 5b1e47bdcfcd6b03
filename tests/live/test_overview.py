"""Sockets as operators see them: `GET /api/admin/live`, and the rollup of openings."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.live import catch_up, connections
from functions.rollups import refresh
from functions.shared import db
from tests.support.accounts import bearer, make_user
from tests.support.client import Client
from tests.support.live import rooms
from tests.support.live.gateway import Gateway
from tests.support.rollups import connect, wrong

URL = "/api/admin/live"


@pytest.fixture
def rita(store: str) -> Client:
    return bearer(make_user("Rita", "staff"))


def test_without_sockets_there_is_nothing_but_the_budget(
    rita: Client, setting: Callable[..., None]
) -> None:
    setting(FANOUT_RATE="70")
    assert rita.get(URL).json == {
        "kinds": [],
        "rooms": [],
        "budget": {"rate": 70, "left": 70, "posts_per_second": 0.0},
        "opened": [],
    }


def test_rooms_sockets_and_users_are_counted(rita: Client) -> None:
    for name, room, user in (("a", "1", 1), ("b", "1", 1), ("c", "1", 2), ("d", "2", 2)):
        rooms.connect(name, f"room:{room}", user)
    db.query("update live.connections set is_live = true where connection_id in ('a', 'd')")
    db.query("select live.append('room:1', 'word', '{}')")
    found = rita.get(URL).json
    assert found["kinds"] == [{"kind": "room", "rooms": 2, "sockets": 4, "waiting": 2, "users": 2}]
    assert found["rooms"] == [
        {"room": "room:1", "sockets": 3, "waiting": 2, "users": 2, "last_seq": 1},
        {"room": "room:2", "sockets": 1, "waiting": 0, "users": 1, "last_seq": 0},
    ]
    [*hours] = found["opened"]
    assert sum(one["sockets"] for one in hours) == 4
    assert {one["kind"] for one in hours} == {"room"}


def test_the_hundred_largest_rooms_are_shown(rita: Client) -> None:
    for n in range(101):
        rooms.connect(f"s{n}", f"room:{n:03}", n)
    rooms.connect("more", "room:100", 1000)
    found = rita.get(URL).json
    assert [one["room"] for one in found["rooms"]] == [
        "room:100",
        *(f"room:{n:03}" for n in range(99)),
    ]
    assert found["kinds"][0]["rooms"] == 101


def test_posts_take_from_the_budget(
    rita: Client, cloud: Gateway, left: list[Any], setting: Callable[..., None]
) -> None:
    setting(FANOUT_RATE="1000")
    cloud.open.add("s")
    rooms.connect("s", "room:1")
    catch_up.welcome("s")
    for word in "abc":
        rooms.append("room:1", word)
    budget = rita.get(URL).json["budget"]
    assert budget["left"] <= 1000
    assert budget["posts_per_second"] == pytest.approx(3 / 60, abs=0.06)
    assert budget["posts_per_second"] > 0


def test_the_budget_fills_and_the_rate_falls_with_time(store: str) -> None:
    db.query(
        """
        insert into live.budget (posts_left, refilled_at, minute_at, posts_in_minute, posts_before)
        values (
          0, clock_timestamp() - interval '1 minute',
          clock_timestamp() - interval '30 seconds', 600, 1200
        )
        """
    )

    def read() -> tuple[int, float]:
        row = db.fetch_one("select * from live.read_budget(500)")
        assert row
        return row["posts_left"], row["posts_per_second"]

    assert read() == (500, pytest.approx((600 + 1200 / 2) / 60, rel=0.2))
    db.query("update live.budget set minute_at = clock_timestamp() - interval '90 seconds'")
    assert read()[1] == pytest.approx(600 * 0.5 / 60, rel=0.3)
    db.query("update live.budget set minute_at = '-infinity'")
    assert read()[1] == 0


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, (7, 3)), (1, (5, 2)), (2, (5, 0)), (None, (5, 0))]
)
def test_posts_are_counted_by_minute(
    store: str, minutes: int | None, expected: tuple[int, int]
) -> None:
    minute = "select date_trunc('minute', clock_timestamp(), 'UTC')"
    began = None
    while began != db.fetch_value(minute):  # again when a minute ends between the statements
        began = db.fetch_value(minute)
        db.query("delete from live.budget")
        db.query(
            """
            insert into live.budget (
              posts_left, refilled_at, minute_at, posts_in_minute, posts_before
            )
            values (
              100, clock_timestamp(),
              coalesce(%s - make_interval(mins => %s), '-infinity'), 2, 3
            )
            """,
            (began, minutes),
        )
        assert db.fetch_value("select live.spend_posts(5, 100)") == 5
    row = db.fetch_one("select posts_in_minute, posts_before from live.budget")
    assert row
    assert (row["posts_in_minute"], row["posts_before"]) == expected


def test_players_do_not_see_it(store: str) -> None:
    mira = make_user("Mira")
    assert bearer(mira).get(URL).status == 403
    assert bearer(mira, "panel").get(URL).status == 403
    assert Client().get(URL).status == 401
    assert bearer(make_user("Ada", "admin"), "panel").get(URL).status == 200


@pytest.mark.commits
def test_the_rollup_equals_its_rows_dirty_and_refreshed(store: str) -> None:
    start = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    with connect(store) as connection:
        for n in range(20):
            connection.execute(
                "insert into live.openings (opened_at, kind) values (%s, %s)",
                (start + timedelta(minutes=17 * n), "battle" if n % 3 else "tavern"),
            )
        assert wrong(connection) == {}
        refresh.run(connection)
        connection.execute(
            "insert into live.openings (opened_at, kind) values (%s, 'battle')", (start,)
        )
        assert wrong(connection) == {}
        rows = connection.execute(
            "select sockets from live.opening_hours where hour = '2026-03-02T09:00Z'"
        ).fetchall()
    assert sum(row["sockets"] for row in rows) == 3


def test_what_is_over_the_budget_dropped_or_resumed_is_logged(
    store: str,
    cloud: Gateway,
    left: list[Any],
    setting: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What the template counts: posts over the budget, sockets dropped, sockets resumed."""
    for n in range(3):
        rooms.connect(f"s{n}", "room:1", n)
        cloud.open.add(f"s{n}")
        catch_up.welcome(f"s{n}")
    setting(FANOUT_RATE="1")
    db.query("update live.budget set posts_left = 0")
    rooms.append("room:1", "word")
    setting(FANOUT_RATE="2000")
    db.query("delete from live.budget")
    cloud.statuses["s2"] = [413]
    catch_up.catch_up("s2")
    connection = connections.load("s0")
    assert connection
    catch_up.resume(connection, connections.Resumption(0, None))
    counted = {"live.postponed": "sockets", "live.unsure": "sockets", "live.resumed": "events"}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [(one["event"], one[counted[one["event"]]]) for one in lines if one["event"] in counted]
    assert found[0][0] == "live.postponed"
    assert found[0][1] >= 2  # one post may have been granted by then
    assert found[1:] == [("live.unsure", 1), ("live.resumed", 1)]
