"""Events that waited in the spool: what happened meanwhile counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.logs.ingest import batch, event_queue, ingest_server, normalise
from functions.logs.privacy import erasure
from functions.logs.servers import heartbeats
from functions.shared import db, spool
from functions.shared.spool import Accepted
from tests.support.logs.panel import NOW, SERVER, ago, connect, make_server

ANA, BO, CY = "STEAM_0:1:1", "STEAM_0:1:2", "STEAM_0:1:3"


@pytest.fixture
def queued(store: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Queues events as the door does; returns the items."""
    make_server()
    kept: list[Any] = []
    monkeypatch.setattr(spool, "enqueue", lambda kind, items, key: kept.extend(items))
    sender = ingest_server.Sender(normalise.Server(SERVER, "Harbour", "Sandbox"))

    def queue(*events: Any) -> list[Any]:
        receipt = datetime.now(UTC)
        outcomes = batch.prepare(list(events), sender, receipt)
        event_queue.enqueue(batch.to_batch(outcomes, sender, receipt))
        return kept

    return queue


def ids() -> set[str | None]:
    return {row["steam_id"] for row in db.query("select steam_id from logs.events")}


def test_an_item_comes_back_as_it_was(queued: Callable[..., list[Any]]) -> None:
    events = [
        # Of this moment, for only what is live tells of its server.
        connect(ANA, "203.0.113.9", datetime.now(UTC), sessionId="s1", playerCount=3, map="gm"),
        {"type": "CHAT", "metadata": {"message": "☭"}},
        {"type": "KILL", "steamId": BO, "metadata": {"attackerSteamId": ANA}},
        "oops",
    ]
    for item in queued(*events) * 2:
        event_queue.consume([Accepted(item, 0)])
    assert len(db.query("select id from logs.events")) == 3
    assert len(db.query("select steam_id from logs.sightings")) == 1
    [row] = db.query("select involved_steam_ids from logs.events where type = 'KILL'")
    assert row["involved_steam_ids"] == [ANA]
    outcomes = {
        (row["outcome"], row["detail"]): row["events"]
        for row in db.query("select outcome, detail, events from logs.ingest_counts")
    }
    assert outcomes["stored", ""] == outcomes["duplicate", ""] == 3
    [row] = db.query("select players, map from logs.servers")
    assert (row["players"], row["map"]) == (3, "gm")


def test_who_was_erased_meanwhile_stays_erased(queued: Callable[..., list[Any]]) -> None:
    [item] = queued(
        connect(ANA, "203.0.113.9"),
        connect(BO, "203.0.113.8"),
        {"type": "KILL", "steamId": BO, "metadata": {"attackerSteamId": ANA}},
        connect(CY, "203.0.113.7"),
    )
    erasure.erase(ANA, "Rita")
    event_queue.consume([Accepted(item, 0)])
    assert ids() == {BO, CY}
    assert len(db.query("select id from logs.events")) == 2


def test_who_was_erased_before_may_come_back(queued: Callable[..., list[Any]]) -> None:
    erasure.erase(ANA, "Rita")
    db.query("update shared.audit set occurred_at = occurred_at - interval '1 minute'")
    [item] = queued(connect(ANA, "203.0.113.9"))
    event_queue.consume([Accepted(item, 0)])
    assert ids() == {ANA}


def test_what_is_older_than_what_is_kept_is_left_out(queued: Callable[..., list[Any]]) -> None:
    [item] = queued(connect(ANA, "203.0.113.9", ago(days=80)), connect(BO, "203.0.113.9"))
    for source in ("logs.event_hours", "logs.heartbeats"):
        db.query(
            """
            update rollups.sources
            set retained_from = now() - interval '70 days'
            where name = %s
            """,
            (source,),
        )
    event_queue.consume([Accepted(item, 0)])
    assert ids() == {BO}
    for days in (71, 69):
        at = (NOW - timedelta(days=days)).isoformat()
        heartbeats.consume([Accepted({"server": SERVER, "at": at, "map": None, "players": 1}, 0)])
    assert len(db.query("select occurred_at from logs.heartbeats")) == 1
