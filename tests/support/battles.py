"""Battles of the tests, made through the store as the pool makes them."""

from __future__ import annotations

from typing import Any

from functions.shared import db
from tests.support.client import Client
from tests.support.game import change

TYPES = ("GOBLIN", "ORC", "TROLL")
MOST = 2**32 - 1  # the greatest draw


def make_battle(difficulty: str = "easy", wave: int = 1, types: tuple[str, ...] = TYPES) -> int:
    """A standard battle whose first enemies are of these types, the others goblins."""
    drawn = [0] * 20
    for number, kind in enumerate(types):
        drawn[2 * number] = TYPES.index(kind) * 2**32 // 3 + 1
    return int(
        db.fetch_value("select game.make_battle(%s, %s, %s::bigint[])", (difficulty, wave, drawn))
    )


def make_raid(difficulty: str = "epic") -> int:
    """A raid."""
    return int(db.fetch_value("select game.make_raid(%s, 0)", (difficulty,)))


def join(client: Client, battle_id: int) -> Any:
    return client.post(f"/api/battles/join/{battle_id}")


def fighters(client: Client, battle_id: int, **columns: Any) -> list[int]:
    """Joins, with columns of the player set first; the ids of the enemies."""
    if columns:
        change(client, **columns)
    assert join(client, battle_id).status == 200
    return enemies(client, battle_id)


def enemies(client: Client, battle_id: int) -> list[int]:
    return [one["id"] for one in client.get(f"/api/battles/{battle_id}").json["enemies"]]


def strike(client: Client, battle_id: int, enemy_id: Any, kind: str = "normal") -> Any:
    body = {"enemy_id": enemy_id, "attack_type": kind}
    return client.post(f"/api/battles/{battle_id}/attack", body)


def claim(client: Client, battle_id: int) -> Any:
    return client.post(f"/api/battles/{battle_id}/claim-loot")


def win(client: Client, battle_id: int) -> None:
    """Joins, and strikes until all enemies are down."""
    for enemy in fighters(client, battle_id):
        db.query("update game.battle_enemies set hp_current = 1 where id = %s", (enemy,))
        change(client, stamina=100)
        assert strike(client, battle_id, enemy).status == 200


def events(battle_id: int) -> list[tuple[str, dict[str, Any]]]:
    """What happened in a battle's room, in the order of the numbers, which have no gap."""
    rows = db.query(
        "select seq, type, payload from live.events where room = %s order by seq",
        (f"battle:{battle_id}",),
    )
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    return [(row["type"], row["payload"]) for row in rows]
