"""The peer: an attack of the web game with FastAPI, Mangum and SQLAlchemy 2, written to be fast.

The same rules, rows and answer, correct however many strike at once: the player's row is locked,
then the battle's. It does less: no Idempotency-Key, no phases of a boss, no end of a battle.
Chosen: Core rather than the ORM, two reads where one join does for several, the ways to strike kept
in memory, one connection kept warm by the pool and not pinged.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from mangum import Mangum
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel
from sqlalchemy import Connection, column, create_engine, func, insert, select, table, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from functions.shared import tokens
from functions.shared.secrets import get_secrets

REGEN_PERCENT, REGEN_SECONDS = 0.1, 10

engine = create_engine(
    "postgresql+psycopg://",
    pool_size=1,
    max_overflow=0,
    connect_args={
        **conninfo_to_dict(os.environ["DATABASE_URL"]),
        "connect_timeout": 2,
        "prepare_threshold": 2,
    },
)


def _table(name: str, columns: str, schema: str = "game", json: str = "") -> Any:
    texts = [column(one) for one in columns.split()]
    return table(name, *texts, *[column(one, JSONB) for one in json.split()], schema=schema)


users = _table("users", "id token_version is_active deleted_at", "accounts")
players = _table(
    "players",
    "user_id username level base_attack stamina stamina_max stamina_rest stamina_anchor",
)
buffs = _table("buffs", "player_id buff_type effect_value expires_at")
equipment = _table("equipment", "player_id set_type item_id")
items = _table("items", "id attack_bonus")
pet_slots = _table("pet_slots", "player_id set_type pet_id")
pets = _table("pets", "id focus level first_attack")
focuses = _table("pet_focuses", "focus attack attack_tenths")
ways = _table("attack_types", "attack_type stamina_cost factor_tenths critical_percent")
battles = _table("battles", "id status last_attack_at")
enemies = _table("battle_enemies", "id battle_id name hp_current defense")
members = _table("participants", "id battle_id player_id is_dead total_damage_dealt attacks_count")
rolls = _table("rolls", "player_id kind reference drawn result", json="chance")
rooms = _table("rooms", "room head_seq last_event_at", "live")
events = _table("events", "room seq occurred_at type", "live", json="payload")

ATTACK_OF_ITEMS = (
    select(func.coalesce(func.sum(items.c.attack_bonus), 0))
    .select_from(equipment.join(items, items.c.id == equipment.c.item_id))
    .where(equipment.c.set_type == "attack", equipment.c.player_id == players.c.user_id)
    .scalar_subquery()
)
GROWTH = focuses.c.attack_tenths * (pets.c.level - 1) / 10
ATTACK_OF_PETS = (
    select(
        func.coalesce(func.sum(func.coalesce(pets.c.first_attack, focuses.c.attack) + GROWTH), 0)
    )
    .select_from(
        pet_slots.join(pets, pets.c.id == pet_slots.c.pet_id).join(
            focuses, focuses.c.focus == pets.c.focus
        )
    )
    .where(pet_slots.c.set_type == "attack", pet_slots.c.player_id == players.c.user_id)
    .scalar_subquery()
)
with engine.connect() as opened:
    WAYS = {one.attack_type: one for one in opened.execute(select(ways))}


class Attack(BaseModel):
    enemy_id: int
    attack_type: Literal["quick", "normal", "power", "critical", "ultimate"] = "normal"


class Attacked(BaseModel):
    success: bool = True
    damage: int
    is_critical: bool
    enemy_id: int
    enemy_hp_remaining: int
    enemy_defeated: bool
    battle_completed: bool = False
    attack_type: str
    stamina_cost: int
    stamina_remaining: int
    error: str | None = None


app = FastAPI(openapi_url=None)
KEYS = tokens._keys(get_secrets())


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"detail": error.errors()}, 422)


async def identify(
    sent: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> dict[str, Any]:
    """The claims of a token."""
    try:
        key = KEYS[jwt.get_unverified_header(sent.credentials)["kid"]]
        claims: dict[str, Any] = jwt.decode(sent.credentials, key, ["HS256"], audience="game")
    except (jwt.InvalidTokenError, KeyError):
        raise HTTPException(401, "Could not validate credentials") from None
    return claims


@app.post("/api/battles/{battle_id}/attack")
async def attack(
    battle_id: int, sent: Attack, claims: Annotated[dict[str, Any], Depends(identify)]
) -> Attacked:
    # Blocks the loop, which in Lambda has nothing else to do: a thread would only cost.
    with engine.begin() as connection:
        player = load_player(connection, int(claims["sub"]), claims["ver"])
        return strike(connection, player, battle_id, sent)


def load_player(connection: Connection, user_id: int, version: int) -> dict[str, Any]:
    """The player, locked, with stamina and power as of now."""
    user = connection.execute(
        select(users.c.token_version, users.c.is_active).where(
            users.c.id == user_id, users.c.deleted_at.is_(None)
        )
    ).one_or_none()
    if user is None or user.token_version != version:
        raise HTTPException(401, "Could not validate credentials")
    if not user.is_active:
        raise HTTPException(403, "Inactive user")
    row = connection.execute(
        select(players, (ATTACK_OF_ITEMS + ATTACK_OF_PETS).label("worn_attack"))
        .where(players.c.user_id == user_id)
        .with_for_update(of=players)
    ).one()
    boosts = {
        one.buff_type: one
        for one in connection.execute(select(buffs).where(buffs.c.player_id == user_id))
    }
    now = datetime.now(UTC)
    boost = boosts.get("attack_boost")
    factor = boost.effect_value if boost and boost.expires_at > now else 1
    power = (row.base_attack + row.worn_attack) * factor
    return {**row._mapping, **regenerate(row, boosts, now), "power": int(power)}


def regenerate(row: Any, boosts: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What time has earned, under a boost that is on."""
    boost = boosts.get("stamina_boost")
    most = row.stamina_max
    if boost and boost.expires_at > now:
        most = max(most, boost.effect_value)
    ticks = int((now - row.stamina_anchor).total_seconds() // REGEN_SECONDS)
    if ticks <= 0:
        return {}
    thousandths = int(ticks * most * REGEN_PERCENT * 1000) + row.stamina_rest
    return {
        "stamina": min(most, row.stamina + thousandths // 1000),
        "stamina_rest": thousandths % 1000,
        "stamina_anchor": row.stamina_anchor + timedelta(seconds=ticks * REGEN_SECONDS),
    }


def strike(
    connection: Connection, player: dict[str, Any], battle_id: int, sent: Attack
) -> Attacked:
    """Locks the battle, looks whether the blow counts, and stores it."""
    battle = connection.execute(
        select(battles.c.status).where(battles.c.id == battle_id).with_for_update()
    ).one_or_none()
    if battle is None:
        raise HTTPException(404, "Battle not found")
    enemy = connection.execute(
        select(enemies, members.c.id.label("member_id"), members.c.is_dead)
        .select_from(
            enemies.outerjoin(
                members,
                (members.c.battle_id == enemies.c.battle_id)
                & (members.c.player_id == player["user_id"]),
            )
        )
        .where(enemies.c.battle_id == battle_id, enemies.c.id == sent.enemy_id)
    ).one_or_none()
    check(battle, enemy, player, WAYS[sent.attack_type])
    assert enemy
    blow, drawn = draw(player, enemy, WAYS[sent.attack_type])
    store(connection, player, battle_id, enemy, blow)
    keep = {"player_id": player["user_id"], "reference": battle_id}
    connection.execute(insert(rolls), [keep | one for one in drawn])
    return blow


def draw(player: dict[str, Any], enemy: Any, way: Any) -> tuple[Attacked, list[dict[str, Any]]]:
    """What a blow does, and the draws that decided it."""
    draws = [secrets.randbits(32), secrets.randbits(32)]
    is_critical = draws[0] * 100 >> 32 < way.critical_percent
    base = max(player["power"] - enemy.defense // 2, 1) * (2 if is_critical else 1)
    most_drawn = 2**32 - 1
    least, damage, most = (
        max(base * (9 * most_drawn + 2 * one) // (10 * most_drawn) * way.factor_tenths // 10, 1)
        for one in (0, draws[1], most_drawn)
    )
    hp = max(enemy.hp_current - damage, 0)
    blow = Attacked(
        damage=damage,
        is_critical=is_critical,
        enemy_id=enemy.id,
        enemy_hp_remaining=hp,
        enemy_defeated=hp == 0,
        attack_type=way.attack_type,
        stamina_cost=way.stamina_cost,
        stamina_remaining=player["stamina"] - way.stamina_cost,
    )
    odds = {"critical": way.critical_percent, "plain": 100 - way.critical_percent}
    said = "critical" if is_critical else "plain"
    return blow, [
        {"kind": "critical", "chance": odds, "drawn": draws[0], "result": said},
        {
            "kind": "damage",
            "chance": {"from": least, "to": most},
            "drawn": draws[1],
            "result": str(damage),
        },
    ]


def check(battle: Any, enemy: Any, player: dict[str, Any], way: Any) -> None:
    """Raises for a blow that does not count."""
    if enemy is None:
        raise HTTPException(400, "Enemy not found")
    if enemy.hp_current == 0:
        raise HTTPException(400, "Enemy already defeated")
    if battle.status != "in_progress":
        raise HTTPException(400, "Battle not in progress")
    if enemy.member_id is None or enemy.is_dead:
        raise HTTPException(400, "Not in this battle")
    if player["stamina"] < way.stamina_cost:
        need, has = way.stamina_cost, player["stamina"]
        raise HTTPException(400, f"Not enough stamina! Need {need}, have {has}")


def store(
    connection: Connection, player: dict[str, Any], battle_id: int, enemy: Any, result: Attacked
) -> None:
    """Writes the rows of a blow, and appends it to the battle's room."""
    now = datetime.now(UTC)
    connection.execute(
        update(enemies).where(enemies.c.id == enemy.id).values(hp_current=result.enemy_hp_remaining)
    )
    connection.execute(
        update(members)
        .where(members.c.id == enemy.member_id)
        .values(
            total_damage_dealt=members.c.total_damage_dealt + result.damage,
            attacks_count=members.c.attacks_count + 1,
        )
    )
    connection.execute(
        update(players)
        .where(players.c.user_id == player["user_id"])
        .values(
            stamina=result.stamina_remaining,
            stamina_rest=player["stamina_rest"],
            stamina_anchor=player["stamina_anchor"],
        )
    )
    connection.execute(update(battles).where(battles.c.id == battle_id).values(last_attack_at=now))
    room = f"battle:{battle_id}"
    made = upsert(rooms).values(room=room, head_seq=1)
    seq = connection.execute(
        made.on_conflict_do_update(
            index_elements=["room"],
            set_={"head_seq": rooms.c.head_seq + 1, "last_event_at": now},
        ).returning(column("head_seq"))
    ).scalar_one()
    payload = {
        "player_name": player["username"],
        "username": player["username"],
        "userId": player["user_id"],
        "player_level": player["level"],
        "enemy_name": enemy.name,
        "timestamp": now.isoformat(),
        **result.model_dump(exclude={"success", "error", "stamina_cost", "stamina_remaining"}),
    }
    connection.execute(
        insert(events).values(room=room, seq=seq, occurred_at=now, type="attack", payload=payload)
    )


handler = Mangum(app, lifespan="off")

if __name__ == "__main__":
    from tests.benchmarks import callee

    callee.serve(handler)
