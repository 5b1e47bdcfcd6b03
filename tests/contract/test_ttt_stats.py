"""`GET /api/stats` and `GET /api/health`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.shared.spool import Accepted
from functions.ttt import feed, rounds
from tests.support.client import Answered, Client
from tests.support.ttt.contract import (
    ENDPOINTS,
    ROUND,
    collect,
    rows,
)
from tests.support.ttt.example import FIRST, SECOND

Away = Callable[[], None]


@pytest.fixture
def many(client: Client) -> Client:
    """A client, after 25 rounds, two a minute: 00, 01 ... 24, on two maps of two servers."""
    begin = datetime(2026, 3, 2, 23, 55, tzinfo=UTC)
    for n in range(25):
        at = begin + timedelta(minutes=n // 2)
        body = {"round_id": f"{n:02}", "ended_at": at.isoformat(), "map_name": f"map{n % 2}"}
        rounds.consume([Accepted({"server": "red" if n < 10 else None, "round": body}, 0)])
    return client


def ids(answered: Answered) -> list[int]:
    assert answered.status == 200, answered.text
    return [int(one["id"]) for one in answered.json]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", range(24, 4, -1)),
        ("?limit=3", [24, 23, 22]),
        ("?limit=abc", range(24, 4, -1)),
        ("?limit=20.0", range(24, 4, -1)),
        ("?limit=-1", range(24, 4, -1)),
        ("?limit=", range(24, 4, -1)),
        ("?limit=٣", range(24, 4, -1)),
        ("?limit=0", []),
        ("?limit=10001", range(24, -1, -1)),
        ("?limit=99999999999999999999", range(24, -1, -1)),
        ("?limit=2&offset=3", [21, 20]),
        ("?limit=2&offset=-3", [24, 23]),
        ("?limit=2&offset=x", [24, 23]),
        ("?limit=2&offset=1.0", [24, 23]),
        ("?offset=24", [0]),
        ("?offset=25", []),
        ("?offset=99999999999999999999", []),
        ("?limit=1&limit=2", [24, 23]),
        ("?from=2026-03-03", range(24, 9, -1)),
        ("?to=2026-03-03", range(9, -1, -1)),
        ("?from=2026-03-03&to=2026-03-03", []),
        ("?from=2026-03-04&to=2026-03-03", []),
        ("?map=map1&limit=2", [23, 21]),
        ("?map=map9", []),
        ("?server=red&limit=2", [9, 8]),
        ("?server=red&map=map0&from=2026-03-02&to=2026-03-03&limit=2", [8, 6]),
    ],
)
def test_rounds_newest_first(many: Client, query: str, found: Any) -> None:
    assert ids(many.get(f"/api/stats{query}")) == [*found]


def test_each_page_says_how_to_go_on(many: Client) -> None:
    first = many.get("/api/stats?limit=20")
    assert first.headers["x-total-count"] == "25"
    assert (first.headers["x-has-more"], first.headers["x-next-offset"]) == ("true", "20")
    last = many.get("/api/stats?limit=20&offset=20")
    assert (last.headers["x-has-more"], last.headers["x-total-count"]) == ("false", "25")
    assert not {"x-next-offset", "x-next-cursor"} & set(last.headers)
    middle = many.get("/api/stats?limit=10&offset=10")
    assert (middle.headers["x-has-more"], middle.headers["x-next-offset"]) == ("true", "20")
    exact = many.get("/api/stats?limit=25")
    assert exact.headers["x-has-more"] == "false"
    assert many.get("/api/stats?server=red&limit=3").headers["x-total-count"] == "10"
    assert many.get("/api/stats?map=map1&to=2026-03-03").headers["x-total-count"] == "5"


def test_cursors_lead_to_all_rounds_while_new_ones_arrive(many: Client) -> None:
    found: list[int] = []
    cursor = ""
    while True:
        answered = many.get(f"/api/stats?limit=7&cursor={cursor}")
        found += ids(answered)
        if answered.headers["x-has-more"] == "false":
            break
        cursor = answered.headers["x-next-cursor"]
        collect(many, round_id=f"{100 + len(found)}", ended_at="2026-03-03T00:30:00Z")
    assert found == [*range(24, -1, -1)]


def test_with_a_cursor_the_offset_is_ignored(many: Client) -> None:
    cursor = many.get("/api/stats?limit=5").headers["x-next-cursor"]
    assert ids(many.get(f"/api/stats?limit=2&offset=3&cursor={cursor}")) == [19, 18]


def test_an_altered_cursor_and_one_of_other_filters_are_refused(many: Client) -> None:
    cursor = many.get("/api/stats?limit=5").headers["x-next-cursor"]
    for query in (
        f"?cursor={cursor[:-2]}AA",
        f"?cursor={cursor}&server=red",
        f"?cursor={cursor}&from=2026-03-02",
        "?cursor=x",
        "?cursor=%00",
    ):
        answered = many.get(f"/api/stats{query}")
        assert (answered.status, "cursor" in answered.json["error"]) == (400, True)


@pytest.mark.parametrize(
    "query", ["from=x", "from=2026-02-30", "to=yesterday", "to=1772480000", "include=everything"]
)
def test_an_unreadable_filter_is_refused_by_its_name(client: Client, query: str) -> None:
    answered = client.get(f"/api/stats?{query}")
    field = query.partition("=")[0]
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}")


def test_rounds_without_a_map_are_found_as_unknown(client: Client) -> None:
    for n, name in enumerate((None, "", "unknown", "ttt_harbor")):
        collect(client, round_id=f"{n}", map_name=name)
    answered = client.get("/api/stats?map=unknown")
    assert ids(answered) == [2, 1, 0]
    assert rows(answered.json, "map_name") == [("unknown",), ("",), (None,)]
    assert answered.headers["x-total-count"] == "3"


def test_a_known_answer_is_304_until_a_round_arrives(example: Client) -> None:
    first = example.get("/api/stats")
    tag = {"If-None-Match": first.headers["etag"]}
    known = example.get("/api/stats", headers=tag)
    assert (known.status, known.text, known.headers["etag"]) == (304, "", first.headers["etag"])
    assert example.get("/api/stats", headers={"If-None-Match": '"x"'}).status == 200
    collect(example)
    assert example.get("/api/stats", headers=tag).status == 200


def test_one_round_has_an_etag(example: Client) -> None:
    url = f"/api/ttt/rounds/{FIRST['round_id']}"
    tag = {"If-None-Match": example.get(url).headers["etag"]}
    assert example.get(url, headers=tag).status == 304


def wide(n: int) -> dict[str, Any]:
    """A round of some 700,000 bytes as it is read."""
    wordy = {"attacker_steamid": "a" * 64, "attacker_role": "r" * 32, "victim_steamid": "v" * 64}
    kills = [{**wordy, "victim_role": "r" * 32, "weapon": f"{k:064}"} for k in range(2000)]
    return {**ROUND, "round_id": f"{n}", "kills": kills, "buys": []}


def test_a_body_stays_under_5_megabytes_and_is_cut_between_rounds(client: Client) -> None:
    for n in range(10, 19):
        assert client.post("/api/collect", wide(n)).status == 201
    first = client.get("/api/stats?limit=10000")
    found = ids(first)
    assert len(first.text.encode()) < 5_000_000
    assert len(first.text) * (1 + 1 / len(found)) > 5_000_000  # not one more
    assert (first.headers["x-has-more"], first.headers["x-total-count"]) == ("true", "9")
    assert first.headers["x-next-offset"] == str(len(found))
    by_offset = client.get(f"/api/stats?limit=10000&offset={len(found)}")
    cursor = first.headers["x-next-cursor"]
    by_cursor = client.get(f"/api/stats?limit=10000&cursor={cursor}")
    assert by_cursor.text == by_offset.text
    assert found + ids(by_offset) == [*range(18, 9, -1)]
    assert by_offset.headers["x-has-more"] == "false"


def test_a_body_holds_at_least_one_round(example: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_BYTES", 10)
    answered = example.get("/api/stats")
    assert rows(answered.json, "id") == [(SECOND["round_id"],)]
    assert (answered.headers["x-has-more"], answered.headers["x-next-offset"]) == ("true", "1")


@pytest.mark.parametrize("url", ["/api/health", "/health"])
def test_health_is_exactly_ok(client: Client, url: str) -> None:
    answered = client.get(url, headers={})
    assert (answered.status, answered.json) == (200, {"status": "ok"})


@pytest.mark.commits
def test_health_is_degraded_and_reads_are_503_with_the_database_away(
    client: Client, away: Away
) -> None:
    away()
    for url in ("/api/health", "/health"):
        answered = client.get(url)
        assert (answered.status, answered.json) == (503, {"status": "degraded"})
    for url in ("/api/stats", *(f"/api/ttt/{path}" for path in ENDPOINTS)):
        answered = client.get(url)
        assert (answered.status, set(answered.json)) == (503, {"error"})
