"""Sockets of the game: its contract's tables, and its order of messages."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from functions.live import handlers, presence
from functions.shared import db
from tests.support.accounts import PASSWORD, bearer, make_user
from tests.support.battles import (
    claim,
    enemies,
    events,
    fighters,
    join,
    make_battle,
    make_raid,
    strike,
    win,
)
from tests.support.client import Client
from tests.support.game import make_operator, make_player, player_id
from tests.support.live.cloud import cloud, left
from tests.support.live.door import connect, disconnect, open_socket, send
from tests.support.live.gateway import Gateway

__all__ = ["cloud", "left"]
Work = list[dict[str, Any]]


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


def token(client: Client) -> str:
    return str(client.headers["Authorization"]).removeprefix("Bearer ")


def watch(cloud: Gateway, left: Work, client: Client, battle_id: int, name: str) -> None:
    open_socket(cloud, left, name, {"battle": str(battle_id), "token": token(client)})


def enter(cloud: Gateway, left: Work, client: Client, name: str) -> None:
    open_socket(cloud, left, name, {"tavern": "chat", "token": token(client)})


def kinds(cloud: Gateway, name: str) -> list[str]:
    return [frame["type"] for frame in cloud.frames[name]]


# --- opening ---


def test_who_may_not_come_in_is_refused(mira: Client, cloud: Gateway, left: Work) -> None:
    battle_id = make_battle()
    good = {"battle": str(battle_id), "token": token(mira)}
    for query, status in (
        ({"battle": str(battle_id)}, 401),
        (good | {"token": "x.y.z"}, 401),
        (good | {"battle": "99999999"}, 404),
        (good | {"battle": "1e3"}, 404),
        (good | {"battle": "9" * 40}, 404),
        (good | {"ticket": "none of ours"}, 401),
        ({"token": token(mira)}, 404),
    ):
        assert connect("s", query)["statusCode"] == status, query
    assert db.query("select 1 from live.connections") == []
    operator = make_operator()
    banned = operator.patch(
        f"/api/admin/users/{player_id(mira)}", {"is_active": False, "reason": "cheats"}
    )
    assert banned.status == 200
    assert connect("s", good)["statusCode"] in (401, 403)


def test_the_subprotocol_is_echoed(mira: Client, cloud: Gateway, left: Work) -> None:
    bearer = f"bearer.{token(mira)}"
    query = {"battle": str(make_battle())}
    for offered, chosen in ((bearer, bearer), (f"tracker.v1, {bearer}", "tracker.v1")):
        answer = connect(offered, query, {"Sec-WebSocket-Protocol": offered})
        assert answer == {
            "statusCode": 200,
            "headers": {"Sec-WebSocket-Protocol": chosen},
        }
    assert connect("none", query | {"token": token(mira)}) == {"statusCode": 200}


def test_the_eleventh_socket_of_a_user_is_refused(mira: Client, cloud: Gateway, left: Work) -> None:
    query = {"battle": str(make_battle()), "token": token(mira)}
    assert [connect(f"s{n}", query)["statusCode"] for n in range(11)] == [200] * 10 + [429]
    disconnect("s3")
    assert connect("s11", query)["statusCode"] == 200


# --- the battle ---


def test_a_newcomer_gets_the_log_then_connected_then_all_hear_of_him(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    battle_id = make_battle()
    join(mira, battle_id)
    strike(mira, battle_id, enemies(mira, battle_id)[0])
    watch(cloud, left, mira, battle_id, "s")
    log, connected, joined = cloud.frames["s"]
    assert log["type"] == "attack"
    assert log["message"]
    assert connected["type"] == "connected"
    assert connected["message"]
    assert connected["battle"]["id"] == connected["battle_id"] == battle_id
    assert connected["seq"] == 2
    assert len(connected["epoch"]) == 32
    assert connected["player_count"] == 1
    assert joined == {
        "type": "player_joined",
        "username": "Mira_K",
        "player_name": "Mira_K",
        "player_count": 1,
        "players": [{"username": "Mira_K", "level": 1}],
    }


def test_the_log_is_the_last_100_blows_oldest_first_and_never_a_victory(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    """At `battle_completed` a client shows the victory and claims loot: it is never replayed."""
    battle_id = make_battle()
    win(mira, battle_id)
    room = f"battle:{battle_id}"
    watch(cloud, left, mira, battle_id, "few")
    assert kinds(cloud, "few")[-2:] == ["connected", "player_joined"]
    assert kinds(cloud, "few")[:-2] == ["attack", "enemy_defeated"] * 3
    db.query(
        """
        select live.append(%(room)s, 'attack', e.payload || jsonb_build_object('damage', n))
        from live.events as e
        cross join generate_series(1, 120) as n
        where e.room = %(room)s
          and e.seq = 2
        order by n
        """,
        {"room": room},
    )
    watch(cloud, left, mira, battle_id, "many")
    *log, connected = cloud.frames["many"]
    assert connected["type"] == "connected"
    assert [frame["damage"] for frame in log] == list(range(21, 121))
    assert len({frame["id"] for frame in log}) == 100
    told = {"id", "battle_id", "message", "timestamp", "userId", "username", "player_name"}
    assert told | {"enemy_id", "enemy_name", "enemy_hp_remaining", "is_critical"} <= log[0].keys()


def test_a_boss_falls_phase_by_phase_before_all(mira: Client, cloud: Gateway, left: Work) -> None:
    raid = make_raid()
    [boss] = fighters(mira, raid, level=10, stamina=1000, stamina_max=1000)
    watch(cloud, left, make_player("Bob"), raid, "o")
    watch(cloud, left, mira, raid, "s")
    cloud.frames["o"].clear()
    for hp in (1_125_001, 1):
        db.query("update game.battle_enemies set hp_current = %s where id = %s", (hp, boss))
        send("s", json.dumps({"type": "attack", "enemy_id": boss}))
    assert kinds(cloud, "o") == [
        *("attack", "boss_phase_change", "attack", "enemy_defeated", "battle_completed"),
    ]
    phase = cloud.frames["o"][1]
    assert phase["description"]
    assert (phase["previous_phase"], phase["new_phase"]) == (1, 2)
    assert phase["hp_percent"] <= 75


def test_1000_messages_of_garbage_do_nothing_but_answer(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    """Messages of the contract, damaged anywhere, and anything else."""
    battle_id = make_battle()
    [enemy, *_] = fighters(mira, battle_id)
    watch(cloud, left, mira, battle_id, "s")
    cloud.frames["s"].clear()
    before = events(battle_id)
    chosen = random.Random(12)
    whole = [
        json.dumps({"type": "attack", "enemy_id": enemy, "attack_type": "quick"}),
        json.dumps({"type": "resume", "last_seq": 1, "epoch": "e"}),
        json.dumps({"type": "chat", "message": "hello"}),
    ]
    for number in range(1000):
        text = list(chosen.choice(whole))
        at = chosen.randrange(len(text))
        # What is no JSON any more, whichever character is damaged.
        text[at:] = chosen.choice(["", "\x00", '"', "\ud83d", "\N{GRINNING FACE}" * 99, "[" * 9999])
        assert send("s", "".join(text))["statusCode"] == 200
        assert len(cloud.frames["s"]) == number + 1
    assert {frame["type"] for frame in cloud.frames["s"]} == {"error"}
    assert events(battle_id) == before
    send("s", whole[0])
    assert kinds(cloud, "s")[-1] == "attack"


def test_http_and_socket_give_the_same_events_in_order(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    battle_id = make_battle()
    watch(cloud, left, mira, battle_id, "s")
    cloud.frames["s"].clear()
    join(mira, battle_id)
    first, second, third = enemies(mira, battle_id)
    db.query("update game.battle_enemies set hp_current = 1 where battle_id = %s", (battle_id,))
    strike(mira, battle_id, first)
    send("s", json.dumps({"type": "attack", "enemy_id": second, "damage": 1_000_000}))
    send("s", json.dumps({"type": "attack", "enemy_id": third, "attack_type": "power"}))
    claim(mira, battle_id)
    assert kinds(cloud, "s") == [
        *("player_joined_battle", "attack", "enemy_defeated", "attack", "enemy_defeated"),
        *("attack", "enemy_defeated", "battle_completed", "loot_claimed"),
    ]
    assert [frame["seq"] for frame in cloud.frames["s"]] == list(range(1, 10))
    by_http, by_socket = cloud.frames["s"][1], cloud.frames["s"][3]
    assert by_http.keys() == by_socket.keys()
    assert by_socket["enemy_hp_remaining"] == 0
    assert by_socket["damage"] < 1_000_000


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ({"type": "attack", "enemy_id": (1 << 53) - 1}, "Enemy not found"),
        ({"type": "chat", "message": "  "}, "A message has 1 to 500 characters"),
        ({"type": "chat", "message": "x" * 501}, "A message has 1 to 500 characters"),
        ({"type": "dance"}, "The type of this message is not known."),
    ],
)
def test_a_refusal_goes_to_the_sender_alone(
    mira: Client, cloud: Gateway, left: Work, message: dict[str, Any], detail: str
) -> None:
    battle_id = make_battle()
    other = make_player("Bob")
    join(mira, battle_id)
    for client, name in ((mira, "s"), (other, "o")):
        watch(cloud, left, client, battle_id, name)
    for name in ("s", "o"):
        cloud.frames[name].clear()
    send("s", json.dumps(message))
    assert cloud.frames["s"] == [{"type": "error", "detail": detail}]
    assert cloud.frames["o"] == []


def test_strangers_watch_but_neither_strike_nor_chat(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    battle_id = make_battle()
    join(make_player("Bob"), battle_id)
    watch(cloud, left, mira, battle_id, "s")
    cloud.frames["s"].clear()
    [enemy, *_] = enemies(mira, battle_id)
    send("s", json.dumps({"type": "attack", "enemy_id": enemy}))
    send("s", '{"type": "chat", "message": "hello"}')
    send("s", '{"type": "enemy_defeated", "enemy_id": 1}')
    assert cloud.frames["s"] == [{"type": "error", "detail": "Not in this battle"}] * 2


def test_chat_of_a_battle_is_escaped(mira: Client, cloud: Gateway, left: Work) -> None:
    battle_id = make_battle()
    join(mira, battle_id)
    watch(cloud, left, mira, battle_id, "s")
    send("s", json.dumps({"type": "chat", "message": "<img src=x onerror='alert(1)'>"}))
    frame = cloud.frames["s"][-1]
    assert (frame["type"], frame["username"], frame["player_name"]) == ("chat", "Mira_K", "Mira_K")
    assert not set("<>'\"") & set(frame["message"])


def test_the_sixth_message_in_five_seconds_is_refused(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    enter(cloud, left, mira, "s")
    for _ in range(6):
        send("s", '{"text": "hello"}')
        db.query("update game.chat_messages set sent_at = clock_timestamp()")
    assert kinds(cloud, "s")[-1] == "error"
    assert kinds(cloud, "s").count("message") == 5


def test_a_user_leaves_with_the_last_socket_after_some_seconds(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    battle_id = make_battle()
    other = make_player("Bob")
    for client, name in ((other, "o"), (mira, "s1"), (mira, "s2")):
        watch(cloud, left, client, battle_id, name)
    assert kinds(cloud, "o").count("player_joined") == 2
    room = f"battle:{battle_id}"
    disconnect("s1")
    assert left == []
    disconnect("s2")
    assert left.pop() == {"work": "leave", "in": 5, "room": room}
    presence.leave(room)
    assert "player_left" not in kinds(cloud, "o"), "too early: the page may be loaded again"
    db.query("update live.members set gone_at = gone_at - interval '5 seconds'")
    handlers.sockets({"work": "leave", "room": room}, None)
    last = cloud.frames["o"][-1]
    assert last == {
        "type": "player_left",
        "username": "Mira_K",
        "player_name": "Mira_K",
        "player_count": 1,
        "players": [{"username": "Bob", "level": 1}],
    }


def test_who_comes_back_in_time_never_left(mira: Client, cloud: Gateway, left: Work) -> None:
    battle_id = make_battle()
    watch(cloud, left, mira, battle_id, "s1")
    disconnect("s1")
    left.clear()
    watch(cloud, left, mira, battle_id, "s2")
    db.query("update live.members set gone_at = gone_at - interval '5 seconds'")
    presence.leave(None)
    assert "player_left" not in kinds(cloud, "s2")
    assert "player_joined" not in kinds(cloud, "s2")


# --- the tavern ---


def test_the_tavern_greets_with_its_messages_and_tells_who_came(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    enter(cloud, left, mira, "s")
    send("s", json.dumps({"text": "<b>Hail</b>", "username": "Somebody else"}))
    send("s", '{"text": "  "}')
    bo = make_player("Bob")
    enter(cloud, left, bo, "o")
    assert kinds(cloud, "s") == ["online_count", "system", "message", "online_count", "system"]
    assert kinds(cloud, "o") == ["system", "message", "online_count", "system"]
    message = cloud.frames["o"][1]
    assert message["text"] == "<b>Hail</b>"
    assert message["username"] == "Mira_K"
    assert message["userId"] == str(player_id(mira))
    system = cloud.frames["s"][-1]
    assert system["text"] == system["message"] == "Bob has entered the tavern"
    assert isinstance(system["id"], int)
    assert cloud.frames["s"][-2]["count"] == 2
    history = mira.get("/api/chat/history").json
    assert [one["type"] for one in history] == ["system", "message", "system"]


def test_a_deleted_message_is_gone_and_all_are_told(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    enter(cloud, left, mira, "s")
    send("s", '{"text": "something rude"}')
    message_id = cloud.frames["s"][-1]["id"]
    assert make_operator().delete(f"/api/chat/messages/{message_id}").status == 200
    assert cloud.frames["s"][-1] == {"type": "message_deleted", "id": message_id, "seq": 3}


def test_the_page_gets_no_message_that_it_does_not_know(
    mira: Client, cloud: Gateway, left: Work
) -> None:
    """Neither to keep a silent socket open nor before an old one is closed: it connects again."""
    battle_id = make_battle()
    watch(cloud, left, mira, battle_id, "s")
    enter(cloud, left, mira, "t")
    for name in ("s", "t"):
        cloud.frames[name].clear()
    db.query(
        """
        update live.connections
        set opened_at = opened_at - interval '119 minutes',
          seen_at = seen_at - interval '9 minutes'
        """
    )
    db.query("update live.rooms set last_event_at = last_event_at - interval '9 minutes'")
    handlers.sweep({}, None)
    assert (cloud.frames["s"], cloud.frames["t"]) == ([], [])


# --- who may not be there any more ---


def sign_out_by_operator(mira: Client) -> None:
    answer = make_operator().post(f"/api/admin/users/{player_id(mira)}/logout", {"reason": "lost"})
    assert answer.status == 200


def ban(mira: Client) -> None:
    change = {"is_active": False, "reason": "cheats"}
    assert make_operator().patch(f"/api/admin/users/{player_id(mira)}", change).status == 200


def delete_own_account(mira: Client) -> None:
    assert mira.call("DELETE", "/api/player/me", {"password": PASSWORD}).status == 200


def change_password_by_operator(mira: Client) -> None:
    operator = bearer(make_user("Ada", "admin"), "panel")
    answer = operator.patch(f"/api/users/{player_id(mira)}", {"password": "Another horse 2"})
    assert answer.status == 200


@pytest.mark.parametrize(
    "act", [sign_out_by_operator, ban, delete_own_account, change_password_by_operator]
)
def test_who_is_signed_out_loses_the_sockets_at_once(
    mira: Client, cloud: Gateway, left: Work, act: Callable[[Client], None]
) -> None:
    """Contract: within a minute. The sweep's own minute would be that already."""
    battle_id, user_id = make_battle(), player_id(mira)
    watch(cloud, left, mira, battle_id, "s")
    watch(cloud, left, make_player("Bob"), battle_id, "o")
    act(mira)
    assert left == [{"work": "close_user", "user_id": user_id}]
    handlers.sockets(left.pop(), None)
    assert cloud.open == {"o"}
    last = cloud.frames["s"][-1]
    assert (last["type"], last["detail"], last["closing"]) == ("error", "You are signed out.", True)


def test_who_is_muted_stays_and_may_not_chat(mira: Client, cloud: Gateway, left: Work) -> None:
    battle_id = make_battle()
    join(mira, battle_id)
    watch(cloud, left, mira, battle_id, "s")
    db.query("update accounts.users set muted_until = now() + interval '1 hour'")
    cloud.frames["s"].clear()
    send("s", '{"type": "chat", "message": "hello"}')
    assert kinds(cloud, "s") == ["error"]
    handlers.sweep({}, None)
    assert cloud.open == {"s"}
