"""Events of one second are read in the order in which they came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.logs.panel import SERVER, TODAY, ago, make_staff, say, send

MOMENT = ago(minutes=3)


def read(staff: Client, query: str = "", limit: int = 200) -> list[str]:
    """The texts of all events that match, newest first, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        answered = staff.get(f"/api/logs?limit={limit}{query}{cursor}")
        assert answered.status == 200, answered.text
        found += [one["rawText"] for one in answered.json]
        if answered.headers["x-has-more"] == "false":
            return found
        cursor = f"&cursor={answered.headers['x-next-cursor']}"


def words(*numbers: int) -> list[str]:
    return [f"word {number}" for number in numbers]


# Each is answered by a statement of its own.
QUERIES = ["", "&search=word", "&steamId=STEAM_0:1:12", "&map=gm_a", "&search=STEAM_0:1:12"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("limit", [200, 2])
def test_events_of_one_second_come_back_in_the_order_of_their_requests(
    game: Client, staff: Client, query: str, limit: int
) -> None:
    """Regression: they came back shuffled, by their hashes."""
    many = words(*range(12))
    send(game, *[say(text, MOMENT, map="gm_a") for text in many[:5]])
    send(game, *[say(text, MOMENT, map="gm_a") for text in many[5:9]])
    for text in many[9:]:
        send(game, say(text, MOMENT, map="gm_a"))
    assert read(staff, query, limit) == many[::-1]


def test_a_large_batch_keeps_its_order_when_some_of_it_is_known(
    game: Client, staff: Client
) -> None:
    """More rows than one statement stores, so that they are copied, and then merged."""
    many = words(*range(60))
    batch = [say(text, MOMENT) for text in many]
    assert send(game, batch[30])["stored"] == 1
    assert send(game, *batch)["stored"] == 59
    first, *others = read(staff)[::-1]
    assert first == many[30]
    assert others == many[:30] + many[31:]


@pytest.mark.commits
def test_the_feed_and_the_dashboard_follow(game: Client) -> None:
    staff = make_staff()
    many = words(*range(9))
    start = staff.get("/api/logs/live").json["cursor"]
    send(game, *[say(text, MOMENT) for text in many[:6]])
    send(game, *[say(text, MOMENT) for text in many[6:]])
    seen: list[str] = []
    cursor = start
    while told := (answer := staff.get(f"/api/logs/live?limit=2&after={cursor}").json)["events"]:
        seen += [one["rawText"] for one in told]
        cursor = answer["cursor"]
    assert seen == many
    newest = staff.get("/api/logs/live?limit=4").json["events"]
    assert [one["rawText"] for one in newest] == many[-4:]
    activity: list[dict[str, Any]] = staff.get("/api/dashboard").json["liveActivity"]
    assert [one["message"] for one in activity] == many[:-6:-1]


def test_an_import_keeps_the_order_of_the_file(staff: Client) -> None:
    day = TODAY - timedelta(days=2)
    token = "Ana [STEAM_0:1:12|user] [GLOBAL/ALIVE]"
    lines = [f"[00:00:0{n // 40}] [CHAT] {token} word {n}" for n in range(80)]
    sent = {"serverId": SERVER, "content": "\n".join(lines), "baseDate": str(day)}
    answered = staff.post("/api/admin/legacy-logs/import", sent)
    assert answered.json["eventsInserted"] == 80
    assert read(staff, limit=7) == lines[::-1]
