"""The wire contract of log ingestion while the database is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions.logs.ingest import ingest_server
from functions.shared import db
from tests.support.client import Client
from tests.support.logs.ingest import URL, Away, chat, leave, send, stored, sums
from tests.support.queues import Mapping, Queues


@pytest.mark.commits
def test_with_the_database_away_events_are_202_and_keep_their_ids(
    game: Client, queues: Queues, away: Away, store: str, setting: Callable[..., None]
) -> None:
    before = send(game, chat("before"))
    sent = [chat("a"), "oops", chat("a"), chat("b", timestamp=None), chat("before")]
    leave(away)
    answered = game.post(URL, sent)
    assert answered.status == 202
    assert sums(answered.json) == {"ingested": 4, "received": 5, "queued": 4, "rejected": 1}
    assert [one["status"] for one in answered.json["results"]] == [
        "queued",
        "rejected",
        "queued",
        "queued",
        "queued",
    ]
    setting(DATABASE_URL=store)
    db.close_all()
    bodies = queues.bodies()
    for _ in range(2):  # a message may come twice
        Mapping(queues).deliver(*bodies)
    assert queues.bodies(queues.dead_letters) == []
    assert stored() == 4
    again = send(game, *sent)
    assert sums(again) == {"ingested": 4, "received": 5, "duplicates": 4, "rejected": 1}
    known = [one.get("id") for one in answered.json["results"]]
    assert [one.get("id") for one in again["results"]] == known
    assert known[4] == before["results"][0]["id"]


@pytest.mark.commits
def test_a_large_batch_fits_into_the_spool(
    game: Client, queues: Queues, away: Away, store: str, setting: Callable[..., None]
) -> None:
    assert game.post(URL, [chat()]).status == 200
    leave(away)
    details = {"message": 'é"\\' * 150, "more": "☭" * 30}
    sent = [chat(str(n), metadata=details | {"n": n}, eventId=str(n)) for n in range(800)]
    assert game.post(URL, sent).json["queued"] == 800
    setting(DATABASE_URL=store)
    db.close_all()
    bodies = queues.bodies()
    assert len(bodies) > 5
    for body in bodies:
        Mapping(queues).deliver(body)
    assert stored() == 801
    assert send(game, *sent)["duplicates"] == 800


def test_neither_stored_nor_queued_is_503(game: Client, away: Away) -> None:
    assert game.post(URL, [chat()]).status == 200
    leave(away)
    answered = game.post(URL, [chat("more")])
    assert (answered.status, answered.json) == (503, {"error": "Temporarily unavailable"})
    assert int(answered.headers["retry-after"]) > 0
    assert game.post(URL, "no json").status == 400
    assert game.post(URL, ["oops"]).json["rejected"] == 1  # nothing of it has to be kept


def test_with_the_database_away_an_unknown_key_is_503(game: Client, away: Away) -> None:
    away()
    ingest_server._known.clear()
    for key in (game.headers["X-Server-Key"], "sk_live_00000000_" + "a" * 40):
        answered = game.post(URL, [chat()], headers={"X-Server-Key": key})
        assert (answered.status, answered.json) == (503, {"error": "Temporarily unavailable"})
