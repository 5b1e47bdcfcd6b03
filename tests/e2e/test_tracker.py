"""Battles of the tracker over the deployed stack: two phones, a screen, and clocks."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from functions.shared import db
from tests.support.accounts import PASSWORD
from tests.support.armies import ARMY
from tests.support.live import wire
from tests.support.live.wire import Taps
from tests.support.online import Online
from tests.support.stack import Wire
from tests.support.tracker_battles import BATTLE


@pytest.fixture
def sockets(stack: Any) -> Iterator[Taps]:
    with wire.taps(stack.url) as opener:
        yield opener


def enter(http: Wire, name: str) -> tuple[Online, dict[str, Any]]:
    """A new user with an army; their id, token and army's id."""
    body = {"username": name, "email": f"{name}@example.net", "password": PASSWORD}
    session = http("POST", "/v1/auth/register", body).json
    player = Online(http, {"Authorization": f"Bearer {session['access_token']}"})
    army = player.post("/v1/armies", ARMY)
    assert army.status == 201, army.text
    known = {"user_id": session["user"]["id"], "army_id": army.json["army"]["id"]}
    return player, known | {"token": session["access_token"]}


def sweep(stack: Any) -> None:
    """Has the schedule's function run now."""
    functions = boto3.client("lambda", **stack.cloud.access)
    [name] = [
        one["FunctionName"]
        for one in functions.list_functions()["Functions"]
        if "LiveSweepFunction" in one["FunctionName"]
    ]
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_a_battle_from_two_phones_and_a_screen(
    stack: Any, http: Wire, sockets: Taps, new_player: Any
) -> None:
    suffix = secrets.token_hex(4)
    mira, m = enter(http, f"mira{suffix}")
    nils, n = enter(http, f"nils{suffix}")
    players = [{key: one[key] for key in ("user_id", "army_id")} for one in (m, n)]
    made = mira.post("/v1/battles", {**BATTLE, "players": players, "turn_timeout": "pass"})
    assert made.status == 201, made.text
    battle = made.json["battle"]["id"]
    url = f"/v1/battles/{battle}"
    phone = sockets.open(f"/v1/ws/battles/{battle}", f"bearer.{m['token']}")
    ticket = nils.post(f"{url}/ws-ticket").json["ticket"]
    screen = sockets.open(f"/ws/battles/{battle}?ticket={ticket}")
    for tap in (phone, screen):
        connected = tap.wait_for("connected")
        assert (connected["seq"], connected["role"]) == (1, "player")
    scored = nils.call(
        *("PATCH", url),
        {"action": "update_scores", "player_id": n["user_id"], "scores": {"primary": 5}},
    )
    assert (scored.status, scored.headers["etag"]) == (200, '"3"'), scored.text
    for tap in (phone, screen):
        assert tap.wait_for("timer_update")["seq"] == 2
        assert tap.wait_for("score_update")["scores"]["victory_points"] == 5
    body = {"action": "advance_phase", "player_id": m["user_id"]}
    phone.say({"type": "command", "ref": "c1", "body": body})
    assert phone.wait_for("ack")["version"] == 4
    assert screen.wait_for("timer_update", cause="phase")["seq"] == 4
    # Time passes: nobody looks, and the sweep ends the turn.
    db.query(
        """
        update tracker.battles
        set state = jsonb_set(
            state, '{turn,running_since}', to_jsonb(shared.iso_time(now() - interval '2000 s'))
          ),
          due_at = now() - interval '800 s'
        where id = %s
        """,
        (battle,),
    )
    sweep(stack)
    assert screen.wait_for("timer_update", cause="timeout")["seq"] == 5
    done = mira.post(f"{url}/complete")
    assert (done.status, done.json["battle"]["winner_id"]) == (200, n["user_id"])
    for tap in (phone, screen):
        assert tap.wait_for("battle_complete")["winner_id"] == n["user_id"]
    events = nils.get(f"{url}/events").json["data"]
    assert [one["source"] for one in events] == ["rest", "rest", "rest", "ws", "system", "rest"]
    assert http("GET", "/v1/health").json == {"status": "healthy"}
    unknown = http("GET", "/v1/battles/btl_00000000/nothing")
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "NOT_FOUND")
