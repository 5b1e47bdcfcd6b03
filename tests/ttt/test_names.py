"""Names: intervals in the order of their receipt, in whatever order they arrive."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from functions.shared import db
from functions.shared.spool import Accepted
from functions.ttt import names, round_report, rounds
from tests.support.client import Client
from tests.support.queues import Mapping, Queues
from tests.support.rollups import connect
from tests.support.ttt.oracle import Oracle
from tests.support.ttt.records import Posted

T0 = datetime(2026, 3, 1, tzinfo=UTC)
WHO = "STEAM_0:1:101"
Seen = tuple[int, str]  # minutes after T0, name


def tell(minute: float, name: str, who: str = WHO) -> None:
    moment = T0 + timedelta(minutes=minute)
    sent = {"steam_id": who, "display_name": name}
    names.consume([Accepted(sent, int(moment.timestamp() * 1000))])


def history(who: str = WHO) -> list[tuple[str, int, int | None, int]]:
    """As (name, from, to, last seen) in minutes, the oldest first."""
    found = reversed(names.get_names(who)["items"])
    return [(one["name"], *map(_minute, list(one.values())[1:])) for one in found]  # type: ignore[misc]


def _minute(moment: datetime | None) -> int | None:
    return None if moment is None else int((moment - T0).total_seconds() / 60)


def expected(seen: list[Seen]) -> list[dict[str, object]]:
    told = [(T0 + timedelta(minutes=minute), WHO, name) for minute, name in seen]
    items: list[dict[str, object]] = Oracle([], told).names(WHO)["items"]
    return items


def shown(client: Client, who: str = WHO) -> list[dict[str, object]]:
    items: list[dict[str, object]] = client.get(f"/api/ttt/players/{who}/names").json["items"]
    return items


def test_each_name_ends_where_the_next_one_begins(store: str) -> None:
    for minute, name in enumerate("AABBA"):
        tell(minute, name)
    assert history() == [("A", 0, 2, 1), ("B", 2, 4, 3), ("A", 4, None, 4)]


SEASONS: list[list[Seen]] = [
    [(0, "A"), (1, "B"), (2, "C"), (3, "D")],
    [(0, "A"), (1, "A"), (2, "B"), (3, "C")],
    [(0, "A"), (1, "B"), (2, "A"), (3, "B")],
    [(0, "A"), (1, "B"), (2, "B"), (3, "A")],
]


@pytest.mark.parametrize("seen", SEASONS, ids=lambda seen: "".join(name for _, name in seen))
def test_the_history_does_not_depend_on_the_order_of_arrival(
    client: Client, seen: list[Seen]
) -> None:
    wanted = [(one["name"], one["valid_from"], one["valid_to"]) for one in expected(seen)]
    for turn, arriving in enumerate(permutations(seen)):
        who = f"s{turn}"
        for minute, name in arriving:
            tell(minute, name, who)
        found = [(one["name"], one["valid_from"], one["valid_to"]) for one in shown(client, who)]
        assert found == wanted, arriving


@pytest.mark.parametrize("seen", SEASONS, ids=lambda seen: "".join(name for _, name in seen))
def test_a_replay_changes_nothing(client: Client, seen: list[Seen]) -> None:
    for minute, name in seen:
        tell(minute, name)
    once = shown(client)
    assert once == expected(seen)
    for arriving in permutations(seen):
        for minute, name in arriving:
            tell(minute, name)
    assert shown(client) == once


def test_a_name_seen_again_later_is_not_cut_short_by_a_late_one(store: str) -> None:
    tell(0, "A")
    tell(9, "A")
    tell(5, "B")
    assert [one[:3] for one in history()] == [("A", 0, 5), ("B", 5, 9), ("A", 9, None)]


@pytest.mark.parametrize("seen", [["A", "B"], ["A", "B", "C"], ["A", "B", "B"], ["A", "A", "B"]])
def test_names_of_one_moment_follow_each_other_as_they_came(
    client: Client, seen: list[str]
) -> None:
    """Regression: a third name of the same millisecond, as queued ones have, met the second."""
    for name in seen:
        tell(0, name)
    wanted = expected([(0, name) for name in seen])
    assert [one["name"] for one in shown(client)] == [one["name"] for one in wanted]
    assert {one["valid_from"] for one in shown(client)} == {"2026-03-01T00:00:00.000Z"}
    assert names.get_names(WHO)["current"] == seen[-1]
    tell(1, "Z")
    assert names.get_names(WHO)["current"] == "Z"


def test_names_of_one_moment_may_be_delivered_twice(client: Client, queues: Queues) -> None:
    """Regression: the second one, told again, met itself, and the message was buried."""
    mapping = Mapping(queues)
    items = [{"steam_id": WHO, "display_name": name} for name in ("A", "B")]
    message = json.dumps({"kind": "ttt.names", "at": 1_772_323_200_000, "items": items})
    mapping.deliver(message)
    once = shown(client)
    mapping.deliver(message)
    assert queues.bodies(queues.dead_letters) == []
    assert shown(client) == once
    assert [one["name"] for one in once] == ["B", "A"]


def test_a_late_first_name_is_valid_from_its_receipt(client: Client) -> None:
    tell(10, "B")
    tell(0, "A")
    assert history() == [("A", 0, 10, 0), ("B", 10, None, 10)]
    tell(5, "B")  # B began earlier than was known
    assert history() == [("A", 0, 5, 0), ("B", 5, None, 10)]


def test_the_name_at_a_time(client: Client) -> None:
    tell(10, "A")
    tell(20, "B")
    posted = []
    for minute in (0, 9, 10, 19, 20, 30):
        at = T0 + timedelta(minutes=minute)
        start = [{"player_steamid": who} for who in (WHO, "nameless", "BOT")]
        body = {"round_id": f"{minute}", "start_roles": start, "ended_at": at.isoformat()}
        rounds.record(round_report.parse_body(json.dumps(body)))
        posted.append(Posted(body, at))
    told = [(T0 + timedelta(minutes=10), WHO, "A"), (T0 + timedelta(minutes=20), WHO, "B")]
    found = client.get("/api/stats?include=names").json
    assert found == Oracle(posted, told).stats(names=True)
    assert [one["players"][0]["display_name"] for one in found] == ["B", "B", "A", "A", "A", "A"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("x" * 128, "x" * 128),
        ("x" * 129, "x" * 128),
        ("🏴" * 129, "🏴" * 128),
        ("é" * 127 + "e\u0301", "é" * 127 + "e"),
        (" ", " "),
        ("\u202eana\u200f", "\u202eana\u200f"),
        ("a\tb\nc\x1b[0m\x7f", "a\tb\nc\x1b[0m\x7f"),
        ("Robert'); drop table ttt.names; -- %s %(x)s", None),
        ("1️⃣ 👩‍👩‍👧 ☾", None),
        ('"\\', None),
    ],
)
def test_a_name_is_kept_as_sent_up_to_128_code_points(
    client: Client, sent: str, kept: str | None
) -> None:
    body = {"steam_id": WHO, "display_name": sent}
    assert client.post("/api/player/update", body).status == 201
    assert client.post("/api/player/update", body).status == 200
    [one] = shown(client)
    assert (one["name"], one["valid_to"]) == (kept or sent, None)


def test_half_an_emoji_becomes_the_replacement_character(client: Client) -> None:
    body = '{"steam_id":"s","display_name":"a\\ud83d"}'
    assert client.post("/api/player/update", body).status == 201
    assert names.get_names("s")["current"] == "a\ufffd"


def test_a_nul_in_a_name_is_refused(client: Client) -> None:
    for body in ({"steam_id": "s", "display_name": "a\0"}, {"steam_id": "\0", "display_name": "a"}):
        answered = client.post("/api/player/update", body)
        assert (answered.status, "error" in answered.json) == (400, True)
    assert db.query("select * from ttt.names") == []


@pytest.mark.commits
def test_bots_names_are_not_even_queued(
    client: Client, queues: Queues, away: Callable[[], None]
) -> None:
    away()
    item = {"steam_id": "BOT", "display_name": "Bot01"}
    assert client.post("/api/player/update", item).status == 200
    assert queues.bodies() == []


def test_a_name_costs_one_round_trip(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    real = db.query
    monkeypatch.setattr(db, "query", lambda *sent: calls.append(sent) or real(*sent))  # type: ignore[func-returns-value]
    for name in ("A", "A", "B"):
        calls.clear()
        client.post("/api/player/update", {"steam_id": WHO, "display_name": name})
        assert len(calls) == 1


@pytest.mark.commits
def test_of_many_first_names_at_once_one_is_the_first(store: str) -> None:
    """And all others follow it: no gap, no overlap, one current name."""
    start = threading.Barrier(24)

    def one(number: int) -> bool:
        with connect(store) as connection:
            start.wait()
            row = connection.execute(
                "select ttt.record_name(%s, %s, %s) as is_first",
                (WHO, f"n{number}", T0 + timedelta(minutes=number * 7 % 24)),
            ).fetchone()
            assert row
            return bool(row["is_first"])

    with ThreadPoolExecutor(24) as pool:
        assert sum(pool.map(one, range(24))) == 1
    seen = sorted((number * 7 % 24, f"n{number}") for number in range(24))
    ends: list[int | None] = [*range(1, 24), None]
    wanted = zip(seen, ends, strict=True)
    assert [one[:3] for one in history()] == [(name, minute, end) for (minute, name), end in wanted]
