"""The wire contract of what becomes of sent logs: rules of the staff, and statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.shared import db
from tests.support.client import Client
from tests.support.clock import Clock
from tests.support.logs.ingest import RECEIPT, chat, send, sums
from tests.support.logs.panel import SERVER, make_staff

# --- what staff choose not to keep ---


def test_what_matches_a_rule_is_not_stored_and_is_counted(game: Client) -> None:
    staff = make_staff()
    rules = {
        "ignoredTools": ["CREATOR", "crea"],
        "ignoredCommands": ["!menu"],
        "rawTextFilters": ["Secret", " "],
    }
    assert staff.put("/api/site-config", {"logs": rules}).status == 200
    answer = send(
        game,
        {"type": "TOOL_USE", "metadata": {"toolName": "tool_Creator"}},
        {"type": "COMMAND", "metadata": {"command": "!MENU"}},
        {"type": "ULX", "metadata": {"command": "x!menu"}},
        chat(rawText="the SECRET door"),
        {"type": "CONNECT", "rawText": "secret"},
        {"type": "DISCONNECT", "rawText": "secret"},
        {"type": "ROUND_END", "rawText": "secret"},
        {"type": "ROUND_PREPARE", "rawText": "secret"},  # was ignored: only two were spared
        {"type": "CHAT", "rawText": "creator !menu"},
    )
    assert sums(answer) == {"ingested": 5, "received": 9, "stored": 5, "ignored": 4}
    results = answer["results"]
    assert [(one["status"], one.get("reason")) for one in results[:4]] == [
        ("ignored", "rule:tool"),
        ("ignored", "rule:command"),
        ("ignored", "rule:command"),
        ("ignored", "rule:rawText"),
    ]
    assert "id" not in results[0]
    told = staff.get("/api/ingest/stats").json
    assert told["tools"] == {"CREATOR": 1}
    assert told["commands"] == {"!menu": 2}
    assert told["rawText"] == {"Secret": 1}
    staff.put("/api/site-config", {"logs": {}})
    assert send(game, chat(rawText="the SECRET door"))["stored"] == 1


def test_with_everything_ignored_it_is_200(game: Client) -> None:
    make_staff().put("/api/site-config", {"logs": {"rawTextFilters": ["a"]}})
    assert sums(send(game, chat(rawText="a"))) == {"received": 1, "ignored": 1}


def test_which_of_equal_events_one_is_does_not_depend_on_the_rules(game: Client) -> None:
    staff = make_staff()
    two = [chat(rawText="secret"), chat(rawText="open")]  # equal but for the text
    staff.put("/api/site-config", {"logs": {"rawTextFilters": ["secret"]}})
    first = send(game, *two)
    staff.put("/api/site-config", {"logs": {}})
    second = send(game, *two)
    assert [one["status"] for one in second["results"]] == ["stored", "duplicate"]
    assert second["results"][1]["id"] == first["results"][1]["id"]


# --- statistics ---


def test_the_statistics_add_up(game: Client) -> None:
    send(game, chat("1"), chat("1"), {"type": "BOO"}, chat(timestamp="?"), "oops")
    send(game, chat("1"), chat(at=datetime.now(UTC) + timedelta(minutes=10)))
    told = make_staff().get("/api/ingest/stats")
    assert told.headers["cache-control"] == "no-store"
    clock = told.json["clock"][SERVER]
    assert {name: told.json[name] for name in ("stored", "duplicates", "rejected")} == {
        "stored": 5,
        "duplicates": 1,
        "rejected": {"not_an_object": 1},
    }
    assert told.json["unknownTypes"] == {"BOO": 1}
    assert (clock["missing"], clock["invalid"], clock["future"]) == (1, 1, 1)


def test_of_unknown_types_the_most_frequent_are_told(game: Client) -> None:
    """Whoever sends a new type with every event made the answer larger than any may be."""
    send(game, *[{"type": f"T{n}", "eventId": str(n)} for n in range(1100)])
    send(game, {"type": "T1099"})
    told = make_staff().get("/api/ingest/stats").json
    assert (len(told["unknownTypes"]), told["unknownTypes"]["T1099"]) == (1000, 2)
    assert told["stored"] == 1101


def test_the_clock_skew_is_the_median_of_the_last_100(game: Client, then: type[Clock]) -> None:
    def skew() -> Any:
        return make_staff().get("/api/ingest/stats").json["clock"][SERVER]["medianSkewSeconds"]

    send(game, *[chat(str(n), at=RECEIPT - timedelta(seconds=n)) for n in (1, 2, 9)])
    assert skew() == 2
    send(game, chat("old", at=RECEIPT - timedelta(days=2)))  # says nothing of the clock
    assert skew() == 2
    send(game, *[chat(f"a {n}", at=RECEIPT + timedelta(days=365)) for n in range(100)])
    assert skew() == -365 * 86_400
    send(game, *[chat(f"b {n}", at=RECEIPT) for n in range(60)])
    assert skew() == 0
    send(game, *[chat(f"b {n}", at=RECEIPT) for n in range(60)])
    [row] = db.query("select cardinality(milliseconds) as known from logs.clock_skews")
    assert row["known"] == 100
