"""The drain: items that travel in parts."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db, spool
from infra.ops import replay
from tests.support.client import Client
from tests.support.queues import Mapping, Queues, count_rows

pytestmark = pytest.mark.commits
Away = Callable[[], None]
NOW = int(time.time() * 1000)


def large_round(bytes_: int) -> dict[str, Any]:
    """A round of about that size, which hardly gets smaller."""
    kill = {"victim_steamid": "STEAM_0:1:1", "victim_role": "innocent"}
    kills = [{**kill, "weapon": secrets.token_urlsafe(47)} for _ in range(bytes_ // 160)]
    buys = [
        {"steam_id": secrets.token_urlsafe(47), "item": secrets.token_urlsafe(47)}
        for _ in range(1000)
    ]
    return {"round_id": "large", "kills": kills[:2000], "buys": buys}


@pytest.mark.parametrize("backwards", [False, True])
def test_a_round_of_400_kb_outlasts_an_outage(
    client: Client, queues: Queues, mapping: Mapping, away: Away, back: Away, backwards: bool
) -> None:
    """Regression: it fitted into no message, was answered 503, and was lost: no addon repeats."""
    sent = large_round(300_000)
    assert len(json.dumps(sent)) > 400_000
    away()
    assert client.post("/api/collect", sent).status == 202
    bodies = queues.bodies()
    assert len(bodies) > 1
    back()
    for body in bodies[::-1] if backwards else bodies:
        assert count_rows()[3] == 0
        mapping.deliver(body)
    assert count_rows()[3] == 1
    assert client.post("/api/collect", sent).json["duplicate"] is True
    assert db.query("select * from shared.spool_parts") == []
    for body in bodies * 2:  # delivered again, twice
        mapping.deliver(body)
    assert count_rows()[3] == 1
    assert queues.bodies(queues.dead_letters) == []


def test_a_refused_megabyte_is_kept_after_an_outage(
    client: Client, queues: Queues, mapping: Mapping, away: Away, back: Away
) -> None:
    body = json.dumps({"round_id": 7, "x": secrets.token_urlsafe(700_000)})
    away()
    assert client.post("/api/collect", body).status == 400
    bodies = queues.bodies()
    back()
    for one in bodies:
        mapping.deliver(one)
    assert db.query("select body from ttt.quarantine") == [{"body": body}]


def test_a_poisonous_item_in_parts_can_be_replayed(
    store: str, queues: Queues, mapping: Mapping
) -> None:
    item = {"server": None, "round": {**large_round(300_000), "winner": ["x"]}}
    for body in spool.build_messages("ttt.rounds", [item], None, NOW):
        mapping.deliver(body)
    assert count_rows()[3] == 0
    assert db.query("select * from shared.spool_parts") == []
    letters = replay.Queues(queues.client, queues.queue, queues.dead_letters)
    moved = list(replay.replay_letters(letters))
    assert len(moved) > 1
    assert all("Invalid winner" in letter for letter in moved)
    bodies = queues.bodies()
    assert {json.loads(body)["at"] for body in bodies} == {NOW}
    for body in bodies:
        mapping.deliver(body)
    assert len(queues.bodies(queues.dead_letters)) == len(bodies)


def test_a_part_alone_is_forgotten_in_the_end(store: str, mapping: Mapping) -> None:
    bodies = list(spool.build_messages("ttt.names", [secrets.token_urlsafe(400_000)], None, NOW))
    mapping.deliver(bodies[0])
    db.query("update shared.spool_parts set received_at = now() - interval '360 hours 1 second'")
    mapping.deliver(bodies[1])
    assert [row["part"] for row in db.query("select part from shared.spool_parts")] == [1]
