"""Battles and the tavern by real sockets, over the deployed stack: opening, limits, messages."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from functions.accounts import panel as sessions
from functions.live import tickets
from functions.shared import db, tokens
from tests.support.battles import make_battle
from tests.support.game import player_id
from tests.support.live import wire
from tests.support.live.fighters import arm, find_in_logs, token, watch, watch_again
from tests.support.live.wire import Tap, Taps
from tests.support.online import Online
from tests.support.stack import Wire, until

NewPlayer = Callable[[str], Online]
FACE = "\N{GRINNING FACE}"  # four bytes
KB = 1024
AUDIENCES: list[tokens.Audience] = ["panel", "tracker"]


@pytest.fixture
def sockets(stack: Any) -> Iterator[Taps]:
    with wire.taps(stack.url) as opener:
        yield opener


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


def stored(battle: int) -> list[tuple[int, str]]:
    """Number and type of what happened in a battle."""
    rows = db.query(
        "select seq, type from live.events where room = %s order by seq", (f"battle:{battle}",)
    )
    return [(row["seq"], row["type"]) for row in rows]


def seen(tap: Tap) -> list[tuple[int, str]]:
    """Number and type of the events that a socket was sent, in the order in which it was."""
    own = ("connected", "pong", "snapshot", "resumed")
    return [(f["seq"], f["type"]) for f in tap.frames if "seq" in f and f["type"] not in own]


# --- opening ---


@pytest.mark.parametrize("form", ["battle?", "battles?", "v1?", "v1 bearer", "header", "ticket"])
def test_every_form_opens(new_player: NewPlayer, sockets: Taps, form: str) -> None:
    mira, battle = new_player("Mira"), make_battle()
    paths = {"battle": f"/ws/battle/{battle}", "battles": f"/ws/battles/{battle}"}
    path = paths.get(form.removesuffix("?"), f"/v1/ws/battles/{battle}")
    own, bearer = token(mira), f"bearer.{token(mira)}"
    if form.endswith("?"):
        tap = sockets.open(f"{path}?token={own}")
    elif form == "header":
        tap = sockets.open(path, Authorization=f"Bearer {own}")
    elif form == "ticket":
        ticket = tickets.issue(f"battle:{battle}", player_id(mira), 0)
        tap = sockets.open(f"{path}?ticket={ticket}")
        assert sockets.knock(f"{path}?ticket={ticket}") == 401
    else:
        tap = sockets.open(path, "other", bearer)
    assert tap.connection.subprotocol == (bearer if form == "v1 bearer" else None)
    connected = tap.wait_for("connected")
    assert connected["message"]
    assert (connected["battle_id"], connected["battle"]["id"]) == (battle, battle)
    assert (connected["player_count"], connected["seq"]) == (1, 0)
    assert len(connected["epoch"]) > 0
    joined = tap.wait_for("player_joined")
    assert joined["players"] == [{"username": joined["username"], "level": 1}]
    assert tap.ping()["epoch"] == connected["epoch"]


def test_the_gateways_own_address_opens_too(stack: Any, new_player: NewPlayer) -> None:
    """Where the room is named as the edge does; on AWS the distribution is before it as well."""
    mira, battle = new_player("Mira"), make_battle()
    shown = {"X-Amz-Security-Token": stack.cloud.token}
    with wire.taps(stack.deployed.sockets(stack.cloud)) as native:
        for query, protocols in (
            (f"?battle={battle}&token={token(mira)}", ()),
            (f"?battle={battle}", (f"bearer.{token(mira)}",)),
        ):
            tap = native.open(query, *protocols, **shown)
            assert tap.wait_for("connected")["battle_id"] == battle
            assert tap.connection.subprotocol == (protocols[0] if protocols else None)
            assert tap.ping()["seq"] == 0
        assert native.knock(f"?battle={battle}&token=x", **shown) == 401
        assert native.knock(f"?battle=x&token={token(mira)}", **shown) == 404
        assert native.knock(f"?token={token(mira)}", **shown) == 404


def test_who_may_not_open_is_refused(new_player: NewPlayer, sockets: Taps) -> None:
    mira, banned, left = new_player("Mira"), new_player("Banned"), new_player("Left")
    battle = make_battle()
    db.query("update accounts.users set is_active = false where id = %s", (player_id(banned),))
    db.query("update accounts.users set token_version = 7 where id = %s", (player_id(left),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "LIFETIME_SECONDS", -10)
        expired = tokens.issue("game", player_id(mira), "m@example.org", 0)
    others = [tokens.issue(name, player_id(mira), "m@example.org", 0) for name in AUDIENCES]
    path = f"/ws/battle/{battle}"
    wrong = ["", "x", token(mira)[:-4] + "AAAA", expired, *others, token(left)]
    for one in wrong:
        assert sockets.knock(f"{path}?token={one}") == 401, one
        if one:
            assert sockets.knock(f"/v1/ws/battles/{battle}", f"bearer.{one}") == 401, one
    assert sockets.knock(path) == 401
    assert sockets.knock(f"{path}?token={token(banned)}") == 403
    for unknown in ("999999999", "x", "0"):
        assert sockets.knock(f"/ws/battle/{unknown}?token={token(mira)}") == 404
    assert sockets.knock(f"/ws/nowhere?token={token(mira)}") == 404
    # The first credential counts, and no other makes up for it.
    assert sockets.knock(f"{path}?token=x", f"bearer.{token(mira)}") == 401
    assert sockets.knock(f"{path}?ticket=x&token={token(mira)}") == 401
    room = f"battle:{battle}"
    assert not db.query("select 1 from live.connections where room = %s", (room,))


def test_an_eleventh_socket_is_refused(new_player: NewPlayer, sockets: Taps) -> None:
    mira = new_player("Mira")
    path = f"/ws/battle/{make_battle()}?token={token(mira)}"
    opened = [sockets.open(path) for _ in range(10)]
    assert sockets.knock(path) == 429
    opened[4].close()
    until(20, lambda: sockets.knock(path) == 101)


# --- what clients send ---


def test_what_is_too_large_closes_and_what_is_not_does_not(
    new_player: NewPlayer, sockets: Taps
) -> None:
    mira, battle = new_player("Mira"), make_battle()
    tap = watch(sockets, mira, battle)
    tap.say(FACE * (8 * KB))  # one frame of 32 KB
    tap.wait_for("error")
    tap.connection.send([FACE * (8 * KB)] * 4)  # 128 KB in four frames
    tap.wait_for("error", 2)
    tap.connection.send([FACE * (8 * KB)] * 4 + ["x"])
    assert tap.wait_closed() == 1009
    for text in (FACE * (8 * KB) + "x", "x" * (128 * KB + 1)):
        tap = watch_again(sockets, mira, battle)
        tap.say(text)
        assert tap.wait_closed() == 1009


def test_a_binary_frame_closes(new_player: NewPlayer, sockets: Taps) -> None:
    tap = watch(sockets, new_player("Mira"), make_battle())
    tap.connection.send(b"\x00\x01")
    assert tap.wait_closed() == 1003


def test_garbage_is_answered_and_the_socket_stays_open(
    new_player: NewPlayer, sockets: Taps
) -> None:
    tap = watch(sockets, new_player("Mira"), make_battle())
    kinds = [
        *("", "hello", "[]", "null", "NaN", '{"type"', "\x00", FACE, "[" * 5000, '"\\ud800"'),
        *("{}", '{"type": "nonsense"}', '{"type": null}', '{"type": "$connect"}'),
        *('{"type": "attack"}', '{"type": "attack", "enemy_id": "x"}', '{"type": "chat"}'),
        *('{"type": "resume"}', '{"type": "resume", "last_seq": -1}', '{"text": "hello"}'),
    ]
    rounds = 50
    for number in range(rounds):
        for garbage in kinds:
            tap.say(garbage)
        tap.wait_for("error", (number + 1) * len(kinds))
    assert tap.ping()["seq"] == 0
    assert len(tap.of("error")) == rounds * len(kinds)
    assert all(error["detail"] for error in tap.of("error"))


# --- events ---


def test_two_see_each_others_blows_in_the_same_order(new_player: NewPlayer, sockets: Taps) -> None:
    battle = make_battle()
    people = [new_player("Mira"), new_player("Otto")]
    enemy, _ = (arm(who, battle) for who in people)
    taps = [watch(sockets, who, battle) for who in people]
    before = len(stored(battle))
    for _ in range(5):
        for tap in taps:
            tap.say({"type": "attack", "enemy_id": enemy, "damage": 9999, "timestamp": 1})
        body = {"enemy_id": enemy, "attack_type": "quick"}
        assert people[0].post(f"/api/battles/{battle}/attack", body).status == 200
    for tap in taps:
        tap.wait_for("attack", 15)
        assert seen(tap) == stored(battle)[before:]
    attacks = [tap.of("attack") for tap in taps]
    assert attacks[0] == attacks[1]
    left = [one["enemy_hp_remaining"] for one in attacks[0]]
    assert left == sorted(left, reverse=True)
    assert all(0 < one["damage"] < 9999 for one in attacks[0])
    assert len({one["username"] for one in attacks[0]}) == 2


def test_chat_is_escaped_and_for_participants(new_player: NewPlayer, sockets: Taps) -> None:
    battle, mira = make_battle(), new_player("Mira")
    arm(mira, battle)
    tap, guest = watch(sockets, mira, battle), watch(sockets, new_player("Guest"), battle)
    guest.say({"type": "chat", "message": "hello"})
    guest.say({"type": "attack", "enemy_id": 1})
    guest.wait_for("error", 2)
    tap.say({"type": "chat", "message": " <b>&\"' "})
    for one in (tap, guest):
        told = one.wait_for("chat")
        assert told["message"] == "&lt;b&gt;&amp;&quot;&#39;"
        assert told["username"] == told["player_name"]


def test_a_blow_whose_socket_is_cut_counts_once(new_player: NewPlayer, sockets: Taps) -> None:
    battle, mira, otto = make_battle(), new_player("Mira"), new_player("Otto")
    enemy = arm(mira, battle)
    tap, watching = watch(sockets, mira, battle), watch(sockets, otto, battle)
    last, epoch = tap.ping()["seq"], tap.of("connected")[0]["epoch"]
    tap.say({"type": "attack", "enemy_id": enemy})
    tap.cut()  # the gateway may say so before it hands the blow over: then nobody struck
    again = watch_again(sockets, mira, battle)
    again.say({"type": "resume", "last_seq": last, "epoch": epoch})
    assert again.wait_for("resumed")["to_seq"] in (last, last + 1)
    until(30, lambda: seen(again) == stored(battle)[last:])
    again.say({"type": "attack", "enemy_id": enemy})
    until(30, lambda: len(stored(battle)) > last and seen(again) == stored(battle)[last:])
    blows = [(last + 1, "attack"), (last + 2, "attack")]
    assert stored(battle)[last:] in (blows, blows[:1])
    told = [event for event in seen(watching) if event[0] > last]
    assert told == blows[: len(told)], "once each, also for who watches"


def test_the_address_asks_for_what_was_missed(new_player: NewPlayer, sockets: Taps) -> None:
    battle, mira = make_battle(), new_player("Mira")
    tap = watch(sockets, mira, battle)
    epoch = tap.of("connected")[0]["epoch"]
    tap.cut()
    arm(mira, battle)
    query = f"token={token(mira)}&last_seq=0&epoch={epoch}"
    again = sockets.open(f"/ws/battle/{battle}?{query}")
    assert again.wait_for("resumed")["to_seq"] == len(stored(battle))
    assert seen(again) == stored(battle) != []


def test_a_lost_last_event_is_noticed_by_a_ping(new_player: NewPlayer, sockets: Taps) -> None:
    battle = make_battle()
    tap = watch(sockets, new_player("Mira"), battle)
    room = f"battle:{battle}"
    part = "select bool_and(is_live) from live.connections where room = %s"
    until(30, lambda: bool(db.fetch_value(part, (room,))))
    with db.transaction():  # an event that a sender took, and then was lost
        db.query("update live.senders set claimed_seq = 1, sent_seq = 1 where room = %s", (room,))
        db.query("select live.append(%s, 'player_resurrected', '{}')", (room,))
    pong = tap.ping()
    assert (pong["seq"], seen(tap)) == (1, [])
    tap.say({"type": "resume", "last_seq": 0, "epoch": pong["epoch"]})
    tap.wait_for("resumed")
    assert seen(tap) == [(1, "player_resurrected")]


def test_another_epoch_gives_a_snapshot(new_player: NewPlayer, sockets: Taps) -> None:
    battle, mira = make_battle(), new_player("Mira")
    arm(mira, battle)
    tap = watch(sockets, mira, battle)
    tap.say({"type": "resume", "last_seq": 0, "epoch": "before the backup"})
    snapshot = tap.wait_for("snapshot")
    assert snapshot["battle"] == mira.get(f"/api/battles/{battle}").json
    assert (snapshot["seq"], snapshot["epoch"]) == (len(stored(battle)), tap.ping()["epoch"])
    assert seen(tap) == []


# --- presence ---


def test_users_leave_and_not_their_tabs(new_player: NewPlayer, sockets: Taps) -> None:
    battle, mira, otto = make_battle(), new_player("Mira"), new_player("Otto")
    tap = watch(sockets, mira, battle)
    first, second = (see(sockets, otto, battle) for see in (watch, watch_again))
    assert second.of("connected")[0]["player_count"] == 2
    name = tap.wait_for("player_joined", 2)["username"]
    first.close()
    time.sleep(7)
    second.close()
    third = watch_again(sockets, otto, battle)
    time.sleep(7)
    tap.ping()
    assert (tap.of("player_left"), len(tap.of("player_joined"))) == ([], 2)
    closed = time.monotonic()
    third.close()
    left = tap.wait_for("player_left")
    assert time.monotonic() - closed > 4
    assert (left["username"], left["player_name"], left["player_count"]) == (name, name, 1)
    assert [one["level"] for one in left["players"]] == [1]


def test_a_log_out_and_a_ban_close_sockets(
    stack: Any, http: Wire, new_player: NewPlayer, sockets: Taps
) -> None:
    battle = make_battle()
    people = [new_player(name) for name in ("Leaver", "Banned", "Stays")]
    taps = [watch(sockets, who, battle) for who in people]
    leaver, banned, _ = (player_id(who) for who in people)
    db.query("update accounts.users set token_version = token_version + 1 where id = %s", (leaver,))
    db.query("update accounts.users set is_active = false where id = %s", (banned,))
    sweep(stack)
    for tap in taps[:2]:
        tap.wait_closed()
        assert (tap.frames[-1]["type"], tap.frames[-1]["closing"]) == ("error", True)
    taps[2].ping()
    assert taps[2].of("error") == []


def test_who_is_signed_out_or_banned_over_http_is_not_waited_for(
    new_player: NewPlayer, sockets: Taps
) -> None:
    battle = make_battle()
    leaver, banned, admin = (new_player(name) for name in ("Leaver", "Banned", "Admin"))
    db.query("update accounts.users set role = 'admin' where id = %s", (player_id(admin),))
    taps = [watch(sockets, who, battle) for who in (leaver, banned, admin)]
    ids = [player_id(who) for who in (leaver, banned)]
    answers = [
        admin.post(f"/api/admin/users/{ids[0]}/logout", {"reason": "lost"}),
        admin.call("PATCH", f"/api/admin/users/{ids[1]}", {"is_active": False, "reason": "x"}),
    ]
    assert [one.status for one in answers] == [200, 200]
    for tap in taps[:2]:
        tap.wait_closed()
        assert (tap.frames[-1]["type"], tap.frames[-1]["closing"]) == ("error", True)
    taps[2].ping()


# --- the tavern ---


def enter(sockets: Taps, who: Online) -> Tap:
    tap = sockets.open(f"/ws/chat?token={token(who)}")
    tap.wait_for("online_count")
    return tap


def test_the_tavern(new_player: NewPlayer, sockets: Taps) -> None:
    people = [new_player("Mira"), new_player("Otto")]
    mira, otto = (enter(sockets, who) for who in people)
    mira.wait_for("online_count", count=2)
    text = f"<b>hello</b> {secrets.token_hex(4)}"
    mira.say({"text": f" {text} ", "userId": "1", "username": "Otto"})
    mira.say({"text": "   "})
    mira.say({"text": "x" * 501})
    mira.say({"type": "attack", "enemy_id": 1})
    mira.wait_for("error", 2)
    told = [one.wait_for("message", text=text) for one in (mira, otto)]
    assert told[0] == told[1]
    assert told[0]["userId"] == str(player_id(people[0]))
    name = told[0]["username"]
    entered = otto.wait_for("system", text=f"{name} has entered the tavern")
    assert entered["id"]
    assert entered["message"] == entered["text"]
    db.query("select game.post_system_message(n::text) from generate_series(1, 120) as n")
    late = enter(sockets, new_player("Late"))
    replayed = [f["id"] for f in late.frames if f["type"] in ("message", "system")][:100]
    assert len(replayed) == 100
    assert replayed == sorted(replayed)
    first = next(n for n, f in enumerate(late.frames) if f["type"] == "online_count")
    assert [f["type"] for f in late.frames[:first]].count("system") >= 100
    otto.close()
    mira.wait_for("online_count", count=3)


def test_a_deletion_is_told(new_player: NewPlayer, sockets: Taps) -> None:
    mira, ada = new_player("Mira"), new_player("Ada")
    db.query("update accounts.users set role = 'admin' where id = %s", (player_id(ada),))
    panel = tokens.issue("panel", player_id(ada), "ada@example.org", 0)
    sessions.store_session(panel, player_id(ada), 0)
    tap = enter(sockets, mira)
    text = secrets.token_hex(4)
    tap.say({"text": text})
    message = tap.wait_for("message", text=text)
    url = f"/api/chat/messages/{message['id']}"
    headers = {"Authorization": f"Bearer {panel}", "Content-Type": "application/json"}
    deleted = ada.call("DELETE", url, {"reason": "rude"}, headers)
    assert deleted.status == 200, deleted.text
    assert tap.wait_for("message_deleted")["id"] == message["id"]
    assert message["id"] not in [f.get("id") for f in enter(sockets, ada).frames]


def test_no_log_holds_a_token_or_a_ticket(
    stack: Any, database: Any, new_player: NewPlayer, sockets: Taps
) -> None:
    mira, battle = new_player("Mira"), make_battle()
    ticket = tickets.issue(f"battle:{battle}", player_id(mira), 0)
    sockets.open(f"/ws/battle/{battle}?ticket={ticket}").wait_for("connected")
    for path in (f"/ws/battle/{battle}?ticket={ticket}", f"/ws/nowhere?ticket={ticket}"):
        assert sockets.knock(path) in (401, 404)
    told = stack.journal.file
    until(30, lambda: told.read_text().count("live.refused status=401") > 0)
    assert find_in_logs(stack, database, ["eyJ", ticket]) == []
