"""Battles as rooms: whoever is signed in may watch, participants may strike and chat."""

from __future__ import annotations

from collections.abc import Sequence

from functions.game import attacks, calls, chat
from functions.live.connections import Connection, Seat
from functions.live.kinds import Command, Frame, Greeting, Kind, Presence
from functions.shared import db, tokens
from functions.shared.errors import NotFound, Problem
from functions.shared.fields import RequestModel
from functions.shared.roles import check

_REPLAYED = 100  # messages that a new socket is sent


class Attack(attacks.Attack):
    """A blow; the `damage` that a client says counts for nothing."""


class Words(RequestModel):
    """What a player says to a battle."""

    message: str


def admit(user: tokens.Identity, target: str) -> Seat:
    """The seat of a user at a battle; raises Unauthorized, Forbidden and NotFound."""
    battle_id = int(target) if target.isascii() and target.isdigit() and len(target) < 19 else -1
    row = check(
        db.fetch_one(
            """
            select username, is_active, level, has_battle, is_participant
            from game.admit_to_battle(%s, %s, %s)
            """,
            (user.user_id, user.version, battle_id),
        )
    )
    if not row["has_battle"]:
        raise NotFound("Battle not found")
    role = "player" if row["is_participant"] else "spectator"
    member = {"username": row["username"], "level": row["level"]}
    return Seat(f"battle:{battle_id}", role, member)


def greet(connection: Connection) -> Greeting:
    """The last messages, then `connected` with the battle as of its `seq`."""
    row = _load(connection)
    connected = {
        "type": "connected",
        "message": f"Connected to {row['battle']['name']}",
        "battle_id": row["battle"]["id"],
        "player_count": row["others"] + 1,
        "seq": row["head_seq"],
        "epoch": row["epoch"],
        "battle": row["battle"],
    }
    return Greeting([*row["messages"], connected], row["head_seq"])


def snapshot(connection: Connection) -> Greeting:
    """The battle as of its `seq`, for who missed too much."""
    row = _load(connection)
    frame = {
        "type": "snapshot",
        "seq": row["head_seq"],
        "epoch": row["epoch"],
        "battle": row["battle"],
    }
    return Greeting([frame], row["head_seq"])


def tell_presence(
    room: str, presence: Presence, member: Frame, members: Sequence[Frame], count: int
) -> list[Frame]:
    """`player_joined` or `player_left`, with who is here."""
    return [
        {
            "type": f"player_{presence}",
            "username": member["username"],
            "player_name": member["username"],
            "player_count": count,
            "players": members,
        }
    ]


def attack(connection: Connection, message: Attack) -> list[Frame]:
    """Strikes as `POST /api/battles/{id}/attack` does, with the same events."""
    battle_id = int(connection.room.partition(":")[2])
    call = calls.make_call(connection.user_id, connection.version)
    attacks.attack(call, battle_id, message.enemy_id, message.attack_type)
    return []


def say(connection: Connection, message: Words) -> list[Frame]:
    """Tells all in the battle, escaped for views that show it as HTML; only for participants."""
    call = calls.make_call(connection.user_id, connection.version)
    chat.post_message(call, connection.room, message.message)
    return []


def describe_problem(problem: Problem, ref: str | None) -> Frame:
    """`error`, to the sender alone."""
    return {"type": "error", "detail": problem.message}


def _load(connection: Connection) -> db.Row:
    row = db.fetch_one(
        "select battle, messages, head_seq, epoch, others from game.greet_to_battle(%s, %s, %s)",
        (int(connection.room.partition(":")[2]), connection.user_id, _REPLAYED),
    )
    if row is None:
        raise NotFound("Battle not found")
    return row


kind = Kind(
    name="battle",
    verify=lambda token: tokens.verify(token, "game"),
    admit=admit,
    greet=greet,
    snapshot=snapshot,
    tell_presence=tell_presence,
    describe_problem=describe_problem,
    commands={"attack": Command(Attack, attack), "chat": Command(Words, say)},
    ignored=frozenset({"enemy_defeated"}),
)
