"""Events of sockets at the same moment, by invocations that know nothing of each other."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from functions.live import handlers, management
from functions.shared import db
from tests.support.connections import own_connections
from tests.support.game import in_threads
from tests.support.live import door
from tests.support.live.cloud import cloud, left
from tests.support.live.gateway import Gateway
from tests.support.tracker_battles import make_duel

__all__ = ["cloud", "left"]
Left = list[dict[str, Any]]
TIMES = 8


@pytest.fixture
def way() -> str:
    """Not behind a pooler too: each thread has a connection of its own."""
    return "direct"


@pytest.fixture
def opened(
    store: str, tracker_keys: None, cloud: Gateway, left: Left, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, str], str, str]:
    """The query of the open socket `s`, the id of its battle, and the first player."""
    monkeypatch.setattr(management, "_OPENING", 0.06)
    duel = make_duel()
    battle = duel.make()["id"]
    token = duel.mira.headers["Authorization"].removeprefix("Bearer ")
    query = {"tracker": battle, "token": token}
    door.open_socket(cloud, left, "s", query)
    return query, battle, duel.mira_id


def count_events(battle: str, type_: str) -> int:
    return int(
        db.fetch_value(
            "select count(*) from tracker.battle_events where battle_id = %s and type = %s",
            (battle, type_),
        )
    )


@pytest.mark.commits
def test_a_message_that_comes_several_times_at_once_is_done_once(
    opened: tuple[dict[str, str], str, str],
    store: str,
    cloud: Gateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, battle, mira = opened
    body = {"action": "update_scores", "player_id": mira, "scores": {"primary": 5}}
    text = json.dumps({"type": "command", "ref": "once", "body": body})
    with own_connections(store, monkeypatch):
        answers = in_threads(TIMES, lambda _: door.send("s", text)["statusCode"])
    assert answers == [200] * TIMES
    acks = [frame for frame in cloud.frames["s"] if frame["type"] == "ack"]
    assert len(acks) == TIMES
    assert len({frame["version"] for frame in acks}) == 1
    assert count_events(battle, "scores_updated") == 1


@pytest.mark.commits
def test_a_socket_that_closes_in_the_middle_leaves_nothing_behind(
    opened: tuple[dict[str, str], str, str],
    store: str,
    cloud: Gateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Messages, a greeting, a goodbye and another opening, all while each other runs."""
    query, _, _ = opened
    texts = ['{"type": "ping"}', '{"type": "resume", "last_seq": 0}', '{"type": "get_state"}', "{"]

    def happen(number: int) -> int:
        if number == 3:
            cloud.close("s")
            return int(door.disconnect("s")["statusCode"])
        if number % 5 == 4:
            handlers.sockets({"work": "welcome", "connection_id": "s"}, None)
            return 200
        return int(door.send("s", texts[number % len(texts)])["statusCode"])

    with own_connections(store, monkeypatch):
        answers = in_threads(16, happen)
        assert set(answers) <= {200, 410}
        door.disconnect("s")  # the gateway may say it twice
        assert door.send("s", texts[0])["statusCode"] == 410
        assert db.query("select connection_id from live.connections") == []
        assert door.connect("s2", query)["statusCode"] == 200


@pytest.mark.commits
def test_the_same_opening_twice_is_one_socket(
    opened: tuple[dict[str, str], str, str],
    store: str,
    cloud: Gateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    query, _, _ = opened
    barrier = threading.Barrier(4)

    def connect(_: int) -> int:
        barrier.wait()
        return int(door.connect("t", query)["statusCode"])

    with own_connections(store, monkeypatch):
        answers = in_threads(4, connect)
    assert set(answers) <= {200, 429}
    assert db.fetch_value("select count(*) from live.connections where connection_id = 't'") == 1
