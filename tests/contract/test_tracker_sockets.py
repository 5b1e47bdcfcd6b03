"""Sockets to battles of the tracker: tracker.md section 5."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.live import door
from tests.support.live.cloud import cloud, left
from tests.support.live.gateway import Gateway
from tests.support.tracker_battles import Duel, act, done, make_duel

__all__ = ["cloud", "left"]
Left = list[dict[str, Any]]
Frames = list[dict[str, Any]]


@pytest.fixture
def duel(tracker_keys: None) -> Duel:
    """Two players, who each have an army."""
    return make_duel()


def token(client: Any) -> str:
    return str(client.headers["Authorization"].removeprefix("Bearer "))


def watch(cloud: Gateway, left: Left, name: str, client: Any, battle: dict[str, Any]) -> Frames:
    """The messages of a socket to a battle, which it goes on to get."""
    door.open_socket(cloud, left, name, {"tracker": battle["id"], "token": token(client)})
    return cloud.frames[name]


def say(name: str, type_: str, **fields: Any) -> None:
    assert door.send(name, json.dumps({"type": type_, **fields}))["statusCode"] == 200


def test_the_worked_session(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make()
    scores = {"primary": 5, "secondary": 4}
    scored = done(act(duel.mira, battle, "update_scores", player_id=duel.mira_id, scores=scores))
    frames = watch(cloud, left, "m", duel.mira, battle)
    connected = frames[0]
    assert (connected["type"], connected["role"], connected["seq"]) == ("connected", "player", 3)
    assert (connected["battle_id"], connected["ping_every"]) == (battle["id"], 240)
    assert connected["battle"]["players"] == scored["players"]
    body = {"action": "advance_phase", "player_id": duel.mira_id, "phase": "shooting"}
    say("m", "command", ref="c1", body=body)
    update, ack = [one for one in frames[1:] if one["type"] != "player_connected"]
    assert (update["type"], update["seq"], update["version"], update["cause"]) == (
        *("timer_update", 4, 4),
        "phase",
    )
    assert update["current_turn"]["phase"] == "shooting"
    assert (ack["type"], ack["ref"], ack["seq"], ack["version"]) == ("ack", "c1", 4, 4)
    duel.nils.post(f"/v1/battles/{battle['id']}/complete", {})
    last = frames[-1]
    assert (last["type"], last["seq"], last["status"]) == ("battle_complete", 5, "completed")
    assert (last["winner_id"], last["result_type"]) == (duel.mira_id, "score")
    assert last["final_scores"][duel.mira_id]["victory_points"] == 9
