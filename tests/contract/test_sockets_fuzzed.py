"""Socket events that are made up: any query and header at the opening, any message, in any order.

No event is a fault of ours, each message is answered by messages that clients can read, and what
was closed stays closed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.live import handlers, management
from functions.shared import db
from tests.support import odd, tracker_battles
from tests.support.battles import fighters, make_battle
from tests.support.client import Client
from tests.support.fuzzing import made_up
from tests.support.game import make_player
from tests.support.live import door
from tests.support.live.cloud import cloud, left
from tests.support.live.gateway import Gateway

__all__ = ["cloud", "left"]
Left = list[dict[str, Any]]
Rooms = dict[str, dict[str, str]]  # the query that opens a socket, by kind of room
_REFUSALS = {401, 403, 404, 429}


@pytest.fixture
def way() -> str:
    """Not behind a pooler too: what is made up here is about forms."""
    return "direct"


def token(client: Client) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def rooms(tracker_keys: None, monkeypatch: pytest.MonkeyPatch) -> Rooms:
    """A room of each kind, and whose token opens it."""
    monkeypatch.setattr(management, "_OPENING", 0.06)  # of sockets that are never there
    otto, battle_id = make_player("Otto"), make_battle()
    fighters(otto, battle_id)
    duel = tracker_battles.make_duel()
    return {
        "battle": {"battle": str(battle_id), "token": token(otto)},
        "tavern": {"tavern": "chat", "token": token(otto)},
        "tracker": {"tracker": duel.make()["id"], "token": token(duel.mira)},
    }


def forget_sockets() -> None:
    """So that the next example has ten again."""
    db.query("delete from live.connections")


def ids_near(known: str) -> st.SearchStrategy[str]:
    """What is right, more often than not, and what only looks like it to one who reads it."""
    near = [known, f"{known}\0", f" {known}", f"{known} ", f"{known}/", f"0{known}", known.lower()]
    wrong = st.sampled_from([*near, f"{known}\ud800", known * 9]) | odd.texts
    return st.just(known) | st.just(known) | wrong


@pytest.mark.parametrize("kind", ["battle", "tavern", "tracker"])
def test_whatever_opens_a_socket_opens_it_or_is_refused(
    rooms: Rooms, cloud: Gateway, left: Left, kind: str
) -> None:
    """Regression: a battle's id with a NUL behind it was let in, and could not be stored.

    Half a surrogate in it was no id that the store could be asked for.
    """
    known = rooms[kind]
    odd_id = {**known, kind: known[kind] + "\0"}
    assert door.connect("s", odd_id)["statusCode"] in {200, *_REFUSALS}
    forget_sockets()
    query = st.fixed_dictionaries(
        {kind: ids_near(known[kind]), "token": ids_near(known["token"])},
        optional={
            "ticket": odd.texts,
            "last_seq": odd.texts,
            "epoch": odd.texts,
            "batch": odd.texts,
            "__proto__": odd.texts,
        },
    )
    headers = st.dictionaries(
        st.sampled_from(["Authorization", "authorization", "Sec-WebSocket-Protocol", "Origin"]),
        st.sampled_from([f"Bearer {known['token']}", f"bearer.{known['token']}, tracker.v1", ""])
        | odd.texts,
        max_size=3,
    )

    @made_up(60)
    @given(query, headers)
    def check(sent: dict[str, str], with_headers: dict[str, str]) -> None:
        status = door.connect("s", sent, with_headers)["statusCode"]
        assert status in {200, *_REFUSALS}
        stored = db.query("select room from live.connections")
        assert len(stored) == (status == 200)
        forget_sockets()

    check()


def messages(rooms: Rooms) -> st.SearchStrategy[str]:
    """Messages of the contracts with odd values in them, and anything else."""
    types = ["ping", "resume", "hello", "attack", "chat", "command", "get_state", "enemy_defeated"]
    actions = ["update_scores", "start", "end_turn", "use_stratagem", "adjust_clock", "complete"]
    body = st.fixed_dictionaries(
        {"action": st.sampled_from(actions) | odd.values},
        optional={
            **dict.fromkeys(("player_id", "first_player_id", "phase", "stratagem"), odd.values),
            **dict.fromkeys(("scores", "final_scores", "seconds", "reason", "seq"), odd.values),
        },
    )
    contract = st.fixed_dictionaries(
        {"type": st.sampled_from(types) | odd.values},
        optional={
            **dict.fromkeys(("last_seq", "epoch", "batch", "enemy_id", "attack_type"), odd.values),
            **dict.fromkeys(("message", "text", "ref", "if_version"), odd.values),
            "body": body | odd.values,
        },
    )
    return (
        contract.map(json.dumps)
        | odd.spelled
        | odd.spelled.map('{{"type":"command","body":{}}}'.format)
    )


@pytest.mark.parametrize("kind", ["battle", "tavern", "tracker"])
def test_whatever_a_message_says_is_answered_so_that_clients_can_read_it(
    rooms: Rooms, cloud: Gateway, left: Left, kind: str
) -> None:
    door.open_socket(cloud, left, "s", rooms[kind])

    @made_up(120)
    @given(messages(rooms))
    def check(text: str) -> None:
        # Of the limits of a minute other tests are.
        db.query("update live.connections set messages = 0, bad_messages = 0")
        cloud.frames["s"].clear()
        assert door.send("s", text) == {"statusCode": 200}
        for frame in cloud.frames["s"]:
            assert isinstance(frame["type"], str)
            assert "s" in cloud.open

    check()


def test_events_in_any_order_and_twice_are_no_fault(
    rooms: Rooms, cloud: Gateway, left: Left
) -> None:
    """What the gateway says of one socket may come before its opening, after its end, or again."""
    names = st.sampled_from(["s", "t"])
    text = st.sampled_from(['{"type": "ping"}', '{"type": "resume", "last_seq": 0}', "{}"])
    work = st.sampled_from(["welcome", "catch_up"])
    steps = st.one_of(
        st.tuples(st.just("connect"), names, st.sampled_from(sorted(rooms))),
        st.tuples(st.just("message"), names, text),
        st.tuples(st.just("disconnect"), names, st.just("")),
        st.tuples(st.just("work"), names, work),
    )

    @made_up(25)
    @given(st.lists(steps, min_size=2, max_size=9))
    def check(happens: list[tuple[str, str, str]]) -> None:
        cloud.open = {"s", "t"}
        for step, name, detail in happens:
            if step == "connect":
                assert door.connect(name, rooms[detail])["statusCode"] in {200, *_REFUSALS}
            elif step == "message":
                assert door.send(name, detail)["statusCode"] in (200, 410)
            elif step == "disconnect":
                assert door.disconnect(name) == {"statusCode": 200}
                assert door.send(name, '{"type": "ping"}')["statusCode"] == 410
            else:
                handlers.sockets({"work": detail, "connection_id": name}, None)
        forget_sockets()

    check()
