"""Sockets to battles of the tracker: tracker.md section 5."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.live import aging, handlers
from functions.live.kinds import Watcher
from functions.shared import db
from functions.tracker.battles import room
from tests.support.accounts import PASSWORD
from tests.support.live import door
from tests.support.live.cloud import cloud, left
from tests.support.live.gateway import Gateway
from tests.support.tracker import make_user
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


# --- opening ---


def test_who_may_not_come_in_is_refused(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle, secret = duel.make(), duel.make(visibility="private")
    pia, ada = make_user("pia"), make_user("ada", "admin")
    good = {"tracker": battle["id"], "token": token(pia)}
    for query, status in (
        ({"tracker": battle["id"]}, 401),
        (good | {"token": "x.y.z"}, 401),
        (good | {"tracker": "btl_00000000"}, 404),
        (good | {"tracker": "a\0b"}, 404),
        (good | {"tracker": "x" * 500}, 404),
        (good | {"tracker": secret["id"]}, 403),
        (good | {"ticket": "none of ours"}, 401),
    ):
        assert door.connect("s", query)["statusCode"] == status, query
    assert db.query("select connection_id from live.connections") == []
    for client, role in ((duel.nils, "player"), (ada, "admin")):
        frames = watch(cloud, left, role, client, secret)
        assert (frames[0]["type"], frames[0]["role"]) == ("connected", role)
    assert watch(cloud, left, "p", pia, battle)[0]["role"] == "spectator"
    db.query("update accounts.sessions set revoked_at = now()")
    assert door.connect("late", good)["statusCode"] == 401


def test_a_ticket_opens_one_socket(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle, other = duel.make(), duel.make()
    made = duel.nils.post(f"/v1/battles/{battle['id']}/ws-ticket")
    assert (made.status, made.json["expires_in"]) == (201, 30)
    ticket = made.json["ticket"]
    assert made.json["url"].endswith(f"?tracker={battle['id']}&ticket={ticket}")
    assert made.json["url"].startswith("ws://")
    query = {"tracker": battle["id"], "ticket": ticket}
    door.open_socket(cloud, left, "n", query)
    assert cloud.frames["n"][0]["role"] == "player"
    assert door.connect("again", query)["statusCode"] == 401
    # Regression: an Idempotency-Key was checked, though each ticket is another one.
    odd = duel.nils.headers | {"Idempotency-Key": "x" * 129}
    another = duel.nils.post(f"/v1/battles/{battle['id']}/ws-ticket", headers=odd)
    wrong = another.json["ticket"]
    answered = door.connect("o", {"tracker": other["id"], "ticket": wrong})
    assert answered["statusCode"] == 401


SECRET = "s" * 32
_OURS = {"X-Origin-Secret": SECRET}
_HTTP = {"X-Forwarded-Proto": "http"}


@pytest.mark.parametrize(
    ("secret", "host", "address"),
    [
        (SECRET, {"X-Forwarded-Host": "127.0.0.1:8000", **_HTTP, **_OURS}, "ws://127.0.0.1:8000"),
        (SECRET, {"X-Forwarded-Host": "[::1]:8000", **_OURS}, "wss://[::1]:8000"),
        (SECRET, {"X-Forwarded-Host": "d1.example.net", **_OURS}, "wss://d1.example.net"),
        (SECRET, {"X-Forwarded-Host": "d1.example.net/x?", **_OURS}, None),
        (SECRET, {"X-Forwarded-Host": "d1.example.net\n", **_OURS}, None),
        (SECRET, {"X-Forwarded-Host": "d1.example.net"}, None),
        (SECRET, {"X-Forwarded-Host": "d1.example.net", "X-Origin-Secret": "x"}, None),
        # Regression: where no distribution has a secret, whoever called was believed.
        ("", {"X-Forwarded-Host": "d1.example.net"}, None),
        ("", {"X-Forwarded-Host": "d1.example.net", "X-Origin-Secret": ""}, None),
    ],
)
def test_a_ticket_is_for_the_address_that_the_edge_says_was_asked(
    duel: Duel,
    cloud: Gateway,
    setting: Callable[..., None],
    secret: str,
    host: dict[str, str],
    address: str | None,
) -> None:
    setting(ORIGIN_SECRET=secret)
    battle = duel.make()["id"]
    headers = duel.mira.headers | host
    made = duel.mira.post(f"/v1/battles/{battle}/ws-ticket", headers=headers).json
    if address:
        assert made["url"] == f"{address}/v1/ws/battles/{battle}?ticket={made['ticket']}"
    else:
        assert made["url"].endswith(f"?tracker={battle}&ticket={made['ticket']}")


def test_the_subprotocol_is_echoed(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make()
    bearer = f"bearer.{token(duel.mira)}"
    for offered, echoed in ((bearer, bearer), (f"{bearer}, tracker.v1", "tracker.v1")):
        answered = door.connect(
            *("s", {"tracker": battle["id"]}), {"Sec-WebSocket-Protocol": offered}
        )
        assert answered["statusCode"] == 200
        assert answered["headers"]["Sec-WebSocket-Protocol"] == echoed
        db.query("delete from live.connections")


# --- commands ---


def last_of(frames: Frames, type_: str) -> dict[str, Any]:
    return [one for one in frames if one["type"] == type_][-1]


def test_requests_and_sockets_make_the_same_events(duel: Duel, cloud: Gateway, left: Left) -> None:
    by_request, by_socket = duel.make(), duel.make()
    watch(cloud, left, "r", duel.mira, by_request)
    watch(cloud, left, "s", duel.mira, by_socket)
    mira = duel.mira_id
    steps: list[dict[str, Any]] = [
        {"action": "start"},
        {"action": "update_scores", "player_id": mira, "scores": {"primary": 3}},
        {"action": "set_command_points", "player_id": mira, "command_points": 2},
        {"action": "use_stratagem", "player_id": mira, "stratagem": "x", "cp_cost": 1},
        {"action": "advance_phase", "phase": "fight"},
        {"action": "end_turn"},
        {"action": "advance_round", "from_round": 1},
        {"action": "complete", "final_scores": {mira: {"secondary": 4}}},
    ]
    paths = {"advance_round": "/advance-round", "complete": "/complete"}
    for number, step in enumerate(steps):
        path = paths.get(step["action"])
        url = f"/v1/battles/{by_request['id']}"
        answered = duel.mira.post(url + path, step) if path else duel.mira.patch(url, step)
        done(answered)
        say("s", "command", ref=f"c{number}", body=step)
        assert last_of(cloud.frames["s"], "ack")["ref"] == f"c{number}"

    def shape(name: str) -> list[Any]:
        """Messages without what differs between two battles."""
        return [
            {key: one[key] for key in one if key not in ("battle_id", "timestamp", "current_turn")}
            for one in cloud.frames[name]
            if "version" in one and one["type"] != "ack"
        ]

    assert shape("r") == shape("s")
    assert len(shape("r")) == 8
    found = [
        duel.mira.get(f"/v1/battles/{one['id']}/events").json["data"]
        for one in (by_request, by_socket)
    ]
    for one, other in zip(*found, strict=True):
        assert (one["type"], one["data"]) == (other["type"], other["data"])
        assert other["source"] == ("rest" if other["seq"] == 1 else "ws")


def test_a_command_with_a_name_is_done_once(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make()
    frames = watch(cloud, left, "m", duel.mira, battle)
    for _ in range(3):
        say("m", "command", ref="tap", body={"action": "advance_phase"})
    acks = [one for one in frames if one["type"] == "ack"]
    assert [(one["ref"], one["seq"], one["version"]) for one in acks] == [("tap", 3, 3)] * 3
    assert duel.mira.get(f"/v1/battles/{battle['id']}").json["battle"]["version"] == 3
    watch(cloud, left, "n", duel.nils, battle)
    say("n", "command", ref="tap", body={"action": "advance_phase"})
    assert last_of(cloud.frames["n"], "ack")["version"] == 4, "another user's name is another"


def test_what_is_refused_is_said_to_the_sender_alone(
    duel: Duel, cloud: Gateway, left: Left, setting: Any
) -> None:
    battle = duel.make()
    pia = make_user("pia")
    frames = watch(cloud, left, "m", duel.mira, battle)
    theirs = watch(cloud, left, "p", pia, battle)
    for body, code in (
        ({"action": "win"}, "VALIDATION_ERROR"),
        ({}, "VALIDATION_ERROR"),
        ({"action": "start", "first_player_id": "\0"}, "VALIDATION_ERROR"),
        ({"action": "pause_clock"}, "INVALID_BATTLE_STATE"),
    ):
        say("m", "command", ref="c", body=body)
        error = frames[-1]
        assert (error["type"], error["code"], error["ref"]) == ("error", code, "c")
        assert (error["battle_id"], error["closing"]) == (battle["id"], False)
    say("m", "command", ref="v", body={"action": "start"}, if_version=7)
    assert (frames[-1]["code"], frames[-1]["ref"]) == ("VERSION_CONFLICT", "v")
    assert frames[-1]["details"]["current_version"] == 1
    say("m", "command", body={"action": "start"}, if_version=1)
    assert (frames[-1]["type"], frames[-1]["ref"]) == ("ack", None)
    say("p", "command", ref="c", body={"action": "end_turn"})
    assert (theirs[-1]["type"], theirs[-1]["code"]) == ("error", "FORBIDDEN")
    setting(BATTLE_UPDATES="1")
    say("m", "command", ref="z", body={"action": "end_turn"})
    assert (frames[-1]["code"], frames[-1]["details"]["scope"]) == (
        *("RATE_LIMITED", "battle_update"),
    )
    for text in ("nonsense", "[]", '{"type":"win"}', '{"type":"command"}', "x" * 5000):
        assert door.send("m", text)["statusCode"] == 200
        assert (frames[-1]["type"], frames[-1]["code"]) == ("error", "VALIDATION_ERROR")
        assert frames[-1]["battle_id"] == battle["id"]
    assert [one["type"] for one in theirs if one["type"] == "error"] == ["error"]


def test_asking_how_it_stands(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make()
    done(act(duel.mira, battle, "start"))
    frames = watch(cloud, left, "m", duel.mira, battle)
    say("m", "ping")
    pong = frames[-1]
    assert (pong["type"], pong["seq"], pong["battle_id"]) == ("pong", 2, battle["id"])
    assert pong["current_turn"]["running"] is True
    assert pong["server_time"] == pong["timestamp"]
    say("m", "get_state")
    whole = frames[-1]
    assert (whole["type"], whole["reason"], whole["seq"]) == ("snapshot", "requested", 2)
    assert whole["battle"]["status"] == "in_progress"
    assert whole["epoch"] == frames[0]["epoch"]


def test_resuming(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make()
    done(act(duel.mira, battle, "start"))
    done(act(duel.mira, battle, "end_turn"))
    frames = watch(cloud, left, "m", duel.mira, battle)
    epoch, count = frames[0]["epoch"], len(frames)
    say("m", "hello", last_seq=1, epoch=epoch)
    assert [(one["type"], one.get("seq")) for one in frames[count:]] == [
        *(("timer_update", 2), ("timer_update", 3)),
        ("resumed", None),
    ]
    assert (frames[-1]["from_seq"], frames[-1]["to_seq"]) == (2, 3)
    assert frames[-1]["battle_id"] == battle["id"]
    say("m", "resume", last_seq=2, epoch="another")
    assert (frames[-1]["type"], frames[-1]["reason"]) == ("snapshot", "epoch")


def test_players_come_and_go(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make()
    theirs = watch(cloud, left, "p", make_user("pia"), battle)
    watch(cloud, left, "m", duel.mira, battle)
    came = theirs[-1]
    assert (came["type"], came["player_id"]) == ("player_connected", duel.mira_id)
    read = duel.nils.get(f"/v1/battles/{battle['id']}").json["battle"]
    assert [one["connected"] for one in read["players"]] == [True, False]
    assert read["version"] == 1, "who is here changes no version"
    door.disconnect("m")
    db.query("update live.members set gone_at = gone_at - interval '6 seconds'")
    handlers.sockets({"work": "leave", "room": f"tracker:{battle['id']}"}, None)
    assert (theirs[-1]["type"], theirs[-1]["player_id"]) == (
        *("player_disconnected", duel.mira_id),
    )
    assert [one["type"] for one in theirs].count("player_connected") == 1
    read = duel.nils.get(f"/v1/battles/{battle['id']}").json["battle"]
    assert [one["connected"] for one in read["players"]] == [False, False]


def test_silent_sockets_are_kept_open(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make()
    done(act(duel.mira, battle, "start"))
    frames = watch(cloud, left, "m", duel.mira, battle)
    past = "interval '500 seconds'"
    db.query(f"update live.connections set seen_at = seen_at - {past}")  # type: ignore[arg-type]
    db.query(f"update live.rooms set last_event_at = last_event_at - {past}")  # type: ignore[arg-type]
    assert aging.keep_silent() == 1
    tick = frames[-1]
    assert (tick["type"], tick["cause"]) == ("timer_update", "tick")
    assert "seq" not in tick
    assert tick["current_turn"]["running"] is True


def test_who_may_not_watch_any_more_is_found(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make(visibility="private")
    ada = make_user("ada", "admin")
    watch(cloud, left, "a", ada, battle)
    watch(cloud, left, "m", duel.mira, battle)
    rows = db.query("select room, user_id from live.connections")
    watchers = [Watcher(row["room"], row["user_id"]) for row in rows]
    assert room.find_refused(watchers) == []
    db.query("update accounts.users set role = 'player' where username = 'ada'")
    [refused] = room.find_refused(watchers)
    admin = db.fetch_value("select id from accounts.users where username = 'ada'")
    assert refused == Watcher(f"tracker:{battle['id']}", admin)


def test_an_erased_player_is_named_nowhere(duel: Duel, cloud: Gateway, left: Left) -> None:
    battle = duel.make()
    done(act(duel.mira, battle, "cancel"))
    assert duel.mira.delete("/v1/auth/profile", body={"password": PASSWORD}).status == 204
    read = duel.nils.get(f"/v1/battles/{battle['id']}").json["battle"]
    assert [one["display_name"] for one in read["players"]] == ["Deleted player", "nils"]
    frames = watch(cloud, left, "n", duel.nils, battle)
    say("n", "resume", last_seq=1)
    cancelled = last_of(frames, "battle_status")
    assert [one["display_name"] for one in cancelled["battle"]["players"]] == [
        *("Deleted player", "nils")
    ]
    assert duel.nils.get(f"/v1/armies?owner_id={duel.mira_id}").json["data"] == []
