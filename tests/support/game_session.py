"""The worked session of the web game's contract (game.md 7), request by request.

It runs in process with draws that are known, and over the deployed stack with any. An operation
that has two paths is called by either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from tests.support.battles import events
from tests.support.client import Answered

REGISTRATION = {
    "email": "mira@example.com",
    "password": "copper-kettle-9",
    "username": "Mira_K",
}
CROSSBOW = {
    "id": "crossbow-1",
    "name": "Oak Crossbow",
    "type": "WEAPON",
    "rarity": "COMMON",
    "level": 1,
    "price": 90,
    "gem_price": None,
    "description": "Slow, but it never misses twice.",
    "icon": "Icon17.png",
    "stats": {"attack": 14, "defense": 0, "hp": 0},
}
FURY = {
    "id": "fury-10",
    "name": "Draught of Fury",
    "type": "CONSUMABLE",
    "rarity": "LEGENDARY",
    "level": 1,
    "price": 300,
    "gem_price": 50,
    "description": "Ten times the strength, for five minutes.",
    "icon": "Icon10.png",
    "potion_type": "ATTACK_BOOST",
    "effect_value": 10,
    "duration": 300,
}
SLOTS = ("weapon", "helmet", "armor", "boots", "gloves", "ring", "ring2", "amulet")


class Caller(Protocol):
    """Sends requests with a player's token: in process or over HTTP."""

    def get(self, url: str) -> Answered: ...

    def post(self, url: str, body: Any = None) -> Answered: ...


@dataclass(frozen=True)
class Style:
    """Which of an operation's two paths is called, and how it ends.

    A slow session regenerates: by 10 points for each of up to so many ticks.
    """

    is_seed: bool = False
    slash: str = ""
    ticks: int = 0

    def check_stamina(self, found: int, least: int) -> None:
        """Whether stamina is what was left, or as many ticks more."""
        assert found in range(least, min(least + 10 * self.ticks, 100) + 1, 10)

    def url(self, operation: str, id_: int | str) -> str:
        """The URL of an operation on something: POST /api/battles/attack/{id} and its like."""
        place, _, verb = operation.rpartition("/")
        if place == "/api/battles" and not self.is_seed:
            return f"{place}/{id_}/{verb}{self.slash}"
        return f"{place}/{verb}/{id_}{self.slash}"


def register(caller: Caller, slash: str = "", **changes: Any) -> dict[str, str]:
    """The headers of a player who registered."""
    answered = caller.post(f"/api/auth/register{slash}", REGISTRATION | changes)
    assert answered.status == 201, answered.text
    assert answered.json.keys() == {"access_token", "token_type"}
    assert answered.json["token_type"] == "bearer"
    token = answered.json["access_token"]
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def expect(answered: Any, status: int, body: dict[str, Any]) -> Any:
    """Checks the answer, and that it holds at least these fields."""
    assert answered.status == status, answered.text
    assert answered.json | body == answered.json
    return answered.json


def go_shopping(mira: Caller, name: str, style: Style) -> tuple[int, int]:
    """The first half of the session; the ids of the crossbow and of the potion."""
    me = mira.get(f"/api/player/me{style.slash}?_=1").json
    expected = {
        "username": name,
        **{"level": 1, "exp": 0, "exp_max": 100, "total_exp": 0, "gold": 1000, "gems": 0},
        **{"stamina": 100, "stamina_max": 100, "base_attack": 10, "base_defense": 10},
        **{"base_hp": 100, "unspent_stat_points": 0, "active_buffs": []},
    }
    dates = ("created_at", "updated_at")
    assert me == expected | {
        "id": me["id"],
        "user_id": me["id"],
        **{name: me[name] for name in dates},
    }
    assert all(me[name].endswith("Z") for name in dates)
    sold = mira.get(f"/api/shop/items{style.slash}").json
    assert CROSSBOW in sold["equipment"]
    assert FURY in sold["potions"]
    path = f"/api/shop/purchase{style.slash}"
    bought = mira.post(path, {"item_id": "crossbow-1", "currency": "gold"})
    crossbow = bought.json["item_id"]
    assert bought.json == {
        **{"success": True, "message": "Purchased Oak Crossbow!", "item_id": crossbow},
        **{"item_name": "Oak Crossbow", "gold_remaining": 910, "gems_remaining": 0},
    }
    expect(
        mira.post(path, {"item_id": "fury-10", "currency": "gems"}),
        400,
        {"detail": "Insufficient gems (need 50, have 0)"},
    )
    expect(
        mira.post(path, {"item_id": "crossbow-1", "use_gems": True}),
        400,
        {"detail": "Item cannot be bought with gems"},
    )
    bought = mira.post(path, {"item_id": "fury-10", "currency": "gold"})
    potion = bought.json["item_id"]
    assert bought.json == {
        **{"success": True, "message": "Purchased Draught of Fury!", "item_id": potion},
        **{"item_name": "Draught of Fury", "gold_remaining": 610, "gems_remaining": 0},
    }
    assert isinstance(crossbow, str)
    return int(crossbow), int(potion)


def arm(mira: Caller, crossbow: int, potion: int, style: Style) -> None:
    if style.is_seed:
        worn = mira.post(style.url("/api/inventory/equip", crossbow)).json
    else:
        place = {"item_id": crossbow, "slot": "weapon", "set_type": "attack"}
        worn = mira.post(f"/api/inventory/equip{style.slash}", place).json
    weapon = {
        **{"id": crossbow, "item_type": "weapon", "name": "Oak Crossbow", "rarity": "common"},
        **{"level_requirement": 1, "attack_bonus": 14, "defense_bonus": 0, "hp_bonus": 0},
        **{"quantity": 1, "icon": "Icon17.png"},
        "properties": {"description": "Slow, but it never misses twice."},
    }
    assert worn == {
        "message": "Item equipped successfully",
        "equipment_set": {
            **{"id": worn["equipment_set"]["id"], "set_type": "attack"},
            **dict.fromkeys(SLOTS),
            "weapon": weapon,
        },
        "stats": {"attack": 14, "defense": 0, "hp": 0},
    }
    used = mira.post(f"/api/inventory/use-potion/{potion}{style.slash}").json
    assert used["message"] == "Your blows hit 10 times as hard for 5 minutes."
    assert (used["success"], used["remaining_quantity"]) == (True, 0)
    buff = used["buff_applied"]
    assert (
        buff.items()
        >= {**{"buff_type": "attack_boost", "effect_value": 10, "source": "potion"}}.items()
    )


def enter(mira: Caller, battle: int, name: str, style: Style) -> list[int]:
    """Joins; the ids of goblin, orc and troll."""
    joined = mira.post(f"/api/battles/join/{battle}{style.slash}").json
    participant = joined["participant_id"]
    assert joined == {
        **{"success": True, "message": "Joined battle successfully"},
        **{"battle_id": battle, "participant_id": participant},
    }
    found = mira.get(f"/api/battles/{battle}{style.slash}").json
    assert {name: found[name] for name in found if name not in ("enemies", "participants")} == {
        **{"id": battle, "name": "Easy Battle - Wave 1", "difficulty": "easy", "wave_number": 1},
        **{"status": "in_progress", "required_level": 1, "stamina_cost": 0, "max_players": 10},
        **{"current_players": 1, "gold_reward": 100, "exp_reward": 50},
        **{"is_boss_raid": False, "battle_type": "standard"},
    }
    fields = ("type", "level", "hp_current", "hp_max", "attack", "defense", "is_defeated")
    assert [tuple(enemy[name] for name in fields) for enemy in found["enemies"]] == [
        ("GOBLIN", 1, 150, 150, 12, 5, False),
        ("ORC", 1, 195, 195, 16, 7, False),
        ("TROLL", 1, 300, 300, 13, 9, False),
    ]
    assert found["participants"] == [
        {
            **{"id": participant, "player_id": mira.get("/api/player/me").json["id"]},
            **{"username": name, "level": 1, "total_damage_dealt": 0, "is_dead": False},
        }
    ]
    return [enemy["id"] for enemy in found["enemies"]]


def check_damage(blow: dict[str, Any], plain: tuple[int, int], critical: tuple[int, int]) -> None:
    low, high = critical if blow["is_critical"] else plain
    assert low <= blow["damage"] <= high


def fight(mira: Caller, battle: int, ids: list[int], name: str, style: Style) -> int:
    """Strikes all three enemies; the damage of all blows."""
    goblin, orc, troll = ids
    path = style.url("/api/battles/attack", battle)
    first = mira.post(path, {"enemy_id": goblin, "attack_type": "normal"}).json
    assert first == {
        **{"success": True, "damage": first["damage"], "enemy_id": goblin},
        "is_critical": first["is_critical"],
        **{"enemy_hp_remaining": 0, "enemy_defeated": True, "battle_completed": False},
        **{"attack_type": "normal", "stamina_cost": 10, "error": None},
        "stamina_remaining": first["stamina_remaining"],
    }
    style.check_stamina(first["stamina_remaining"], 90)
    check_damage(first, (214, 261), (428, 523))
    expect(
        mira.post(path, {"enemy_id": goblin, "attack_type": "normal"}),
        400,
        {"detail": "Enemy already defeated"},
    )
    second = expect(
        mira.post(f"/api/battles/attack/{battle}{style.slash}", {"enemy_id": orc}),
        200,
        {
            **{"enemy_id": orc, "enemy_defeated": True, "battle_completed": False},
            **{"attack_type": "normal", "stamina_cost": 10},
        },
    )
    style.check_stamina(second["stamina_remaining"], 80)
    check_damage(second, (213, 260), (426, 521))
    third = expect(
        mira.post(path, {"enemy_id": troll, "attack_type": "power", "damage": 999999}),
        200,
        {
            **{"enemy_id": troll, "enemy_defeated": True, "battle_completed": True},
            **{"attack_type": "power", "stamina_cost": 20},
        },
    )
    style.check_stamina(third["stamina_remaining"], 60)
    check_damage(third, (318, 388), (636, 778))
    (_, blow), (_, defeat), (_, end) = events(battle)[-3:]
    assert (
        blow.items()
        >= {
            **{"player_name": name, "username": name, "player_level": 1, "enemy_id": troll},
            **{"damage": third["damage"], "enemy_hp_remaining": 0},
            "is_critical": third["is_critical"],
            **{"enemy_defeated": True, "battle_completed": True, "attack_type": "power"},
        }.items()
    )
    assert blow["timestamp"].endswith("Z")
    assert defeat.items() >= {"enemy_id": troll, "defeated_by": name}.items()
    assert end == {"battle_id": battle, "message": "All enemies are down. Claim your loot!"}
    return int(first["damage"] + second["damage"] + third["damage"])


def loot(mira: Caller, battle: int, style: Style) -> list[dict[str, Any]]:
    """Claims; the items that dropped."""
    path = style.url("/api/battles/claim-loot", battle)
    claimed = mira.post(path).json
    items: list[dict[str, Any]] = claimed["items"]
    assert claimed == {
        **{"success": True, "gold": 120, "xp": 60, "items": items, "contribution_percent": 100.0},
        "level_up_info": {
            **{"leveled_up": False, "old_level": 1, "new_level": 1, "levels_gained": 0},
            **{"stat_points_earned": 0, "total_xp": 60, "xp_gained": 60},
        },
        "error": None,
    }
    assert all(item.keys() == {"id", "name", "type", "rarity"} for item in items)
    expect(mira.post(path), 400, {"detail": "Already claimed loot"})
    return items


def look_back(
    mira: Caller, battle: int, damage: int, items: list[dict[str, Any]], style: Style
) -> None:
    """The end of the session: what is left, and the history."""
    me = mira.get("/api/player/me").json
    assert (me["level"], me["exp"], me["exp_max"]) == (1, 60, 100)
    assert me["gold"] == 730
    style.check_stamina(me["stamina"], 60)
    assert [one["buff_type"] for one in me["active_buffs"]] == ["attack_boost"]
    history = f"/api/battles/history{'' if style.is_seed else '/me'}{style.slash}"
    [past] = mira.get(f"{history}?limit=50").json
    assert past == {
        **{"id": past["id"], "player_id": me["id"], "total_damage_dealt": damage},
        **{"attacks_count": 3, "has_claimed_loot": True, "joined_at": past["joined_at"]},
        **{"battle_id": battle, "battle_name": "Easy Battle - Wave 1", "status": "completed"},
        "rewards": {"gold": 120, "xp": 60, "items": items, "contribution_percent": 100.0},
        "claimed_at": past["claimed_at"],
    }
    assert past["joined_at"] <= past["claimed_at"]
