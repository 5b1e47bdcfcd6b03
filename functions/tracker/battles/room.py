"""Battles as rooms: who may watch, what they are sent, and commands, which do what requests do."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from functions.live.connections import Connection, Seat
from functions.live.kinds import Command, Frame, Greeting, Kind, Presence, Turns, Watcher
from functions.shared import db, errors, ids, json_codec, tokens, tracker_tokens
from functions.shared.errors import Forbidden, Problem
from functions.shared.fields import RequestModel, fail_validation
from functions.tracker.battles import changes, clocks
from functions.tracker.battles.changes import Loaded, load_battles, settle_battle
from functions.tracker.battles.overdue import end_overdue, list_overdue
from functions.tracker.battles.problems import BattleNotFound
from functions.tracker.battles.requests import parse_action
from functions.tracker.calls import make_socket_call, to_value

_PING_EVERY = 240  # seconds
_MAX_REF = 64  # characters


def _printable(text: str) -> str:
    if not text.isprintable():
        fail_validation("must hold printable characters only")
    return text


class Nothing(RequestModel):
    """A message that says no more than its type."""


class BattleCommand(RequestModel):
    """An action, as a request has it, with a name of the client's own."""

    ref: Annotated[str, Field(max_length=_MAX_REF), AfterValidator(_printable)] | None = None
    body: dict[str, Any]
    if_version: Annotated[int, Field(ge=1, lt=1 << 53)] | None = None


def admit(identity: tokens.Identity, target: str) -> Seat:
    """The seat of a user at a battle; raises Unauthorized, Forbidden and NotFound."""
    battle_id = _clean(target)
    row = db.fetch_one(
        """
        select is_active, id, role, has_battle, may_read, is_player
        from tracker.admit_to_battle(%s, %s, %s::uuid, %s)
        """,
        (identity.user_id, identity.version, identity.session_id or None, battle_id),
    )
    user = tracker_tokens.check(row)
    if not user["has_battle"]:
        raise BattleNotFound(battle_id=battle_id)
    if not user["may_read"]:
        raise Forbidden("Only its players may watch this battle", required="player")
    member = {"user_id": user["id"], "is_player": user["is_player"]}
    return Seat(changes.room_of(battle_id), user["role"], member)


def _clean(target: str) -> str:
    return json_codec.replace_surrogates(target).replace("\0", "")[:64]


def greet(connection: Connection) -> Greeting:
    """`connected`, with the battle as of its `seq`."""
    loaded = settle_battle(_battle_id(connection.room))
    frame = {
        "type": "connected",
        **_describe(connection.room, loaded.battle.now),
        "role": connection.role,
        "seq": loaded.battle.state["version"],
        "epoch": loaded.epoch,
        "battle": loaded.show(),
        "server_time": json_codec.format_time(loaded.battle.now),
        "ping_every": _PING_EVERY,
    }
    return Greeting([frame], loaded.battle.state["version"])


def snapshot(connection: Connection) -> Greeting:
    """The battle as of its `seq`, for who missed too much."""
    loaded = settle_battle(_battle_id(connection.room))
    return Greeting([_make_snapshot(connection.room, loaded, "too_old")], _seq(loaded))


def _make_snapshot(room: str, loaded: Loaded, reason: str) -> Frame:
    return {
        "type": "snapshot",
        **_describe(room, loaded.battle.now),
        "seq": _seq(loaded),
        "epoch": loaded.epoch,
        "battle": loaded.show(),
        "reason": reason,
    }


def _seq(loaded: Loaded) -> int:
    return int(loaded.battle.state["version"])


def get_state(connection: Connection, _: Nothing) -> list[Frame]:
    """The battle as it is."""
    loaded = settle_battle(_battle_id(connection.room))
    return [_make_snapshot(connection.room, loaded, "requested")]


def ping(connection: Connection, _: Nothing) -> list[Frame]:
    """How far the battle is, and its clock."""
    loaded = settle_battle(_battle_id(connection.room))
    now = loaded.battle.now
    return [
        {
            "type": "pong",
            **_describe(connection.room, now),
            "server_time": json_codec.format_time(now),
            "seq": _seq(loaded),
            "epoch": loaded.epoch,
            "current_turn": clocks.show_turn(loaded.battle.state, now),
        }
    ]


def run_command(connection: Connection, command: BattleCommand) -> list[Frame]:
    """Does what a request with the same body does, with the same events; `ack` to the sender."""
    battle_id = _battle_id(connection.room)
    body = json_codec.loads(json.dumps(command.body), max_depth=32)  # as of a request
    versions = None if command.if_version is None else [command.if_version]
    change = parse_action(body, "ws", versions, command.ref)
    call = make_socket_call(
        connection.user_id, connection.version, connection.session_id, ids.sortable_id("req")
    )
    done = changes.change_battle(call, battle_id, change)
    if done.reply:
        to_value(done.reply)
    return [
        {
            "type": "ack",
            **describe_room(connection.room),
            "ref": command.ref,
            "seq": done.version,
            "version": done.version,
        }
    ]


def tell_presence(
    room: str, presence: Presence, member: Frame, members: Sequence[Frame], count: int
) -> list[Frame]:
    """`player_connected` or `player_disconnected`, of the two players alone."""
    if not member["is_player"]:
        return []
    type_ = "player_connected" if presence == "joined" else "player_disconnected"
    return [{"type": type_, **describe_room(room), "player_id": member["user_id"]}]


def describe_room(room: str) -> Frame:
    """What every message holds: which battle, and when."""
    return _describe(room, datetime.now(UTC))


def _describe(room: str, now: datetime) -> Frame:
    return {"battle_id": _battle_id(room), "timestamp": json_codec.format_time(now)}


def _battle_id(room: str) -> str:
    return room.partition(":")[2]


def describe_problem(problem: Problem, ref: str | None) -> Frame:
    """`error`, to the sender alone, as the body of an answer has it."""
    error = errors.build_body(problem, "v1", "")["error"]
    return {"type": "error", **error, "ref": ref, "closing": False}


def keep_alive(rooms: Sequence[str]) -> Mapping[str, Frame]:
    """`timer_update` without a number: what the clock shows. One round trip."""
    frames = {}
    for loaded in load_battles([_battle_id(room) for room in rooms]):
        state, now = loaded.battle.state, loaded.battle.now
        room = changes.room_of(state["id"])
        frames[room] = {
            "type": "timer_update",
            **_describe(room, now),
            "version": state["version"],
            "status": state["status"],
            "current_turn": clocks.show_turn(state, now),
            "cause": "tick",
        }
    return frames


def find_refused(watchers: Sequence[Watcher]) -> Collection[Watcher]:
    """Those who may not read the battle any more that they watch. One round trip."""
    rows = db.query(
        "select battle_id, user_id from tracker.list_refused(%s, %s)",
        (
            [_battle_id(watcher.room) for watcher in watchers],
            [watcher.user_id for watcher in watchers],
        ),
    )
    return [Watcher(changes.room_of(row["battle_id"]), row["user_id"]) for row in rows]


kind = Kind(
    name="tracker",
    verify=tracker_tokens.verify,
    admit=admit,
    greet=greet,
    snapshot=snapshot,
    tell_presence=tell_presence,
    describe_problem=describe_problem,
    commands={
        "command": Command(BattleCommand, run_command),
        "get_state": Command(Nothing, get_state),
        "ping": Command(Nothing, ping),
    },
    coalesces_presence=False,
    turns=Turns(list_overdue, end_overdue),
    messages_a_minute=120,
    bad_messages_a_minute=20,
    max_bytes=4 * 1024,
    describe_room=describe_room,
    keep_alive=keep_alive,
    knows_reconnect=True,
    find_refused=find_refused,
)
