"""The spool from end to end: accepted while the database is away, stored once when it is back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from functions.shared import aws, db, spool
from functions.spool import handlers, messages
from functions.tilt import events
from infra.ops import replay
from schema.engine.migrate import Report
from tests.support.client import Client, admin
from tests.support.queues import Mapping, Queues

pytestmark = pytest.mark.commits
NOW = int(time.time() * 1000)
Away = Callable[[], None]


def event(user: str = "u", **changed: Any) -> dict[str, Any]:
    return {"userId": user, "timestamp": NOW, "signals": ["x"], "tiltScore": 2, **changed}


def message(*items: Any, at: int | None = None, kind: str = "tilt.events") -> str:
    accepted = int(time.time() * 1000) if at is None else at
    return json.dumps({"kind": kind, "at": accepted, "items": items})


def stored() -> list[tuple[str, float]]:
    rows = db.query("select user_id, tilt_score from tilt.events order by user_id, tilt_score")
    return [(row["user_id"], float(row["tilt_score"])) for row in rows]


def postponed(patch: pytest.MonkeyPatch, seconds: int) -> list[int]:
    """The waits that the drain asks for, which take only some seconds from now on."""
    waits: list[int] = []
    real = aws.client("sqs").change_message_visibility_batch

    def note(**asked: Any) -> Any:
        waits.extend(entry["VisibilityTimeout"] for entry in asked["Entries"])
        shorter = [entry | {"VisibilityTimeout": seconds} for entry in asked["Entries"]]
        return real(**asked | {"Entries": shorter})

    patch.setattr(aws.client("sqs"), "change_message_visibility_batch", note)
    return waits


# Accepting


def test_an_event_that_cannot_be_stored_is_queued_under_the_id_that_it_will_have(
    client: Client, queues: Queues, mapping: Mapping, away: Away, back: Away
) -> None:
    sent = event(signals=[{"type": "né", "severity": 4, "bet": [1.5, None]}], context=None)
    away()
    # A bootstrap key needs no database; whoever needs one gets a 503 from its guard.
    queued = client.post("/api/tilt/events", sent)
    again = client.post("/api/tilt/events", sent)
    assert (queued.status, again.json) == (202, queued.json)
    assert queued.json.keys() == {"success", "message", "eventId"}
    assert queued.json["message"] == "Tilt event queued"
    back()
    assert mapping.deliver() == 2
    assert mapping.left == [[]]
    now = client.post("/api/tilt/events", sent)
    assert (now.status, now.json["eventId"]) == (200, queued.json["eventId"])
    [row] = db.query("select id::text, signals from tilt.events")
    assert row == {"id": queued.json["eventId"], "signals": sent["signals"]}
    assert db.query("select type, severity::float from tilt.signals") == [
        {"type": "né", "severity": 4.0}
    ]


def test_without_a_queue_it_is_503_in_the_contracts_words(
    client: Client, away: Away, setting: Callable[..., None]
) -> None:
    setting(SPOOL_QUEUE_URL="")
    away()
    answer = client.post("/api/tilt/events", event())
    assert (answer.status, answer.json) == (503, {"error": "Database not connected"})


def test_reads_are_never_queued(client: Client, queues: Queues, away: Away) -> None:
    staff = admin()
    away()
    for answer in (client.get("/api/tilt/stats/u"), staff.delete("/api/tilt/users/u")):
        assert (answer.status, answer.json) == (503, {"error": "Database not connected"})
    assert queues.bodies() == []


def test_a_bad_event_is_refused_also_while_the_database_is_away(
    client: Client, queues: Queues, away: Away
) -> None:
    away()
    assert client.post("/api/tilt/events", event(tiltScore=101)).status == 400
    assert queues.bodies() == []


# Draining


def test_what_is_delivered_often_is_stored_once(store: str, mapping: Mapping) -> None:
    twice = message(event("a"), event("a"), event("b"))
    mapping.lost_answers = True
    mapping.deliver(twice, twice)
    mapping.lost_answers = False
    mapping.deliver(twice, message(event("c")))
    assert stored() == [("a", 2.0), ("b", 2.0), ("c", 2.0)]
    assert db.query("select count(*) from tilt.signals") == [{"count": 3}]


def test_nobodys_budget_limits_the_drain(store: str, mapping: Mapping) -> None:
    many = [event(tiltScore=number / 2) for number in range(events.PER_MINUTE + 20)]
    mapping.deliver(message(*many))
    assert (mapping.left, len(stored())) == ([[]], events.PER_MINUTE + 20)


def test_while_the_database_is_away_all_is_left_in_the_queue_for_later(
    store: str,
    queues: Queues,
    mapping: Mapping,
    away: Away,
    back: Away,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits = postponed(monkeypatch, 0)
    away()
    bodies = [message(event(tiltScore=number)) for number in range(3)]
    assert mapping.deliver(*bodies) == 3
    assert (len(mapping.left[0]), waits) == (3, [10, 10, 10])
    assert queues.bodies(queues.dead_letters) == []
    back()
    assert mapping.deliver() == 3
    assert stored() == [("u", 0.0), ("u", 1.0), ("u", 2.0)]


def test_what_is_postponed_is_out_of_sight(
    store: str, mapping: Mapping, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    postponed(monkeypatch, 1)
    away()
    assert mapping.deliver(message(event())) == 1
    assert mapping.deliver() == 0
    time.sleep(1.2)
    assert mapping.deliver() == 1


def test_a_database_that_goes_in_the_middle_of_a_batch(
    store: str, queues: Queues, mapping: Mapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored: list[Any] = []

    def restore(accepted: list[spool.Accepted]) -> None:
        if any(one.item == "third" for one in accepted):
            raise db.DatabaseUnavailable
        restored.extend(one.item for one in accepted)

    monkeypatch.setitem(messages.CONSUMERS, "tilt.events", restore)
    monkeypatch.setattr(handlers, "_AT_ONCE", 2)
    mapping.deliver(message("first", "second"), message("third"), message("fourth"))
    # The first message is done; those after the outage were not even tried.
    assert (restored, len(mapping.left[0])) == (["first", "second"], 2)


def test_each_try_is_further_from_the_last(
    store: str, mapping: Mapping, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = postponed(monkeypatch, 0)
    away()
    mapping.deliver(message(event()))
    for _ in range(12):
        mapping.deliver()
    assert waits[:4] == [10, 20, 40, 80]
    assert waits == sorted(waits)
    assert waits[-1] == 900


# Poison


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        ("not JSON", "not a message of ours"),
        ("[1]", "not a message of ours"),
        ('{"kind": [], "at": 1, "items": []}', "not a message of ours"),
        ('{"kind": "tilt.events", "at": Infinity, "items": []}', "not a message of ours"),
        ("[" * 100_000, "not a message of ours"),
        (message(event(), kind="tilt.never"), "not a message of ours"),
        (message(event(tiltScore=-1)), "tiltScore"),
        (message("text"), ""),
        (message(None), ""),
        (message({}), "Missing required fields: userId, timestamp, signals, tiltScore"),
        (message(event(), at=10**17), "not a message of ours"),
    ],
)
def test_poison_is_buried_alone_with_its_reason(
    store: str, queues: Queues, mapping: Mapping, poison: str, reason: str
) -> None:
    mapping.deliver(message(event("before")), poison, message(event("after")))
    assert (mapping.left, stored()) == ([[]], [("after", 2.0), ("before", 2.0)])
    [letter] = replay.list_letters(replay.Queues(queues.client, queues.queue, queues.dead_letters))
    assert reason in letter
    assert "before" not in letter
    [body] = queues.bodies(queues.dead_letters)
    assert body == poison


def test_an_items_neighbours_in_its_message_are_stored(
    store: str, queues: Queues, mapping: Mapping
) -> None:
    bad = event("bad", timestamp=1)
    mapping.deliver(message(event("before"), bad, event("after"), at=NOW))
    assert stored() == [("after", 2.0), ("before", 2.0)]
    assert list(map(json.loads, queues.bodies(queues.dead_letters))) == [
        {"kind": "tilt.events", "at": NOW, "items": [bad]}
    ]


def test_an_event_before_the_horizon_is_buried_and_comes_back_by_replay(
    store: str, queues: Queues, mapping: Mapping, migrated: tuple[Report, str, str]
) -> None:
    late = event("late", timestamp=NOW - 86_400_000 * 3)
    with psycopg.connect(migrated[1], autocommit=True) as admin:
        admin.execute("update rollups.sources set retained_from = now() - interval '1 day'")
        mapping.deliver(message(late, event("fresh")))
        assert stored() == [("fresh", 2.0)]
        admin.execute("update rollups.sources set retained_from = '-infinity'")
    [letter] = replay.replay_letters(
        replay.Queues(queues.client, queues.queue, queues.dead_letters)
    )
    assert "timestamp is older than what is kept here" in letter
    assert "late" not in letter
    assert mapping.deliver() == 1
    assert stored() == [("fresh", 2.0), ("late", 2.0)]


def test_a_letter_that_cannot_be_sent_leaves_its_message_in_the_queue(
    store: str, queues: Queues, mapping: Mapping, setting: Callable[..., None]
) -> None:
    setting(SPOOL_DEAD_LETTERS_URL=queues.dead_letters + "-that-nobody-made")
    mapping.deliver("not JSON")
    assert len(mapping.left[0]) == 1


# Erasing


def test_an_event_of_a_person_erased_since_is_not_stored(
    client: Client, queues: Queues, mapping: Mapping, away: Away, back: Away
) -> None:
    away()
    assert client.post("/api/tilt/events", event("gone")).status == 202
    assert client.post("/api/tilt/events", event("stays")).status == 202
    back()
    assert admin().delete("/api/tilt/users/gone").status == 200
    after = message(event("gone", tiltScore=9), at=int(time.time() * 1000) + 1000)
    mapping.deliver(after)  # who comes back after an erasure is a user like others
    assert stored() == [("gone", 9.0), ("stays", 2.0)]


def test_an_event_deleted_since_is_not_stored(
    client: Client, mapping: Mapping, away: Away, back: Away
) -> None:
    away()
    queued = client.post("/api/tilt/events", event("u")).json["eventId"]
    back()
    assert client.delete(f"/api/tilt/events/{queued}").status == 200
    mapping.deliver()
    assert stored() == []


def test_the_messages_of_a_queue_are_the_drains(
    store: str, queues: Queues, mapping: Mapping
) -> None:
    spool.enqueue("tilt.events", [event()])
    mapping.deliver()
    assert stored() == [("u", 2.0)]
