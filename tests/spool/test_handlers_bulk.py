"""The drain: many messages at once."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from functions.shared import db
from functions.spool import handlers, messages
from tests.support.queues import Queues

pytestmark = pytest.mark.commits
NOW = int(time.time() * 1000)


def event(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "userId": f"u{number}",
        "timestamp": NOW - number,
        "signals": ["x", {"type": "y", "severity": 4}],
        "tiltScore": 2,
        **changed,
    }


def record(number: int, body: str) -> dict[str, Any]:
    return {
        "messageId": str(number),
        "receiptHandle": str(number),
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
    }


def tilt(number: int, item: Any) -> dict[str, Any]:
    return record(number, json.dumps({"kind": "tilt.events", "at": NOW, "items": [item]}))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many items each call of the verb was given."""
    sizes: list[int] = []
    real = messages.CONSUMERS["tilt.events"]

    def note(accepted: Any) -> None:
        sizes.append(len(accepted))
        real(accepted)

    monkeypatch.setitem(messages.CONSUMERS, "tilt.events", note)
    return sizes


def test_messages_of_a_kind_are_stored_together(
    store: str, queues: Queues, calls: list[int]
) -> None:
    batch = {"Records": [tilt(number, event(number)) for number in range(1000)]}
    assert handlers.drain(batch, None) == {"batchItemFailures": []}
    assert calls == [1000]
    assert db.query("select count(*) from tilt.events") == [{"count": 1000}]
    assert db.query("select count(*) from tilt.signals") == [{"count": 2000}]
    handlers.drain(batch, None)
    assert db.query("select count(*) from tilt.signals") == [{"count": 2000}]


def test_poison_is_found_by_halves(store: str, queues: Queues, calls: list[int]) -> None:
    bad = event(300, tiltScore=-1)
    records = [tilt(number, event(number)) for number in range(512)]
    records[300] = tilt(300, bad)
    assert handlers.drain({"Records": records}, None) == {"batchItemFailures": []}
    assert db.query("select count(*) from tilt.events") == [{"count": 511}]
    assert len(calls) == 2 * 9 + 1
    [letter] = queues.bodies(queues.dead_letters)
    assert json.loads(letter)["items"] == [bad]


def test_what_time_does_not_allow_is_left(store: str, queues: Queues) -> None:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 10_000)
    left = handlers.drain({"Records": [tilt(1, event(1)), record(2, "not ours")]}, context)
    assert left == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert len(queues.bodies(queues.dead_letters)) == 1
    assert db.query("select count(*) from tilt.events") == [{"count": 0}]


def test_one_kind_that_cannot_be_stored_now_holds_up_no_other(
    store: str, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(accepted: Any) -> None:
        raise db.DatabaseUnavailable

    monkeypatch.setitem(messages.CONSUMERS, "ttt.names", fail)
    name = json.dumps({"kind": "ttt.names", "at": NOW, "items": [{}]})
    left = handlers.drain({"Records": [record(1, name), tilt(2, event(2))]}, None)
    assert left == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert db.query("select count(*) from tilt.events") == [{"count": 1}]


def test_rounds_and_names_of_many_messages(store: str, queues: Queues) -> None:
    rounds = [{"round_id": f"r{n}", "winner": "innocents", "duration": 60} for n in range(5)]
    names = [{"steam_id": "STEAM_0:1:1", "display_name": name} for name in ("Ana", "Bo", "Bo")]
    records = [
        record(n, json.dumps({"kind": "ttt.rounds", "at": NOW, "items": [one]}))
        for n, one in enumerate({"server": None, "round": one} for one in rounds)
    ]
    records += [
        record(10 + n, json.dumps({"kind": "ttt.names", "at": NOW + n, "items": [one]}))
        for n, one in enumerate(names)
    ]
    other = {**rounds[0], "duration": 61}  # another content under the same id: poison
    body = {"kind": "ttt.rounds", "at": NOW, "items": [{"server": None, "round": other}]}
    assert handlers.drain({"Records": [*records, record(20, json.dumps(body))]}, None) == {
        "batchItemFailures": []
    }
    assert db.query("select count(*) from ttt.rounds") == [{"count": 5}]
    found = db.query("select display_name from ttt.names order by valid_from")
    assert [row["display_name"] for row in found] == ["Ana", "Bo"]
    assert len(queues.bodies(queues.dead_letters)) == 1
