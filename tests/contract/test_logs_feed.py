"""The wire contract of reading logs: single events, and the live feed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from functions.shared import ids, json_codec
from tests.support.client import Answered, Client
from tests.support.logs.panel import ago, make_staff, say, send

ANA, BO = "STEAM_0:1:12", "STEAM_0:1:123"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (2, "traitor"),
        ("3", "innocent"),
        (4.0, "timeout"),
        ("WIN_TRAITOR", "traitor"),
        ("the innocents", "innocent"),
        ("timelimit", "timeout"),
        ("murderer", "murderer"),
        (7, 7),
    ],
)
def test_who_won_is_told_in_the_panels_words(
    game: Client, staff: Client, sent: Any, read: Any
) -> None:
    send(game, say("end", type="ROUND_END", roundId="r1", metadata={"winner": sent}))
    send(game, say("chat", metadata={"winner": sent}))
    won = {one["type"]: one["metadata"]["winner"] for one in staff.get("/api/logs").json}
    assert won["ROUND_END"] == read
    assert won["CHAT"] == sent


def test_one_event(game: Client, staff: Client) -> None:
    send(game, say("hi"), say("when?", timestamp=None))
    for one in staff.get("/api/logs").json:
        assert staff.get(f"/api/logs/{one['id']}").json == one
    for unknown in (ids.make_event_id(0, "x"), "x", "00000000-0000-0000-0000-000000000000"):
        answered = staff.get(f"/api/logs/{unknown}")
        assert (answered.status, answered.json) == (404, {"error": "Log not found"})


def poll(staff: Client, after: str = "", limit: int = 50) -> Any:
    answered: Answered = staff.get(f"/api/logs/live?after={after}&limit={limit}")
    assert answered.status == 200, answered.text
    return answered.json


def texts(told: Any) -> list[str]:
    return [one["rawText"] for one in told["events"]]


@pytest.mark.commits
def test_the_feed_tells_events_as_they_arrive(game: Client) -> None:
    staff = make_staff()
    empty = poll(staff)
    assert empty["events"] == []
    send(game, say("one"))
    send(game, say("late", ago(days=3)))
    told = poll(staff, empty["cursor"])
    assert texts(told) == ["one", "late"]
    assert poll(staff, told["cursor"]) == {"events": [], "cursor": told["cursor"]}
    assert texts(poll(staff)) == ["one", "late"]
    send(game, *[say(str(number), ago(minutes=9 - number)) for number in range(9)])
    seen, cursor = [], told["cursor"]
    for _ in range(3):
        told = poll(staff, cursor, limit=4)
        seen += texts(told)
        cursor = told["cursor"]
    assert seen == [str(number) for number in range(9)]
    assert texts(poll(staff, limit=3)) == ["6", "7", "8"]
    assert len(poll(staff, limit=201)["events"]) == 11


@pytest.mark.commits
def test_the_feed_waits_for_what_is_being_written(game: Client, store: str) -> None:
    staff = make_staff()
    send(game, say("first"))  # whoever makes a chunk holds others up
    start = poll(staff)["cursor"]
    with psycopg.connect(store) as slow:
        slow.execute(
            """
            insert into logs.events (id, sent_at, occurred_at, server_id, mode, type, raw_text,
              metadata)
            values (gen_random_uuid(), now(), now(), 'srv_01', 'TTT', 'CHAT', 'slow', '{}')
            """
        )
        send(game, say("fast"))
        told = poll(staff, start)
        assert texts(told) == []
        slow.commit()
    assert texts(poll(staff, told["cursor"])) == ["slow", "fast"]
    assert texts(poll(staff, start)) == ["slow", "fast"]


def test_a_cursor_of_another_list_is_400(game: Client, staff: Client) -> None:
    """Regression: the error named `cursor`, which the feed's query has not."""
    send(game, say("1"), say("2"))
    cursor = staff.get("/api/logs?limit=1").headers["x-next-cursor"]
    for wrong in (cursor, "x", "é"):
        answered = staff.get(f"/api/logs/live?after={quote(wrong)}")
        assert (answered.status, answered.json["details"][0]["field"]) == (400, "after")
        assert answered.json["error"] == "after is not one of ours, or was made for another query"


@pytest.mark.parametrize(
    ("metadata", "winner"),
    [
        ({"result": "WIN_TRAITOR"}, "traitor"),
        ({"result": 3.0}, "innocent"),
        ({"winner": "", "result": 4}, "timeout"),
        ({"winner": "murderer", "result": 2}, "murderer"),
    ],
)
def test_a_result_tells_the_winner_too(
    game: Client, staff: Client, metadata: dict[str, Any], winner: str
) -> None:
    """A server that sends `result` left `winner` blank, which the panel reads."""
    send(game, say("end", type="ROUND_END", roundId="r1", metadata=metadata))
    [read] = staff.get("/api/logs?type=ROUND_END").json
    assert read["metadata"]["winner"] == winner
    assert read["metadata"]["result"] == metadata["result"]


@pytest.mark.commits
def test_the_feed_is_cut_to_what_an_answer_holds(
    game: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 events of control characters were 8 MB, more than Lambda can answer with."""
    staff = make_staff()
    start = poll(staff)["cursor"]
    monkeypatch.setattr(json_codec, "MAX_ANSWER_BYTES", 60_000)
    send(game, *[say("\1" * 2000, ago(seconds=n), eventId=str(n)) for n in range(5)])
    [newest] = poll(staff, limit=5)["events"][1:]
    seen, cursor = [], start
    while (told := poll(staff, cursor))["events"]:
        assert len(told["events"]) <= 2
        seen += [one["id"] for one in told["events"]]
        cursor = told["cursor"]
    assert len(seen) == len(set(seen)) == 5
    assert seen[-1] == newest["id"]
